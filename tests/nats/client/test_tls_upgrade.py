# pyright: reportPrivateUsage=false
"""A connection over TLS ends without a word of asyncio, and takes no more than is read."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, cast

import pytest
import uvloop

from service.nats.client.connection import NatsSettings, connected
from service.nats.client.pipelined import PipelinedClient
from service.nats.client.tls_upgrade import TlsTransport
from tests.support.nats.secured import Secured, secured_server
from tests.support.waiting import until

Run = Callable[[Coroutine[Any, Any, None]], None]
LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
LIMIT = 100_000


def as_operator(server: Secured) -> NatsSettings:
    return NatsSettings(url=server.url, nkey_seed_file=server.seeds["operator"], tls_ca_file=server.ca_file)


@LOOPS
def test_a_server_that_ends_is_no_news_of_asyncio(data_dir: Path, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def lose() -> None:
        async with connected(as_operator(server), "test") as client:
            os.kill(server.process_id, signal.SIGTERM)
            await until(lambda: client.is_closed, "the end of the connection")

    with secured_server(data_dir) as server, caplog.at_level(logging.WARNING):
        run(lose())

    assert caplog.messages == []


@LOOPS
def test_what_nobody_reads_stays_in_the_socket(data_dir: Path, run: Run) -> None:
    async def stop_reading() -> None:
        async with connected(as_operator(server), "test") as client:
            transport = client._transport
            assert isinstance(transport, TlsTransport)
            reader = transport._io_reader
            assert reader is not None
            await end_reading(client)
            reader.feed_data(b"x" * LIMIT)

            assert reader._transport is not None  # type: ignore[attr-defined]  # typeshed leaves it out
            assert reader._paused  # type: ignore[attr-defined]

    with secured_server(data_dir) as server:
        run(stop_reading())


async def end_reading(client: PipelinedClient) -> None:
    """From now on nobody reads."""
    reading = cast("asyncio.Task[None]", client._reading_task)  # pyright: ignore[reportUnknownMemberType] - untyped
    reading.cancel()
    await asyncio.wait([reading])
