"""A NATS server that has no JetStream, or none for us: one sentence says what to change there."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.embedded.data_directory import free_port
from service.embedded.nats import find_binary, greeting_of
from service.log.memory_log import MemoryLog
from tests.support.nats.relays import grow, relaying
from tests.support.servers.parts import nats_program
from tests.support.waiting import until

USERS = "users: [{ user: u, password: p }]"
WITHOUT = {
    "server": (f"authorization {{ {USERS} }}", "this NATS server has no JetStream: start it with -js"),
    "account": (
        f'jetstream {{ store_dir: "@STORE@" }}\naccounts {{ A {{ {USERS} }} }}',
        "this NATS server has no JetStream for the account of our user: put `jetstream: enabled` into",
    ),
}


@asynccontextmanager
async def server_of(directory: Path, configuration: str) -> AsyncGenerator[str]:
    """A server with this configuration; yields its address for the user u."""
    port = free_port()
    file = directory / "nats.conf"
    file.write_text(f"host: 127.0.0.1\nport: {port}\n{configuration.replace('@STORE@', str(directory))}\n")
    binary, _ = find_binary(nats_program())
    server = await asyncio.create_subprocess_exec(binary, "--config", file, stderr=asyncio.subprocess.DEVNULL)
    try:
        await until(lambda: bool(greeting_of(port)), "a greeting")
        yield f"nats://u:p@127.0.0.1:{port}"
    finally:
        server.kill()
        await server.wait()


@pytest.mark.parametrize("where", WITHOUT)
async def test_a_nats_without_jetstream_is_said_in_a_sentence(data_dir: Path, where: str) -> None:
    configuration, sentence = WITHOUT[where]
    log = MemoryLog()
    await grow(log, 1)
    with capture_logs() as lines:
        async with server_of(data_dir, configuration) as url, relaying(log, url) as relay:
            await until(lambda: relay.status().fault is not None)
            status = relay.status()

    assert status.fault_code == "no-jetstream"
    assert (status.fault or "").startswith(sentence)
    assert [line["text"] for line in lines] == [status.fault]
