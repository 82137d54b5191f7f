"""Something between us and PostgreSQL that keeps settings from our sessions, as poolers do: no session is used."""

import asyncio
import struct
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import pytest

from projections.keeping.connections import ForeignSessionError
from projections.keeping.runner import ProjectionRunner
from service.cli.screen.operator_errors import sentence_for
from service.log.event_log import LogUnavailableError
from service.log.postgres_log import POOL_MAX, PostgresLog
from service.log.sessions import CONNECTIONS_MAX, NotOurSessionError, connected, end, open_pool
from service.wiring import READS_MAX

SSL_REQUEST = 80_877_103


@asynccontextmanager
async def pooler(database_url: str, dropped: Collection[str]) -> AsyncGenerator[str]:
    """The address of a way to PostgreSQL on which these settings of a new session are lost, without a word."""
    server = urlsplit(database_url)
    lines: set[asyncio.StreamWriter] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        packet = await startup(reader)
        if packet[:4] == struct.pack("!I", SSL_REQUEST):
            writer.write(b"N")
            packet = await startup(reader)
        words = packet[4:].rstrip(b"\0").split(b"\0")
        kept = [each for each in zip(words[::2], words[1::2], strict=True) if each[0].decode() not in dropped]
        body = packet[:4] + b"".join(b"%s\0%s\0" % each for each in kept) + b"\0"
        to_reader, to_writer = await asyncio.open_connection(server.hostname, server.port)
        lines.update({writer, to_writer})
        to_writer.write(struct.pack("!I", len(body) + 4) + body)
        await asyncio.gather(carry(to_reader, writer), carry(reader, to_writer))

    listening = await asyncio.start_server(connect, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        user = server.netloc.rpartition("@")[0]
        yield server._replace(netloc=f"{user}@127.0.0.1:{port}").geturl()
    finally:
        listening.close()
        for line in lines:
            line.close()
        await asyncio.gather(*(line.wait_closed() for line in lines), return_exceptions=True)


async def startup(reader: asyncio.StreamReader) -> bytes:
    """A packet of the start of a session, without its length."""
    (length,) = struct.unpack("!I", await reader.readexactly(4))
    return await reader.readexactly(length - 4)


@pytest.mark.parametrize(
    "dropped", [{"role"}, {"synchronous_commit"}, {"idle_in_transaction_session_timeout", "lock_timeout"}]
)
async def test_a_session_without_a_setting_is_not_used(database_url: str, dropped: set[str]) -> None:
    async with pooler(database_url, dropped) as url:
        with pytest.raises(NotOurSessionError, match=f"without {', '.join(sorted(dropped))}, which"):
            async with connected(
                url, "numbering_writer", "numbering", synchronous_commit="on", client_min_messages="warning"
            ):
                pytest.fail("it was used")
        with pytest.raises(NotOurSessionError):
            await open_pool(
                url,
                "numbering_reader",
                "numbering",
                sizes=(1, 1),
                seconds_max=5,
                synchronous_commit="on",
                client_min_messages="warning",
            )


async def test_a_way_that_loses_nothing_is_as_good_as_none(database_url: str) -> None:
    async with pooler(database_url, set()) as url:
        pool = await open_pool(url, "numbering_reader", "numbering", sizes=(1, 1), seconds_max=5)
        assert await pool.fetchval("SELECT current_user") == "numbering_reader"
        end(pool)


async def test_the_log_is_not_opened_over_it(database_url: str) -> None:
    async with pooler(database_url, {"role", "synchronous_commit"}) as url:
        with pytest.raises(LogUnavailableError) as caught:
            await PostgresLog.open(url)
    sentence = sentence_for(caught.value) or ""
    assert sentence.startswith("cannot use PostgreSQL: the session came without role, which it")
    assert sentence.endswith("connect to PostgreSQL itself; a process holds 20 connections at the most")


@pytest.mark.parametrize("dropped", [{"role"}, {"synchronous_commit"}, {"idle_in_transaction_session_timeout"}])
async def test_no_projection_is_filled_over_it(database_url: str, dropped: set[str]) -> None:
    async with pooler(database_url, dropped) as url:
        with pytest.raises(ForeignSessionError, match=f"without {', '.join(dropped)}, which"):
            await ProjectionRunner(url).catch_up()


def test_a_process_holds_no_more_connections_than_is_said() -> None:
    appender, runner_and_rebuild = 1, 3
    assert POOL_MAX + appender + READS_MAX + runner_and_rebuild == CONNECTIONS_MAX
