"""Serves the OpenAPI and AsyncAPI documents for programs and people; they are made once, when the service starts."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import version

import msgspec

from schemas.describe.asyncapi import asyncapi_document
from service.api.calling.reply import Page, Result
from service.api.calling.route import OpenRoute, Route
from service.api.openapi.document import openapi_document
from service.api.openapi.page import docs_page
from service.web.health import Open


def documentation(
    routes: Sequence[Route], open_routes: Sequence[OpenRoute]
) -> Mapping[str, Callable[[Open], Awaitable[Result]]]:
    """The functions that answer GET /openapi.json, /asyncapi.json and /docs, by path; without the envelope."""
    document = openapi_document(routes, open_routes)
    requests = asyncapi_document(version("invoice-numbering"))
    return {
        "/openapi.json": _always(Page(msgspec.json.encode(document), "application/json; charset=utf-8")),
        "/asyncapi.json": _always(Page(msgspec.json.encode(requests), "application/json; charset=utf-8")),
        "/docs": _always(Page(docs_page(document).encode(), "text/html; charset=utf-8")),
    }


def _always(page: Page) -> Callable[[Open], Awaitable[Result]]:
    async def show(_: Open) -> Result:
        return Result(page)

    return show
