"""The documents for programs and people: compressed when asked for, not sent twice, and a page that leads on."""

import gzip
import re
from typing import Final

import pytest

from service.api.reading.accepted import weights
from service.web.documentation import wants_page
from tests.support.service.client import Api
from tests.support.service.wire import Wire, WireReply, request

DOCUMENTS: Final = ("/openapi.json", "/asyncapi.json", "/docs")
BROWSER: Final = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def asked(api: Api, path: str, *headers: str, method: str = "GET") -> WireReply:
    """The reply as it came over the wire."""
    async with Wire.to(api.base_url) as wire:
        await wire.send(request(method, path, "", *headers))
        return await wire.reply(is_to_head=method == "HEAD")


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_a_document_is_compressed_for_who_asks_and_only_then(api: Api, path: str) -> None:
    plain = await asked(api, path)
    packed = await asked(api, path, "Accept-Encoding: br, gzip;q=0.5")
    refused = await asked(api, path, "Accept-Encoding: gzip;q=0, br")

    assert [each.headers.get("content-encoding") for each in (plain, packed, refused)] == [None, "gzip", None]
    assert gzip.decompress(packed.text) == plain.text == refused.text
    assert len(packed.text) < len(plain.text) / 3
    assert {each.headers["vary"] for each in (plain, packed, refused)} == {"Accept-Encoding"}
    assert plain.headers["etag"] != packed.headers["etag"]


@pytest.mark.parametrize("path", DOCUMENTS)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_a_document_that_the_client_has_is_not_sent_again(api: Api, path: str, encoding: str) -> None:
    accepts = f"Accept-Encoding: {encoding}"
    tag = (await asked(api, path, accepts)).headers["etag"]

    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await asked(api, path, accepts, f"If-None-Match: {known}")
        assert (again.status, again.text, again.headers["etag"]) == (304, b"", tag)
    assert (await asked(api, path, accepts, 'If-None-Match: "other"')).status == 200
    assert (await asked(api, path, accepts)).headers["cache-control"] == "no-cache"


async def test_the_head_of_a_document_is_that_of_its_get(api: Api) -> None:
    head = await asked(api, "/openapi.json", "Accept-Encoding: gzip", method="HEAD")
    get = await asked(api, "/openapi.json", "Accept-Encoding: gzip")

    def steady(reply: WireReply) -> dict[str, str]:
        return {name: value for name, value in reply.headers.items() if name not in {"date", "x-request-id"}}

    assert steady(head) == steady(get)


async def test_a_browser_gets_a_page_at_the_root_that_leads_on(api: Api) -> None:
    page = await asked(api, "/", BROWSER)

    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    links = re.findall(r'href="([^"]+)"', page.text.decode())
    assert {"/docs", "/openapi.json", "/asyncapi.json", "/healthz", "/readyz", "/metrics"} <= set(links)
    for link in links:
        assert (await asked(api, link, BROWSER)).status == 200, link
    assert b"<script" not in page.text
    assert b"http://" not in page.text


@pytest.mark.parametrize(
    "accept", ["", "Accept: */*", "Accept: application/json", "Accept: application/json, text/html"]
)
async def test_a_program_gets_name_and_version_at_the_root(api: Api, accept: str) -> None:
    reply = await asked(api, "/", *([accept] if accept else []))

    assert (reply.status, reply.body["data"]["documentation"]) == (200, "/docs")
    assert "Accept" in reply.headers["vary"].split(", ")
    assert reply.body["data"] == (await asked(api, "/v1/")).body["data"]


async def test_a_refused_credential_says_which_kind_is_wanted(api: Api) -> None:
    """RFC 9110 section 11.6.1: a 401 must have WWW-Authenticate."""
    for credential, path in (("", "/v1/invoices"), ("sk_live_nope", "/v1/invoices"), ("a.b.c", "/v1/series")):
        async with Wire.to(api.base_url) as wire:
            await wire.send(request("GET", path, credential))
            reply = await wire.reply()
        assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")
    assert "www-authenticate" not in (await asked(api, "/v1/nothing")).headers


@pytest.mark.parametrize("sent", ["a", "A.b_c-9", "x" * 64, "6f1c0f6e-0000-4000-8000-000000000000"])
async def test_a_request_keeps_the_id_that_its_caller_gave_it(api: Api, sent: str) -> None:
    """CONTRACT.md D6."""
    for path, status in (("/v1/ping", 200), ("/v1/invoices", 401), ("/nothing", 404)):
        reply = await asked(api, path, f"X-Request-Id: {sent}")
        assert (reply.status, reply.headers["x-request-id"], reply.body["meta"]["request_id"]) == (status, sent, sent)


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "a/b", "<i>", "é", "a,b", "a\tb", '"a"'])
async def test_an_id_that_is_not_well_formed_is_replaced(api: Api, sent: str) -> None:
    """CONTRACT.md D6."""
    reply = await asked(api, "/v1/ping", f"X-Request-Id: {sent}")

    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", reply.headers["x-request-id"])
    assert reply.body["meta"]["request_id"] == reply.headers["x-request-id"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", 0.0),
        ("gzip", 1.0),
        ("GZIP ; Q=0.25", 0.25),
        ("deflate, gzip;q=0", 0.0),
        ("gzip;q=nonsense", 0.0),
        ("gzipped", 0.0),
        (",,;;,gzip;level=9;q=1.000", 1.0),
    ],
)
def test_the_weight_of_a_form_is_what_the_header_says(header: str, expected: float) -> None:
    assert weights(header).get("gzip", 0.0) == expected


def test_who_wants_json_as_much_as_html_gets_json() -> None:
    assert wants_page("text/html")
    assert wants_page("application/json;q=0.5, text/html;q=0.6")
    assert not wants_page("application/json, text/html")
    assert not wants_page("text/html;q=0")
