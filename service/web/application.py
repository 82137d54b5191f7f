"""The web application: routes, the one middleware, and nothing else."""

from functools import partial
from typing import Final

from aiohttp import web

from service.api import reservations, series
from service.api.admission.rate_limit import RateLimit
from service.api.answering import Handler, answering
from service.api.invoices import edit, issue, lists
from service.api.parts import LIMIT, PARTS, WebParts
from service.api.pipeline import Pipeline
from service.api.reports import accounting, number_story
from service.api.route import Route
from service.web.documentation import documentation
from service.web.health import OPEN_ROUTES, READINGS, Readings

ROUTES: Final[tuple[Route, ...]] = (
    *series.ROUTES,
    *reservations.ROUTES,
    *issue.ROUTES,
    *edit.ROUTES,
    *lists.ROUTES,
    *accounting.ROUTES,
    *number_story.ROUTES,
)
"""Every path that takes a credential; the OpenAPI document is made of the same list."""


def web_application(parts: WebParts) -> web.Application:
    """The API of CONTRACT.md over these parts, ready for `serve_web`."""
    limit = RateLimit(parts.settings.rate_limit)
    application = web.Application(middlewares=[answering(parts, limit)], client_max_size=parts.settings.body_bytes_max)
    application[PARTS] = parts
    application[LIMIT] = limit
    application[READINGS] = Readings(parts.checks)
    pipeline = Pipeline(parts, limit)
    for route in ROUTES:
        _add(application, route.method, route.path, partial(pipeline.answer, route))
    for open_route in OPEN_ROUTES:
        _add(application, "GET", open_route.path, open_route.handle)
    for path, handler in documentation(ROUTES, OPEN_ROUTES).items():
        _add(application, "GET", path, handler)
    return application


def _add(
    application: web.Application,
    method: str,
    path: str,
    handler: Handler,
) -> None:
    application.router.add_route(method, path, handler, expect_handler=_go_on)
    if method == "GET":
        application.router.add_route("HEAD", path, handler, expect_handler=_go_on)


async def _go_on(request: web.Request) -> None:
    """Tell a client that waits for it to send its body; other expectations are none of ours to refuse (RFC 9110)."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
