"""One call of the API as an operation of the OpenAPI document."""

from typing import Any, Final

from schemas.describe.json_schema import Schema
from service.api.calling.route import OpenRoute, Route
from service.api.openapi.examples import REQUESTS
from service.api.openapi.parameters import key_parameter, path_parameters, query_parameters
from service.api.openapi.responses import failure_responses, file_response, success_response, text_response
from service.api.openapi.route_refusals import refusals_of, refusals_of_open

_AS_A_FILE: Final = (
    "With `format`, or the header Accept, the reply is a file instead: CSV, PDF, or a workbook of Excel."
)
"""Files are told in words: for a second content type, generated clients would return one thing or another."""

_NO_CREDENTIAL: Final[list[Any]] = []


def operation(route: Route, reply: Schema, body: Schema, query: dict[str, Any], *, needs_body: bool) -> Schema:
    """The operation of a route; `body` and `reply` are references, `query` the properties of the query."""
    found: Schema = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "description": f"{route.about} {_AS_A_FILE}" if route.is_listing else route.about,
        "parameters": [*path_parameters(route), *query_parameters(query), *key_parameter(route)],
        "responses": {str(route.status): _success(route, reply)} | failure_responses(refusals_of(route)),
    }
    if route.has_body:
        examples = {name: {"value": value} for name, value in REQUESTS[route.body].items()}
        content = {"application/json": {"schema": body, "examples": examples}}
        found["requestBody"] = {"required": needs_body, "content": content}
    return found


def _success(route: Route, reply: Schema) -> Schema:
    if route.file is not None:
        return file_response(route.file)
    return success_response(route.status, reply, may_repeat=route.method == "POST")


def open_operation(route: OpenRoute, reply: Schema | None) -> Schema:
    """The operation of a path that needs no credential; `reply` is a reference, none for text."""
    done = text_response() if reply is None else success_response(200, reply)
    return {
        "operationId": route.operation,
        "tags": ["Service"],
        "summary": route.summary,
        "description": route.about,
        "security": _NO_CREDENTIAL,
        "responses": {"200": done} | failure_responses(refusals_of_open(route)),
    }
