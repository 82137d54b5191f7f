"""Reading a request's body: bounded in bytes and time, then JSON, then an object (CONTRACT.md D1, D73, D82)."""

import asyncio
from collections.abc import Mapping

from aiohttp import web
from msgspec import Struct

from service.api.reading.json_text import BadJsonError, Tree, canonical_json, read_json
from service.api.refusals.causes import BodyTooLarge, BodyUnreadable, RequestTooSlow
from service.api.refusals.table import Refusal, refusal_of, refused


class GivenBody(Struct, frozen=True):
    """What was sent: the fields, or why they cannot be read. Bodies that say the same have one `canonical`."""

    fields: Mapping[str, Tree] | Refusal
    canonical: bytes


async def read_body(request: web.Request, bytes_max: int, seconds_max: float) -> GivenBody:
    """The body of a request. Raises RefusedError if it is too large, too slow or broken off."""
    if (request.content_length or 0) > bytes_max:
        # Said at once: a client that means to send ten megabytes need not send them first.
        raise refused(BodyTooLarge(bytes_max))
    try:
        async with asyncio.timeout(seconds_max):
            text = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise refused(BodyTooLarge(bytes_max)) from error
    except TimeoutError as error:
        raise refused(RequestTooSlow("body", seconds_max)) from error
    except web.RequestPayloadError as error:
        raise refused(BodyUnreadable("its transfer or content encoding is broken")) from error
    except ConnectionError as error:
        raise refused(BodyUnreadable("the connection ended before it did")) from error
    return given_body(text, request.headers.get("Content-Type", ""))


def given_body(text: bytes, content_type: str) -> GivenBody:
    """The fields of this body; an empty one, null and [] have none."""
    if not text.strip():
        return GivenBody({}, b"")
    if content_type and not _is_json(content_type):
        return _unreadable(text, "its Content-Type must be application/json, in UTF-8")
    try:
        tree = read_json(text)
    except BadJsonError as error:
        return _unreadable(text, str(error))
    if tree is None or tree == []:
        return GivenBody({}, b"")
    if not isinstance(tree, dict):
        return _unreadable(text, "it must be a JSON object")
    return GivenBody(tree, canonical_json(tree) if tree else b"")


def _is_json(content_type: str) -> bool:
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [each.partition("=")[2].strip('" ') for each in parameters if each.startswith("charset")]
    return kind == "application/json" and all(each in {"utf-8", "utf8"} for each in charsets)


def _unreadable(text: bytes, why: str) -> GivenBody:
    return GivenBody(refusal_of(BodyUnreadable(why)), text)
