"""HTTP as real clients may send it: raw bytes over a socket."""

import asyncio
import json

from tests.support.service.client import Api
from tests.support.service.wire import Wire, request

A_SERIES = b'{"name":"RAW","document_type":"fiscal"}'
SERIES = "/v1/invoice-series"


async def test_chunks_of_any_size_are_one_body(api: Api) -> None:
    head = request("POST", SERIES, api.firm.live_key, "Content-Type: application/json", "Transfer-Encoding: chunked")
    chunks = [b"%x;ext=1\r\n%c\r\n" % (1, byte) for byte in A_SERIES]

    async with Wire.to(api.base_url) as wire:
        await wire.send(head + b"".join(chunks) + b"0\r\nX-Trailer: 1\r\n\r\n")
        reply = await wire.reply()

    assert (reply.status, reply.body["data"]["name"]) == (201, "RAW")


async def test_requests_sent_at_once_are_answered_in_their_order(api: Api) -> None:
    bodies = [json.dumps({"name": f"P{n}", "document_type": "fiscal"}).encode() for n in range(30)]

    async with Wire.to(api.base_url) as wire:
        await wire.send(b"".join(request("POST", SERIES, api.firm.live_key, body=body) for body in bodies))
        names = [(await wire.reply()).body["data"]["name"] for _ in bodies]

    assert names == [f"P{n}" for n in range(30)]


async def test_a_request_after_a_refused_one_is_answered(api: Api) -> None:
    async with Wire.to(api.base_url) as wire:
        await wire.send(request("POST", SERIES, api.firm.live_key, body=b"{") + request("GET", "/v1/ping"))

        assert (await wire.reply()).refusal == (400, "invalid_format")
        assert (await wire.reply()).status == 200


async def test_a_client_that_has_said_all_still_gets_its_answer(api: Api) -> None:
    async with Wire.to(api.base_url) as wire:
        await wire.send(request("POST", SERIES, api.firm.live_key, body=A_SERIES))
        wire.writer.write_eof()

        assert (await wire.reply()).status == 201


async def test_a_client_that_leaves_in_the_middle_of_its_body_changes_nothing(api: Api) -> None:
    async with Wire.to(api.base_url) as wire:
        await wire.send(request("POST", SERIES, api.firm.live_key, body=A_SERIES)[:-5])

    assert (await api.get("/invoice-series")).data["total"] == 0


async def test_a_client_that_waits_for_it_is_told_to_go_on(api: Api) -> None:
    whole = request("POST", SERIES, api.firm.live_key, "Expect: 100-continue", body=A_SERIES)

    async with Wire.to(api.base_url) as wire:
        await wire.send(whole.removesuffix(A_SERIES))
        assert (await wire.reply()).status == 100
        await wire.send(A_SERIES)
        assert (await wire.reply()).status == 201


async def test_ten_megabytes_are_refused_before_they_are_sent(api: Api) -> None:
    """CONTRACT.md D82."""
    head = request(
        "POST", SERIES, api.firm.live_key, "Content-Type: application/json", f"Content-Length: {10 * 1024 * 1024}"
    )

    async with Wire.to(api.base_url) as wire:
        await wire.send(head)
        reply = await wire.reply()

    assert reply.refusal == (413, "request_too_large")
    assert "1048576" in reply.body["error"]["message"]


async def test_http_1_0_is_answered_and_ended(api: Api) -> None:
    async with Wire.to(api.base_url) as wire:
        await wire.send(b"GET /v1/ping HTTP/1.0\r\n\r\n")

        assert (await wire.reply()).status == 200
        assert await wire.is_closed()


async def test_a_target_may_be_a_whole_url(api: Api) -> None:
    async with Wire.to(api.base_url) as wire:
        await wire.send(request("GET", "http://elsewhere.example/v1/invoice-series", api.firm.live_key))

        assert (await wire.reply()).status == 200


async def test_head_is_get_without_the_body(api: Api) -> None:
    for path in ("/v1/invoice-series", "/v1/ping", "/healthz", "/readyz", "/openapi.json", "/docs"):
        async with Wire.to(api.base_url) as wire:
            await wire.send(request("HEAD", path, api.firm.live_key) + request("GET", path, api.firm.live_key))
            head = await wire.reply(is_to_head=True)
            full = await wire.reply()

        assert (head.status, head.headers["content-type"]) == (full.status, full.headers["content-type"])
        assert abs(int(head.headers["content-length"]) - len(full.text)) < 10, "the response time may differ in length"


async def test_another_method_is_refused_and_the_right_ones_are_named(api: Api) -> None:
    for method in ("OPTIONS", "TRACE", "DELETE", "PURGE"):
        async with Wire.to(api.base_url) as wire:
            await wire.send(request(method, SERIES, api.firm.live_key))
            reply = await wire.reply()

        assert reply.refusal == (405, "method_not_allowed")
        assert reply.headers["allow"] == "GET, HEAD, POST"


NOWHERE = (
    "/v1/invoice-series/%2e%2e",
    "/v1/invoice-series/%2e%2e/invoices",
    "/v1/invoice-series/a%2Fb",
    "/v1/invoice-series/%2F",
    "/v1/invoice-series/%00",
    "/v1/invoice-series/a%00b/reservations",
    "/v1/invoice-series/%ff%fe",
    "/v1/invoice-series/%",
    "/v1/invoice-series/%zz",
    "/v1/invoice-series/%D7%A9%D7%9C",
    "/v1/invoice-series/" + "a" * 65,
    "/v1/invoice-series/" + "a" * 5000,
    "/v1//invoice-series",
    "//v1/invoice-series",
    "/v1/./nothing",
    "/v1/../../etc/passwd",
    "/v1/invoices/..%5c..%5cetc",
    "/v1/invoice-series/reservations/rsv_%00",
    "/v2/invoice-series",
    "*",
    "nothing",
)


async def test_a_path_that_leads_nowhere_is_not_found(api: Api) -> None:
    for target in NOWHERE:
        async with Wire.to(api.base_url) as wire:
            await wire.send(request("GET", target, api.firm.live_key))
            reply = await wire.reply()

        assert reply.refusal in {(404, "resource_missing"), (400, "invalid_format")}, (target, reply)
        assert reply.headers["x-request-id"]


async def test_a_flood_of_headers_is_cut_off(api: Api) -> None:
    async with Wire.to(api.base_url) as wire:
        await wire.send(request("GET", "/v1/ping", "", *(f"X-{n}: {n}" for n in range(5_000))))
        reply = await wire.reply()
        assert await wire.is_closed()

    assert reply.refusal == (400, "invalid_format")
    assert "header" in reply.body["error"]["message"]


async def test_a_header_that_is_too_long_is_named_and_not_repeated(api: Api) -> None:
    async with Wire.to(api.base_url) as wire:
        await wire.send(request("GET", "/v1/ping", "SECRET" * 4_000))
        reply = await wire.reply()

    assert reply.refusal == (400, "invalid_format")
    assert "16384 bytes" in reply.body["error"]["message"]
    assert b"SECRET" not in reply.text


async def test_a_long_query_is_refused_or_read(api: Api) -> None:
    async with Wire.to(api.base_url) as wire:
        await wire.send(request("GET", SERIES + "?document_type=fiscal&" + "x=1&" * 1_500, api.firm.live_key))

        assert (await wire.reply()).status == 200


async def test_many_connections_at_once_are_all_answered(api: Api) -> None:
    async def ask() -> int:
        async with Wire.to(api.base_url) as wire:
            await wire.send(request("GET", SERIES, api.firm.live_key))
            return (await wire.reply()).status

    assert set(await asyncio.gather(*(ask() for _ in range(200)))) == {200}
