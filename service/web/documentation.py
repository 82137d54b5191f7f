"""The OpenAPI document over HTTP: /openapi.json, made once of the routes that are served."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from aiohttp import web

from service.web.envelope import EXCHANGE, standard_headers
from service.web.openapi import openapi_document
from service.web.routes import OpenRoute, Route


def documentation(
    routes: Sequence[Route], open_routes: Sequence[OpenRoute]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of GET /openapi.json, which is the document itself, without the envelope."""
    text = msgspec.json.encode(openapi_document(routes, open_routes))

    async def show_document(request: web.Request) -> web.StreamResponse:
        return web.Response(body=text, content_type="application/json", headers=standard_headers(request[EXCHANGE]))

    return show_document
