"""The OpenAPI 3.1 document, made of the routes the server routes by and the one table of errors."""

import re
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any, Final

from schemas.api.envelope import Failure, Success
from schemas.json_schema import Schema, body_schemas, reply_schemas
from schemas.rejections import IdempotencyInProgress, IdempotencyKeyReused
from service.web import problems as edge
from service.web.errors import TABLE, Row
from service.web.routes import OpenRoute, Route

ALWAYS: Final = (
    edge.CredentialMissing,
    edge.CredentialInvalid,
    edge.CredentialExpired,
    edge.RateExceeded,
    edge.Unavailable,
    edge.RequestUnreadable,
    edge.RequestTooSlow,
    edge.Unexpected,
)
ALSO_WITHOUT_CREDENTIAL: Final = (edge.RequestUnreadable, edge.RequestTooSlow, edge.Unexpected)
WITH_BODY: Final = (edge.BodyUnreadable, edge.BodyTooLarge)
WITH_KEY: Final = (IdempotencyKeyReused, IdempotencyInProgress, edge.ParameterWrong)

FIELD_ROWS: Final = (
    Row(400, "validation_error", "invalid_request", "Several fields are wrong; errors names each."),
    Row(400, "validation_error", "missing_required_field", "One field is missing; param names it."),
    Row(400, "validation_error", "invalid_field_value", "One field is of the wrong type or out of range."),
    Row(400, "validation_error", "invalid_format", "One field is not written as it must be."),
)

_REASONS: Final = {
    200: "Done",
    201: "Created",
    400: "The request is wrong",
    401: "Nobody we know",
    403: "Not for this caller",
    404: "There is no such thing",
    408: "The request came too slowly",
    409: "Not in the present state",
    413: "The body is too large",
    429: "Too many requests",
    500: "A defect here",
    503: "A part is away",
}


def openapi_document(routes: Sequence[Route], open_routes: Sequence[OpenRoute]) -> Schema:
    """The document for these routes."""
    envelopes: Any = Success
    replies, components = reply_schemas([envelopes[route.reply] for route in routes])
    bodies, body_components = body_schemas([route.body for route in routes])
    queries, query_components = body_schemas([route.query for route in routes])
    components |= body_components | query_components
    names = _operation_ids(routes)
    paths: dict[str, Schema] = {}
    for route, name, reply, body, query in zip(routes, names, replies, bodies, queries, strict=True):
        operation = _operation(route, name, reply, body, components[_name_of(query)])
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    for open_route in open_routes:
        paths[open_route.path] = {"get": _open_operation(open_route, components)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Invoice numbering",
            "version": version("invoice-numbering"),
            "description": "Numbers of fiscal documents: unique, consecutive, every one accounted for.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An API key or a device session token"}
            },
        },
    }


def _operation_ids(routes: Sequence[Route]) -> list[str]:
    """The names of the handlers, told apart where one serves several paths."""
    found: list[str] = []
    for route in routes:
        name: str = getattr(route.handle, "__name__", "call")
        path = re.sub(r"\W+", "_", route.path.removeprefix("/v1/")).strip("_")
        found.append(name if name not in found else f"{name}_{route.method.lower()}_{path}")
    return found


def _operation(route: Route, name: str, reply: Schema, body: Schema, query: Schema) -> Schema:
    operation: Schema = {
        "operationId": name,
        "summary": route.summary,
        "parameters": [*_path_parameters(route), *_query_parameters(query), *_key_parameter(route)],
        "responses": {str(route.status): _response(route.status, reply)} | _failures(route),
    }
    if route.method in {"POST", "PUT", "PATCH"}:
        is_required = bool(_required(route))
        # Where no field is needed, null and [] say nothing, as an empty body does (contract.md D1 and D73).
        schema = body if is_required else {"anyOf": [body, {"type": "null"}, {"type": "array", "maxItems": 0}]}
        operation["requestBody"] = {"required": is_required, "content": {"application/json": {"schema": schema}}}
    return operation


def _open_operation(route: OpenRoute, components: dict[str, Schema]) -> Schema:
    envelopes: Any = Success
    done: Schema = {"description": _REASONS[200], "headers": _HEADERS, "content": {"text/plain": {}}}
    if route.reply is not None:
        (reply, _), needed = reply_schemas([envelopes[route.reply], Failure])
        components |= needed
        done = _response(200, reply)
    failures = _by_status([TABLE[cause] for cause in (*route.refusals, *ALSO_WITHOUT_CREDENTIAL)])
    name = (
        "get_" + (re.sub(r"\W+", "_", route.path).strip("_") or "root") + ("_root" if route.path.endswith("/") else "")
    )
    return {"operationId": name, "summary": route.summary, "security": [], "responses": {"200": done} | failures}


def _required(route: Route) -> list[str]:
    _, components = body_schemas([route.body])
    required: list[str] = components[route.body.__name__].get("required", [])
    return required


def _path_parameters(route: Route) -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]


def _query_parameters(query: Schema) -> list[Schema]:
    """A null default means that the parameter may be left out, not that null may be sent."""
    found: list[Schema] = []
    for name, given in query.get("properties", {}).items():
        schema = next((each for each in given.get("anyOf", []) if each != {"type": "null"}), given)
        found.append({"name": name, "in": "query", "required": False, "schema": schema})
    return found


def _key_parameter(route: Route) -> list[Schema]:
    if route.method != "POST":
        return []
    words = "The same request under the same key is done once, and answered the same"
    schema = {"type": "string", "minLength": 1, "maxLength": 255}
    return [{"name": "Idempotency-Key", "in": "header", "required": False, "description": words, "schema": schema}]


def _failures(route: Route) -> Schema:
    causes = [*ALWAYS, *route.refusals]
    rows: list[Row] = []
    if route.method in {"POST", "PUT", "PATCH"}:
        causes += WITH_BODY
        rows += FIELD_ROWS
    elif route.query.__struct_fields__:
        rows += FIELD_ROWS
    if route.method == "POST":
        causes += WITH_KEY
    return _by_status(rows + [TABLE[cause] for cause in causes])


def _by_status(rows: Sequence[Row]) -> Schema:
    statuses = sorted({row.status for row in rows})
    return {str(status): _failure(status, [row for row in rows if row.status == status]) for status in statuses}


def _failure(status: int, rows: Iterable[Row]) -> Schema:
    examples = {row.code: {"value": {"success": False, "error": _example(row), "meta": _META_EXAMPLE}} for row in rows}
    response = _response(status, {"$ref": "#/components/schemas/Failure"})
    response["content"]["application/json"]["examples"] = examples
    response["description"] += ": " + ", ".join(f"`{code}`" for code in examples)
    return response


def _example(row: Row) -> Schema:
    found: Schema = {"message": row.message, "type": row.type, "code": row.code, "status": row.status}
    return found | ({"param": row.param} if row.param else {})


def _response(status: int, schema: Schema) -> Schema:
    return {
        "description": _REASONS[status],
        "headers": _HEADERS,
        "content": {"application/json": {"schema": schema}},
    }


def _name_of(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


_META_EXAMPLE: Final = {
    "version": "v1",
    "request_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a",
    "response_time": "23.45ms",
}
_HEADERS: Final[dict[str, Any]] = {
    name: {"description": words, "schema": {"type": kind}}
    for name, kind, words in (
        ("X-Request-Id", "string", "The id of this request, as in meta"),
        ("X-RateLimit-Limit", "integer", "Requests in one minute"),
        ("X-RateLimit-Remaining", "integer", "Requests left in this minute"),
        ("X-RateLimit-Reset", "integer", "When the next minute begins, in Unix seconds"),
    )
}
