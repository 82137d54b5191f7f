"""An HTTP server that does nothing: it reads the JSON it is sent and answers with as many bytes as it is asked for.

It is an aiohttp application as the guide of aiohttp shows it, so it measures what aiohttp takes for request and reply.
"""

import sys

import msgspec
import uvloop
from aiohttp import web


async def answer(request: web.Request) -> web.Response:
    """JSON with as many bytes of text as the path says."""
    given = msgspec.json.decode(await request.read())
    body = msgspec.json.encode({"success": isinstance(given, dict), "fill": "x" * int(request.match_info["bytes"])})
    return web.Response(status=201, body=body, content_type="application/json")


def main(port: int) -> None:
    """Answer until killed."""
    application = web.Application()
    application.router.add_post("/v1/echo/{bytes}", answer)
    web.run_app(application, host="127.0.0.1", port=port, loop=uvloop.new_event_loop(), print=None, access_log=None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
