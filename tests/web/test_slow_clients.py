"""Slow clients lose their connection, and other clients are not affected."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from service.web.patience import Patience
from tests.support.service.client import Api, Options, an_api
from tests.support.service.wire import Wire, request

SERIES = "/v1/invoice-series"
PATIENCE = Patience(idle_seconds=0.4, head_seconds=0.2, body_seconds=0.2, reply_seconds=0.3)


@pytest_asyncio.fixture
async def hurried(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service that waits only a fraction of a second for a client."""
    async with an_api(database_url, tmp_path, Options(patience=PATIENCE)) as running:
        yield running


async def drip(wire: Wire, text: bytes) -> None:
    """Send the text one byte at a time, with a pause after each, until the server gives up."""
    for byte in text:
        await wire.send(bytes([byte]))
        await asyncio.sleep(0.01)


async def test_headers_that_drip_in_are_given_up_on(hurried: Api) -> None:
    async with Wire.to(hurried.base_url) as wire, asyncio.TaskGroup() as group:
        dripping = group.create_task(drip(wire, request("GET", SERIES, hurried.firm.live_key, "X: " + "x" * 500)))
        reply = await wire.reply()
        dripping.cancel()
        assert await wire.is_closed()

    assert reply.refusal == (408, "request_timeout")
    assert "head" in reply.body["error"]["message"]


async def test_a_second_request_that_drips_in_is_given_up_on_too(hurried: Api) -> None:
    async with Wire.to(hurried.base_url) as wire:
        await wire.send(request("GET", "/v1/ping"))
        assert (await wire.reply()).status == 200
        await wire.send(b"GET ")

        assert (await wire.reply()).refusal == (408, "request_timeout")
        assert await wire.is_closed()


async def test_a_body_that_does_not_come_is_given_up_on_and_changes_nothing(hurried: Api) -> None:
    for lines in (("Content-Length: 40",), ("Transfer-Encoding: chunked",)):
        async with Wire.to(hurried.base_url) as wire:
            await wire.send(request("POST", SERIES, hurried.firm.live_key, "Content-Type: application/json", *lines))
            reply = await wire.reply()

        assert reply.refusal == (408, "request_timeout")
        assert "body" in reply.body["error"]["message"]
    assert (await hurried.get("/invoice-series")).data["total"] == 0


async def test_a_connection_that_says_nothing_is_ended(hurried: Api) -> None:
    async with Wire.to(hurried.base_url) as wire:
        assert await wire.is_closed()


async def test_a_client_that_does_not_read_its_replies_is_cut_off(hurried: Api) -> None:
    """Replies fill the buffers of both sides; from then on the server waits for the client."""
    async with Wire.to(hurried.base_url) as wire:
        deadline = time.monotonic() + 20
        wire.writer.transport.set_write_buffer_limits(high=0)
        wire.pause()
        try:
            while time.monotonic() < deadline:
                await asyncio.wait_for(wire.send(request("GET", "/openapi.json") * 50), 5)
        except (ConnectionError, TimeoutError):
            return
    raise AssertionError("the server waits for ever")


async def test_others_are_answered_while_some_are_slow(hurried: Api) -> None:
    async with Wire.to(hurried.base_url) as slow:
        await slow.send(b"GET ")
        assert (await hurried.get("/invoice-series")).status == 200
