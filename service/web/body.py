"""Reads the body of an HTTP request, with a bound of bytes and of time (CONTRACT.md D82)."""

import asyncio

from aiohttp import web

from service.api.reading.body import GivenBody, given_body
from service.api.refusals.causes import BodyTooLarge, BodyUnreadable, RequestTooSlow
from service.api.refusals.table import refused


async def read_body(request: web.Request, bytes_max: int, seconds_max: float) -> GivenBody:
    """The body of a request. Raises RefusedError if it is too large, too slow or incomplete."""
    if (request.content_length or 0) > bytes_max:
        # Refused before the body is read, so that a client does not send ten megabytes first.
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
        raise refused(BodyUnreadable("the connection ended before the body was complete")) from error
    return given_body(text, request.headers.get("Content-Type", ""))
