"""Makes the OpenAPI 3.1 document from the routes of the server and the one table of refusals."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final, get_args

from schemas.api.envelope import Failure, Success
from schemas.describe.json_schema import Schema, body_schemas, reply_schemas
from service.api.calling.route import OpenRoute, Route, Tag
from service.api.openapi.operations import open_operation, operation
from service.api.openapi.plain_schemas import defaults_in_words, plain_components, used_components
from service.api.openapi.responses import HEADERS

_ABOUT: Final = """\
Numbers for fiscal documents: unique, consecutive, and every number is accounted for.

Every reply, also a refusal, is an envelope with a request id in `meta`. A caller that sends X-Request-Id, 1 to 64
letters, digits, `.`, `_` or `-`, chooses this id.

A path that answers GET also answers HEAD. Any other method is refused with 405 `method_not_allowed` and the header
Allow. Unknown fields and query parameters are ignored. A field that an object has and a call cannot set is refused,
unless it is sent with the value that it has. A body whose fields are all optional may be left out, or be null or [].
"""

_TAGS: Final[dict[Tag, str]] = {
    "Series": "Counters: each numbers documents of one type, and one device at most holds it.",
    "Reservations": "Numbers that a device takes in advance, to issue documents without a connection.",
    "Invoices": "Documents with the numbers of a series, and drafts without.",
    "Accounting": "What became of every number that was ever taken.",
    "Aliases": "Other paths of calls about series, for clients that know only these.",
    "Service": "The service itself; these paths need no credential.",
}

_BEARER: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key (sk_live_, sk_test_) or the token of a device session, a JWT",
}


def openapi_document(routes: Sequence[Route], open_routes: Sequence[OpenRoute]) -> Schema:
    """The document that describes these routes."""
    assert set(_TAGS) == set(get_args(Tag))
    paths, components = _paths(routes)
    open_paths, open_components = _open_paths(open_routes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Invoice numbering",
            "version": version("invoice-numbering"),
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "contact": {"name": "The operator of this installation"},
        },
        "servers": [{"url": "/", "description": "This installation"}],
        "security": [{"bearer": []}],
        "tags": [{"name": name, "description": words} for name, words in _TAGS.items()],
        "paths": paths | open_paths,
        "components": {
            "schemas": used_components(paths | open_paths, components | open_components),
            "headers": HEADERS,
            "securitySchemes": {"bearer": _BEARER},
        },
    }


def _paths(routes: Sequence[Route]) -> tuple[Schema, dict[str, Schema]]:
    """The paths of these routes, and all components that were made for them."""
    envelopes: Any = Success
    replies, reply_components = reply_schemas([envelopes[route.reply] for route in routes])
    bodies, body_components = body_schemas([route.body for route in routes])
    queries, query_components = body_schemas([route.query for route in routes])
    reply_components, body_components, query_components = (
        plain_components(each) for each in (reply_components, body_components, query_components)
    )
    defaults_in_words(body_components)
    paths: dict[str, Schema] = {}
    for route, reply, body, query in zip(routes, replies, bodies, queries, strict=True):
        properties = query_components[_name_of(query)].get("properties", {})
        needs_body = bool(body_components[_name_of(body)].get("required"))
        made = operation(route, reply, body, properties, needs_body=needs_body)
        paths.setdefault(route.path, {})[route.method.lower()] = made
    return paths, query_components | body_components | reply_components


def _open_paths(routes: Sequence[OpenRoute]) -> tuple[Schema, dict[str, Schema]]:
    envelopes: Any = Success
    kinds = [envelopes[route.reply] for route in routes if route.reply is not None]
    references, components = reply_schemas([*kinds, Failure])
    replies = iter(references)
    paths = {
        route.path: {"get": open_operation(route, None if route.reply is None else next(replies))} for route in routes
    }
    return paths, plain_components(components)


def _name_of(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]
