"""What a caller sends never becomes a header of a response."""

from typing import Final
from urllib.parse import quote

from service.api.catalogue import ROUTES
from tests.support.service.client import Api
from tests.support.service.wire import Wire, WireReply, request

HOSTILE: Final = "x\r\nSet-Cookie: a=b\r\n\r\n<script>"
OURS: Final = {
    "accept-encoding",
    "allow",
    "cache-control",
    "content-language",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "idempotent-replayed",
    "retry-after",
    "server",
    "www-authenticate",
    "x-content-type-options",
    "vary",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
}


async def answered(api: Api, sent: bytes) -> WireReply:
    """The reply, the only one: nothing of the request is taken for a second one."""
    async with Wire.to(api.base_url) as wire:
        await wire.send(sent)
        wire.writer.write_eof()
        reply = await wire.reply()
        assert await wire.is_closed()
    return reply


async def test_a_line_end_in_any_part_of_a_path_or_in_a_query_makes_no_header(api: Api) -> None:
    for route in ROUTES:
        target = route.path
        for name in ("id", "token", "number"):
            target = target.replace("{" + name + "}", quote(HOSTILE, safe=""))
        target += "?" + "&".join(f"{name}={quote(HOSTILE)}" for name in ("page", "search", "status", "after"))
        reply = await answered(api, request(route.method, target, api.firm.live_key, "Content-Length: 0"))
        assert set(reply.headers) <= OURS, (route.method, route.path, reply.headers)
