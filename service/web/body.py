"""Which bodies of HTTP requests are read, and reading them within a bound of bytes and of time (CONTRACT.md D82)."""

import asyncio

from aiohttp import hdrs, web

from service.api.reading.body import GivenBody, given_body
from service.api.refusals.causes import BodyEncoded, BodyTooLarge, BodyUnreadable, RequestTooSlow
from service.api.refusals.table import Refusal, refusal_of, refused


def unread(request: web.BaseRequest, bytes_max: int) -> Refusal | None:
    """Why no byte of the body of this request is read; none if it may be. Asked of every request, before all else."""
    if hdrs.CONTENT_ENCODING in request.headers and not _codings(request, hdrs.CONTENT_ENCODING) <= {"identity"}:
        return refusal_of(BodyEncoded())
    if hdrs.TRANSFER_ENCODING in request.headers and not _codings(request, hdrs.TRANSFER_ENCODING) <= {"chunked"}:
        return refusal_of(BodyEncoded())
    if (request.content_length or 0) > bytes_max:
        # Refused before the body is read, so that a client does not send ten megabytes first.
        return refusal_of(BodyTooLarge(bytes_max))
    return None


async def read_body(request: web.BaseRequest, bytes_max: int, seconds_max: float) -> GivenBody:
    """The body of a request. Raises RefusedError if it is too large, too slow or incomplete."""
    content = request.content
    if content.is_eof() and content.exception() is None:
        # Nearly every body came with its head, so that there is nothing to wait for; a timer would take 8 us.
        text = content.read_nowait()
        if len(text) > bytes_max:
            raise refused(BodyTooLarge(bytes_max))
    else:
        text = await _awaited(request, bytes_max, seconds_max)
    return given_body(text, request.headers.get(hdrs.CONTENT_TYPE, ""))


async def _awaited(request: web.BaseRequest, bytes_max: int, seconds_max: float) -> bytes:
    try:
        async with asyncio.timeout(seconds_max):
            return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise refused(BodyTooLarge(bytes_max)) from error
    except TimeoutError as error:
        raise refused(RequestTooSlow("body", seconds_max)) from error
    except web.RequestPayloadError as error:
        raise refused(BodyUnreadable("its transfer encoding is broken")) from error
    except ConnectionError as error:
        raise refused(BodyUnreadable("the connection ended before the body was complete")) from error


def _codings(request: web.BaseRequest, header: str) -> set[str]:
    """The codings that all headers of this name list."""
    listed = ",".join(request.headers.getall(header, ())).split(",")
    return {each.strip().lower() for each in listed} - {""}
