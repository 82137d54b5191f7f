"""Makes the OpenAPI 3.1 document from the routes of the server and the one table of refusals."""

import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

from schemas.api.envelope import Failure, Success
from schemas.describe.json_schema import Schema, body_schemas, reply_schemas
from schemas.rejections import IdempotencyInProgress, IdempotencyKeyReused
from service.api.calling.route import OpenRoute, Route
from service.api.openapi.examples import REQUESTS, field_examples, refusal_example
from service.api.openapi.responses import failure_responses, success_response, text_response, without_body
from service.api.openapi.rules import KEY, PATH_PARAMETERS, RULES
from service.api.refusals import causes as edge
from service.api.refusals.table import Refusal

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
WITH_BODY: Final = (edge.BodyUnreadable, edge.BodyTooLarge, edge.BodyEncoded)
WITH_KEY: Final = (IdempotencyKeyReused, IdempotencyInProgress, edge.ParameterWrong)

_ABOUT: Final = """\
Numbers for fiscal documents: unique, consecutive, and every number is accounted for.

Every reply, also a refusal, is an envelope with a request id in `meta`. A path that answers GET also answers HEAD. Any
other method is refused with 405 `method_not_allowed` and an Allow header. Unknown fields and query parameters are
ignored.
"""


def openapi_document(routes: Sequence[Route], open_routes: Sequence[OpenRoute]) -> Schema:
    """The document that describes these routes."""
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
    for methods in paths.values():
        if "get" in methods:
            methods["head"] = _head_operation(methods["get"])
    for name, rules in RULES.items():
        components[name]["allOf"] = rules
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Invoice numbering",
            "version": version("invoice-numbering"),
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": _BEARER},
        },
    }


def _operation_ids(routes: Sequence[Route]) -> list[str]:
    """A unique name for each route: the name of its handler, with method and path if it serves several routes."""
    found: list[str] = []
    for route in routes:
        name: str = getattr(route.handle, "__name__", "call")
        path = re.sub(r"\W+", "_", route.path.removeprefix("/v1/")).strip("_")
        found.append(name if name not in found else f"{name}_{route.method.lower()}_{path}")
    return found


def _operation(route: Route, name: str, reply: Schema, body: Schema, query: Schema) -> Schema:
    operation: Schema = {
        "operationId": name,
        "tags": [route.tag],
        "summary": route.summary,
        "parameters": [*_path_parameters(route), *_query_parameters(query), *_key_parameter(route)],
        "responses": {str(route.status): success_response(route.status, reply)} | _failures(route),
    }
    if route.method in {"POST", "PUT", "PATCH"}:
        is_required = bool(_required(route))
        # If no field is required, null and [] mean the same as an empty body (CONTRACT.md D1 and D73).
        schema = body if is_required else {"anyOf": [body, {"type": "null"}, {"type": "array", "maxItems": 0}]}
        examples = {name: {"value": value} for name, value in REQUESTS[route.body].items()}
        content = {"application/json": {"schema": schema, "examples": examples}}
        operation["requestBody"] = {"required": is_required, "content": content}
    return operation


def _open_operation(route: OpenRoute, components: dict[str, Schema]) -> Schema:
    envelopes: Any = Success
    done = text_response()
    if route.reply is not None:
        (reply, _), needed = reply_schemas([envelopes[route.reply], Failure])
        components |= needed
        done = success_response(200, reply)
    failures = failure_responses([refusal_example(cause) for cause in (*route.refusals, *ALSO_WITHOUT_CREDENTIAL)])
    name = re.sub(r"\W+", "_", route.path).strip("_") + ("_root" if route.path.endswith("/") else "")
    return {
        "operationId": f"get_{name}",
        "tags": ["Service"],
        "summary": route.summary,
        "security": [],
        "responses": {"200": done} | failures,
    }


def _head_operation(get: Schema) -> Schema:
    changed = {
        "operationId": f"head_{get['operationId']}",
        "summary": f"{get['summary']}: only the headers",
        "responses": without_body(get["responses"]),
    }
    return get | changed


def _required(route: Route) -> list[str]:
    _, components = body_schemas([route.body])
    required: list[str] = components[route.body.__name__].get("required", [])
    return required


def _path_parameters(route: Route) -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, "schema": PATH_PARAMETERS[name]}
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
    words = "A request that is sent again with the same key is done once and gets the same reply"
    return [{"name": "Idempotency-Key", "in": "header", "required": False, "description": words, "schema": KEY}]


def _failures(route: Route) -> Schema:
    causes = [*ALWAYS, *route.refusals]
    refusals: list[Refusal] = []
    if route.method in {"POST", "PUT", "PATCH"}:
        causes += WITH_BODY
    if route.body.__struct_fields__ or route.query.__struct_fields__:
        refusals += field_examples().values()
    if route.method == "POST":
        causes += WITH_KEY
    return failure_responses(refusals + [refusal_example(cause) for cause in causes])


def _name_of(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


_BEARER: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key (sk_live_, sk_test_) or the token of a device session, a JWT",
}
