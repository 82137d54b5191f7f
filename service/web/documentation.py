"""The OpenAPI document over HTTP, for programs and for people, made once of the routes that are served."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
from aiohttp import web

from service.web.docs_page import docs_page
from service.web.envelope import EXCHANGE, standard_headers
from service.web.openapi import openapi_document
from service.web.routes import OpenRoute, Route

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def documentation(routes: Sequence[Route], open_routes: Sequence[OpenRoute]) -> Mapping[str, Handler]:
    """The handlers of GET /openapi.json and GET /docs by path; both answer without the envelope."""
    document = openapi_document(routes, open_routes)
    return {
        "/openapi.json": _text(msgspec.json.encode(document), "application/json"),
        "/docs": _text(docs_page(document).encode(), "text/html"),
    }


def _text(body: bytes, content_type: str) -> Handler:
    async def show(request: web.Request) -> web.StreamResponse:
        headers = standard_headers(request[EXCHANGE])
        return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)

    return show
