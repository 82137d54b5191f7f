"""CONTRACT.md section 2 and D81: every reply is in the envelope, also after a fault."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from service.health import FRESH_SECONDS, Health, HealthBoard
from tests.support.service.client import Answer, Api, Options, an_api

UUID4: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def check_envelope(answer: Answer) -> None:
    meta = answer.body["meta"]
    assert meta["version"] == "v1"
    assert UUID4.fullmatch(meta["request_id"])
    assert answer.headers["X-Request-Id"] == meta["request_id"]
    assert re.fullmatch(r"\d+\.\d\dms", meta["response_time"])
    assert answer.headers["Content-Language"] == "en"
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    for name in ("Limit", "Remaining", "Reset"):
        assert answer.headers[f"X-RateLimit-{name}"].isdigit()
    if not answer.body["success"]:
        assert {"message", "type", "code", "status"} <= set(answer.body["error"])
        assert "message" not in answer.body


async def test_every_end_of_a_request_has_the_envelope_and_the_headers(api: Api) -> None:
    """CONTRACT.md D2, D6, D7 and D81."""
    key = api.firm.live_key
    for method, path, credential, data, status in (
        ("GET", "/invoice-series", key, None, 200),
        ("GET", "/", "", None, 200),
        ("GET", "/invoice-series", "", None, 401),
        ("GET", "/nothing/here", key, None, 404),
        ("GET", "/invoices/inv_0000000000/pay", key, None, 404),
        ("GET", "/%FF/%00", key, None, 404),
        ("GET", "/invoices/../../etc/passwd", key, None, 404),
        ("DELETE", "/invoice-series", key, None, 405),
        ("BREW", "/invoice-series", key, None, 400),
        ("OPTIONS", "/invoice-series", key, None, 405),
        ("POST", "/invoice-series", key, b"{", 400),
        ("POST", "/invoice-series", key, b"x" * 1_048_577, 413),
    ):
        answer = await api.ask(method, path, credential, data=data)
        assert answer.status == status, (method, path)
        check_envelope(answer)


async def test_no_other_language_is_spoken(api: Api) -> None:
    """CONTRACT.md D2."""
    english = await api.ask("GET", "/invoice-series/nope")

    for path, headers in (("", {"Accept-Language": "ro"}), ("?locale=ro", {})):
        answer = await api.ask("GET", f"/invoice-series/nope{path}", headers=headers)
        assert answer.error["message"] == english.error["message"]
        assert answer.headers["Content-Language"] == "en"


async def test_a_body_of_exactly_the_limit_is_read(api: Api) -> None:
    """CONTRACT.md D82."""
    padding = b" " * (1_048_576 - 2)

    answer = await api.ask("POST", "/invoice-series", data=b"{" + padding + b"}")

    assert answer.refusal == (400, "invalid_request")


async def test_a_large_body_in_chunks_is_refused_too(api: Api) -> None:
    """CONTRACT.md D82."""

    async def chunks() -> Any:
        for _ in range(40):
            yield b"[" * 65_536

    headers = {"Authorization": f"Bearer {api.firm.live_key}", "Content-Type": "application/json"}
    async with api.session.post(f"{api.base_url}/v1/invoice-series", data=chunks(), headers=headers) as response:
        body = await response.json()

    assert (response.status, body["error"]["code"]) == (413, "request_too_large")


async def raw(api: Api, text: bytes) -> tuple[bytes, dict[str, Any]]:
    """The reply to these bytes: its head and its decoded body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(api.base_url.rpartition(":")[2]))
    try:
        writer.write(text)
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
            while head.startswith(b"HTTP/1.1 100"):
                head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            assert length is not None
            return head, json.loads(await reader.readexactly(int(length[1])))
    finally:
        writer.close()


@pytest.mark.parametrize(
    "text",
    [
        b"nonsense\r\n\r\n",
        b"GET /v1/ HTTP/9.9\r\n\r\n",
        b"GET /v1/ HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n",
        b"GET /v1/ HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n",
        b"POST /v1/invoices HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/invoices HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_what_is_not_http_gets_the_envelope_too(api: Api, text: bytes) -> None:
    head, body = await raw(api, text)

    assert b" 400 " in head[:15]
    assert (body["error"]["code"], body["error"]["type"]) == ("invalid_format", "validation_error")
    for header in (b"X-Request-Id", b"Content-Language", b"X-RateLimit-Limit"):
        assert header.lower() in head.lower()


async def test_broken_chunks_are_a_bad_request(api: Api) -> None:
    head, body = await raw(
        api,
        b"POST /v1/invoice-series HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
        + api.firm.live_key.encode()
        + b"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    )

    assert b" 400 " in head[:15]
    assert body["error"]["code"] == "invalid_format"


@pytest.mark.parametrize("expectation", [b"100-continue", b"something"])
async def test_an_expectation_is_met_or_passed_over(api: Api, expectation: bytes) -> None:
    head, body = await raw(
        api,
        b"POST /v1/invoice-series HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
        + api.firm.live_key.encode()
        + b"\r\nContent-Type: application/json\r\nExpect: "
        + expectation
        + b"\r\nContent-Length: 2\r\n\r\n{}",
    )

    assert b" 400 " in head[:15]
    assert body["error"]["code"] == "invalid_request"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=UTF-8", 201),
        ('Application/JSON;charset="utf-8"', 201),
        ("application/json; charset=latin-1", 400),
        ("application/x-www-form-urlencoded", 400),
        ("text/plain", 400),
        ("multipart/form-data; boundary=x", 400),
        ("", 201),
    ],
)
async def test_a_body_is_json_in_utf_8(api: Api, content_type: str, status: int) -> None:
    """CONTRACT.md D1."""
    body = b'{"name":"A","document_type":"fiscal"}'

    answer = await api.ask("POST", "/invoice-series", data=body, headers={"Content-Type": content_type})

    assert answer.status == status
    if status == 400:
        assert answer.refusal == (400, "invalid_format")


async def test_an_empty_body_may_have_any_content_type(api: Api) -> None:
    """CONTRACT.md D1."""
    series_id = await api.a_series()

    answer = await api.ask(
        "POST",
        f"/invoice-series/{series_id}/lock",
        api.firm.device_a,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert answer.status == 200


async def test_a_head_request_has_the_headers_and_no_body(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.firm.live_key}"}
    async with api.session.head(f"{api.base_url}/v1/invoice-series", headers=headers) as response:
        assert (response.status, await response.read()) == (200, b"")
        assert response.headers["X-RateLimit-Limit"]


async def plain(api: Api, path: str) -> tuple[int, str]:
    async with api.session.get(api.base_url + path) as response:
        return response.status, await response.text()


async def test_health_readiness_and_metrics(database_url: str, tmp_path: Path) -> None:
    async def is_ok() -> Health:
        return Health.OK

    async def is_degraded() -> Health:
        return Health.DEGRADED

    parts = {"postgres": is_ok, "relay": is_degraded}
    async with an_api(database_url, tmp_path, Options(checks=parts)) as api:
        await api.a_series()
        status, text = await plain(api, "/readyz")
        assert (status, json.loads(text)["data"]["parts"]) == (200, {"postgres": "ok", "relay": "degraded"})
        assert (await plain(api, "/healthz"))[0] == 200
        status, text = await plain(api, "/metrics")
        assert (
            'numbering_requests_total{carrier="http",method="POST",route="/v1/invoice-series",status="201"} 1.0' in text
        )


async def test_a_part_that_is_down_or_fails_its_check_makes_the_service_unready(
    database_url: str, tmp_path: Path
) -> None:
    async def is_ok() -> Health:
        return Health.OK

    async def fails() -> Health:
        raise OSError("away")

    async with an_api(database_url, tmp_path, Options(checks={"log": is_ok, "postgres": fails})) as api:
        status, text = await plain(api, "/readyz")

    assert (status, json.loads(text)["error"]["errors"]) == (503, {"log": "ok", "postgres": "down"})


async def test_a_flood_of_readyz_asks_each_part_once(database_url: str, tmp_path: Path) -> None:
    asked = 0

    async def counts() -> Health:
        nonlocal asked
        asked += 1
        return Health.OK

    now = 0.0
    readings = HealthBoard({"postgres": counts}, lambda: now)
    for at, expected in ((0.0, 1), (0.9, 1), (FRESH_SECONDS, 2)):
        now = at
        found = await asyncio.gather(*(readings.latest() for _ in range(100)))
        assert (found, asked) == ([{"postgres": Health.OK}] * 100, expected)

    asked = 0
    async with an_api(database_url, tmp_path, Options(checks={"postgres": counts})) as api:
        assert {status for status, _ in await asyncio.gather(*(plain(api, "/readyz") for _ in range(20)))} == {200}
    assert asked < 10


async def test_a_page_stands_in_no_frame_and_loads_nothing(api: Api) -> None:
    async with api.session.get(f"{api.base_url}/docs") as response:
        policy = response.headers["Content-Security-Policy"]
        text = await response.text()

    assert {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    assert "<script" not in text
