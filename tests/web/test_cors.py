"""CONTRACT.md D3: pages of other origins may call if a setting names their origin."""

from pathlib import Path
from typing import Final

import aiohttp

from tests.support.service.client import Api, Options, an_api

PAGE: Final = "https://app.example.com"
ASKS: Final = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}


async def headers_of(api: Api, method: str, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, api.base_url + path, headers=headers) as response,
    ):
        found = {name: value for name, value in response.headers.items() if name.startswith(("Access-", "Vary"))}
        return response.status, found


async def test_it_is_off_unless_set(api: Api) -> None:
    assert await headers_of(api, "OPTIONS", "/v1/invoices", ASKS) == (405, {})
    assert await headers_of(api, "GET", "/v1/ping", {"Origin": PAGE}) == (200, {})


async def test_a_page_of_a_named_origin_may_call(database_url: str, tmp_path: Path) -> None:
    options = Options(settings={"cors_origins": f"https://other.example,{PAGE}"})
    async with an_api(database_url, tmp_path, options) as api:
        status, allowed = await headers_of(api, "OPTIONS", "/v1/invoices", ASKS)
        assert (status, allowed["Access-Control-Allow-Origin"], allowed["Vary"]) == (204, PAGE, "Origin")
        assert {"Authorization", "Content-Type", "Idempotency-Key"} <= set(
            allowed["Access-Control-Allow-Headers"].split(", ")
        )
        assert "POST" in allowed["Access-Control-Allow-Methods"]
        for path, expected in (("/v1/invoice-series", 401), ("/v1/nothing", 404), ("/v1/ping", 200)):
            status, found = await headers_of(api, "GET", path, {"Origin": PAGE})
            assert (status, found["Access-Control-Allow-Origin"]) == (expected, PAGE)
            assert "X-Request-Id" in found["Access-Control-Expose-Headers"]


async def test_a_page_of_another_origin_may_not(database_url: str, tmp_path: Path) -> None:
    async with an_api(database_url, tmp_path, Options(settings={"cors_origins": PAGE})) as api:
        for origin in ("https://evil.example", "null", PAGE + ".evil.example", PAGE.upper()):
            asks = ASKS | {"Origin": origin}
            assert await headers_of(api, "OPTIONS", "/v1/invoices", asks) == (405, {"Vary": "Origin"})
            assert await headers_of(api, "GET", "/v1/ping", {"Origin": origin}) == (200, {"Vary": "Origin"})


async def test_every_page_may_call_if_the_setting_is_a_star(database_url: str, tmp_path: Path) -> None:
    async with an_api(database_url, tmp_path, Options(settings={"cors_origins": "*"})) as api:
        for method, status in (("OPTIONS", 204), ("GET", 401)):
            found = await headers_of(api, method, "/v1/invoice-series", ASKS)
            assert (found[0], found[1]["Access-Control-Allow-Origin"]) == (status, "*")
