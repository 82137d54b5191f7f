"""The OpenAPI and AsyncAPI documents over HTTP, for programs and for people, made once when the service starts."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import version

import msgspec
from aiohttp import web

from schemas.describe.asyncapi import asyncapi_document
from service.api.openapi.document import openapi_document
from service.api.openapi.page import docs_page
from service.api.reply import EXCHANGE, standard_headers
from service.api.route import OpenRoute, Route

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def documentation(routes: Sequence[Route], open_routes: Sequence[OpenRoute]) -> Mapping[str, Handler]:
    """The handlers of GET /openapi.json, /asyncapi.json and /docs by path; they answer without the envelope."""
    document = openapi_document(routes, open_routes)
    requests = asyncapi_document(version("invoice-numbering"))
    return {
        "/openapi.json": _text(msgspec.json.encode(document), "application/json"),
        "/asyncapi.json": _text(msgspec.json.encode(requests), "application/json"),
        "/docs": _text(docs_page(document).encode(), "text/html"),
    }


def _text(body: bytes, content_type: str) -> Handler:
    async def show(request: web.Request) -> web.StreamResponse:
        headers = standard_headers(request[EXCHANGE])
        return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)

    return show
