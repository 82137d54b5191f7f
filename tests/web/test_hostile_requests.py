"""Requests that are made to cost us more than they cost their sender: without a credential, on any path."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from itertools import product
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.service.client import Api, Options, an_api
from tests.support.service.wire import Wire, WireReply, request
from tests.support.waiting import until

SERIES = "/v1/invoice-series"
TARGETS = (
    "/healthz",
    "/v1/ping",
    "/metrics",
    "/docs",
    "/v1/nothing",
    "/",
    SERIES,
    SERIES + "/x/lock",
    "/v1/invoices/x",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE")
CHUNK = b"10000\r\n" + b" " * 65_536 + b"\r\n"
POURED_BYTES_MAX = 200_000_000
CONNECTIONS_MAX = 8


@pytest_asyncio.fixture
async def narrow(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service that takes few connections."""
    options = Options(settings={"connections_max": CONNECTIONS_MAX, "address_connections_max": CONNECTIONS_MAX})
    async with an_api(database_url, tmp_path, options) as running:
        yield running


async def answered(api: Api, sent: bytes, *, is_to_head: bool = False) -> WireReply:
    """The reply to these bytes on a connection of their own."""
    async with Wire.to(api.base_url) as wire:
        await wire.send(sent)
        return await wire.reply(is_to_head=is_to_head)


async def test_a_compressed_body_is_refused_on_every_path_whatever_the_method_and_the_caller(api: Api) -> None:
    """CONTRACT.md D82."""
    for target, method, credential in product(TARGETS, METHODS, ("", "sk_live_nobody", api.firm.live_key)):
        sent = request(method, target, credential, "Content-Encoding: gzip", "Content-Length: 0")
        reply = await answered(api, sent, is_to_head=method == "HEAD")
        assert (reply.status, reply.headers["accept-encoding"]) == (415, "identity"), (method, target)


async def test_every_encoding_of_a_body_is_refused(api: Api) -> None:
    """CONTRACT.md D82."""
    for encoding in ("x-gzip", "deflate", "br", "zstd", "GZIP", "identity, gzip", "gzip,gzip", "nonsense"):
        assert (await answered(api, request("GET", "/", "", f"Content-Encoding: {encoding}"))).status == 415
    two_lines = request("GET", "/", "", "Content-Encoding: identity", "Content-Encoding: gzip")
    assert (await answered(api, two_lines)).status == 415
    transfer = request("GET", "/healthz", "", "Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n"
    assert (await answered(api, transfer)).status == 415


async def test_the_refusal_of_a_compressed_body_says_how_to_send_it(api: Api) -> None:
    """CONTRACT.md D82."""
    reply = await answered(api, request("POST", SERIES, "", "Content-Encoding: gzip", body=gzip.compress(b"{}")))

    assert reply.refusal == (415, "unsupported_media_type")
    assert reply.body["error"]["type"] == "invalid_request_error"
    assert "Content-Encoding" in reply.body["error"]["message"]


async def test_an_encoding_that_changes_nothing_is_accepted(api: Api) -> None:
    body = b'{"name":"A","document_type":"fiscal"}'
    for at, encoding in enumerate(("identity", "Identity", "", " , identity")):
        own = body.replace(b'"A"', b'"A%d"' % at)
        reply = await answered(
            api, request("POST", SERIES, api.firm.live_key, f"Content-Encoding: {encoding}", body=own)
        )
        assert reply.status == 201, encoding


async def pour(wire: Wire, piece: bytes) -> None:
    """Send this over and over until the server ends the connection, and not more than it may at all take."""
    with suppress(ConnectionError):
        for _ in range(POURED_BYTES_MAX // len(piece)):
            await wire.send(piece)
        raise AssertionError("the server takes it for ever")


@pytest.mark.parametrize("lines", [("Content-Length: 22",), ("Transfer-Encoding: chunked",)])
async def test_no_body_is_unpacked_not_even_to_be_thrown_away(api: Api, lines: tuple[str]) -> None:
    """What is no gzip at all would break the connection, if anything tried to unpack it."""
    body = b"this is no gzip at all" if "Length" in lines[0] else b"4\r\nnone\r\n0\r\n\r\n"
    async with Wire.to(api.base_url) as wire:
        await wire.send(request("GET", "/healthz", "", "Content-Encoding: gzip", *lines) + body)
        assert (await wire.reply()).refusal == (415, "unsupported_media_type")
        await wire.send(request("GET", "/v1/ping"))
        assert (await wire.reply()).status == 200


async def test_others_are_answered_while_compressed_bodies_arrive(api: Api) -> None:
    packed = gzip.compress(b"\0" * 50_000_000)
    async with AsyncExitStack() as held, asyncio.TaskGroup() as group:
        wires = [await held.enter_async_context(Wire.to(api.base_url)) for _ in range(20)]
        for wire in wires:
            await wire.send(request("GET", "/healthz", "", "Content-Encoding: gzip", f"Content-Length: {len(packed)}"))
        pouring = [group.create_task(wire.send(packed[:-1])) for wire in wires]
        for _ in range(10):
            assert (await api.get("/ping", "")).status == 200
        await asyncio.gather(*pouring)
        assert {(await wire.reply()).status for wire in wires} == {415}


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "POST", "PURGE"])
async def test_a_body_over_the_limit_is_refused_by_its_announced_length_whoever_sends_it_where(
    api: Api, method: str
) -> None:
    """CONTRACT.md D82."""
    for target in TARGETS:
        for credential in ("", api.firm.live_key):
            reply = await answered(api, request(method, target, credential, "Content-Length: 1048577"))
            assert reply.refusal == (413, "request_too_large"), target


async def test_nobody_is_told_to_go_on_with_a_body_that_is_refused(api: Api) -> None:
    for line in ("Content-Length: 1048577", "Content-Encoding: gzip"):
        reply = await answered(api, request("POST", SERIES, api.firm.live_key, "Expect: 100-continue", line))
        assert reply.status in {413, 415}, "and not 100"


@pytest.mark.parametrize("target", ["/healthz", "/v1/nothing", SERIES])
async def test_a_body_without_an_end_is_cut_off(api: Api, target: str) -> None:
    """It is read so long that its sender sees the answer, and no longer."""
    async with Wire.to(api.base_url) as wire:
        await wire.send(request("GET", target, "", "Transfer-Encoding: chunked"))
        status = (await wire.reply()).status
        await pour(wire, CHUNK)

    assert status in {200, 401, 404}


@pytest.mark.parametrize("chunk", [b"1;" + b"x" * 16_000 + b"\r\n \r\n", b"1\r\n \r\n" * 4_000])
async def test_the_frame_of_a_body_is_bounded_too(api: Api, chunk: bytes) -> None:
    async with Wire.to(api.base_url) as wire:
        await wire.send(request("GET", "/healthz", "", "Transfer-Encoding: chunked"))
        assert (await wire.reply()).status == 200
        await pour(wire, chunk)


async def test_a_head_has_64_kilobytes_in_all(api: Api) -> None:
    headers = [f"X-{n}: {'x' * 16_000}" for n in range(5)]
    fits = await answered(api, request("GET", "/v1/ping", "", *headers[:3]))
    whole = await answered(api, request("GET", "/v1/ping", "", *headers))
    in_parts = request("GET", "/v1/ping", "", *headers)
    async with Wire.to(api.base_url) as wire:
        for at in range(0, len(in_parts) - 4, 8_192):
            await wire.send(in_parts[at : min(at + 8_192, len(in_parts) - 4)])
            await asyncio.sleep(0)
        parted = await wire.reply()
        assert await wire.is_closed()

    assert fits.status == 200
    assert whole.refusal == parted.refusal == (400, "invalid_format")
    assert "65536 bytes" in whole.body["error"]["message"]


async def test_a_head_behind_a_request_that_is_being_answered_is_bounded_too(api: Api) -> None:
    async with Wire.to(api.base_url) as wire:
        await wire.send(request("GET", "/v1/ping") + b"GET /v1/ping HTTP/1.1\r\n")
        assert (await wire.reply()).status == 200
        await pour(wire, b"X: " + b"x" * 16_000 + b"\r\n")


async def test_a_body_in_pieces_counts_for_no_head(api: Api) -> None:
    """The pieces of a body that are as long as a head may be, and heads behind them, are no head without an end."""
    body = b'{"name":"A","document_type":"fiscal"' + b" " * 300_000 + b"}"
    sent = request("POST", SERIES, api.firm.live_key, body=body) + request("GET", "/v1/ping") * 3
    async with Wire.to(api.base_url) as wire:
        for at in range(0, len(sent), 50_000):
            await wire.send(sent[at : at + 50_000])
            await asyncio.sleep(0)
        statuses = [(await wire.reply()).status for _ in range(4)]

    assert statuses == [201, 200, 200, 200]


async def test_one_connection_too_many_is_told_so_and_closed(narrow: Api) -> None:
    async with AsyncExitStack() as held:
        for _ in range(CONNECTIONS_MAX):
            wire = await held.enter_async_context(Wire.to(narrow.base_url))
            await wire.send(request("GET", "/v1/ping"))
            assert (await wire.reply()).status == 200
        async with Wire.to(narrow.base_url) as wire:
            reply = await wire.reply()
            assert await wire.is_closed()

    assert reply.refusal == (503, "service_unavailable")
    assert reply.headers["retry-after"]
    await until(lambda: has_room(narrow))


async def has_room(api: Api) -> bool:
    """Whether a new connection is answered."""
    return (await answered(api, request("GET", "/v1/ping"))).status == 200


async def test_one_address_leaves_half_of_the_connections_to_others(database_url: str, tmp_path: Path) -> None:
    options = Options(settings={"connections_max": CONNECTIONS_MAX})
    async with an_api(database_url, tmp_path, options) as api, AsyncExitStack() as held:
        wires = [await held.enter_async_context(Wire.to(api.base_url)) for _ in range(CONNECTIONS_MAX)]
        for wire in wires[: CONNECTIONS_MAX // 2]:
            await wire.send(request("GET", "/v1/ping"))
            assert (await wire.reply()).status == 200
        assert {(await wire.reply()).status for wire in wires[CONNECTIONS_MAX // 2 :]} == {503}
        other = await held.enter_async_context(Wire.to(api.base_url, "127.0.0.2"))
        await other.send(request("GET", "/v1/ping"))
        assert (await other.reply()).status == 200


async def test_a_connection_that_is_gone_leaves_its_place(narrow: Api) -> None:
    for _ in range(5 * CONNECTIONS_MAX):
        assert await until_answered(narrow) == 200


async def until_answered(api: Api) -> int:
    """The status of a ping, once there is room: a connection is gone a moment after its client left."""
    await until(lambda: has_room(api))
    return (await answered(api, request("GET", "/v1/ping"))).status
