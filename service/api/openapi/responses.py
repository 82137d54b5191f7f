"""The responses in the OpenAPI document: success and refusals, each with examples."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from schemas.describe.json_schema import Schema
from service.api.calling.reply import problem_of
from service.api.openapi.examples import META, reply_example
from service.api.refusals.table import Refusal

_REASONS: Final = {
    200: "Done",
    201: "Created",
    400: "The request is invalid, or the state of the object does not allow it",
    401: "Unknown or missing credential",
    403: "The caller may not do this",
    404: "Not found",
    406: "The reply is not there in a form that the client accepts",
    408: "The request arrived too slowly",
    409: "The request conflicts with the present state",
    413: "The body is too large",
    415: "The body is compressed",
    429: "Too many requests in this minute",
    500: "A defect of the service",
    503: "A part of the service is unavailable",
}

_WHOLE: Final[Schema] = {"type": "integer", "format": "int64"}
_TRUE: Final[Schema] = {"type": "string", "enum": ["true"]}

HEADERS: Final[dict[str, Any]] = {
    name: {"description": words, "schema": schema}
    for name, schema, words in (
        ("X-Request-Id", {"type": "string"}, "The id of this request, as in `meta`"),
        (
            "X-RateLimit-Limit",
            _WHOLE,
            "How many requests a credential may send in one minute; each process of the service counts for itself",
        ),
        (
            "X-RateLimit-Remaining",
            _WHOLE,
            "How many of them are left in this minute, by the count of the process that answered",
        ),
        ("X-RateLimit-Reset", _WHOLE, "When the next minute begins, in Unix seconds"),
        ("Idempotent-Replayed", _TRUE, "Present if this is the kept reply to an earlier request with the same key"),
        ("Retry-After", _WHOLE, "How many seconds to wait before the request is sent again"),
        ("WWW-Authenticate", {"type": "string"}, "`Bearer`: which kind of credential is wanted"),
    )
}
"""The headers of the responses; the document describes each once."""

_ALWAYS: Final = ("X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def success_response(status: int, schema: Schema, *, may_repeat: bool = False) -> Schema:
    """The response to a request that was done; `schema` refers to the envelope that contains the data."""
    response = _response(status, schema, ("Idempotent-Replayed",) if may_repeat else ())
    name = str(schema["$ref"]).rpartition("/")[2].removeprefix("Success_")
    response["content"]["application/json"]["example"] = {"success": True, "data": reply_example(name), "meta": META}
    return response


def text_response() -> Schema:
    """The response of a path that returns text."""
    content = {"text/plain": {"schema": {"type": "string"}, "example": "numbering_log_position 104.0\n"}}
    return {"description": _REASONS[200], "headers": _headers(), "content": content}


def file_response(content_type: str) -> Schema:
    """The response of a call whose reply is a file."""
    content = {content_type: {"schema": {"type": "string", "format": "binary"}}}
    return {"description": _REASONS[200], "headers": _headers(), "content": content}


def failure_responses(refusals: Sequence[Refusal]) -> Schema:
    """The responses to refused requests, by status, with an example for each cause."""
    statuses = sorted({refusal.status for refusal in refusals})
    return {str(status): _failure(status, [each for each in refusals if each.status == status]) for status in statuses}


def _failure(status: int, refusals: Sequence[Refusal]) -> Schema:
    own = ("WWW-Authenticate",) if status == 401 else ()
    if any(refusal.retry_after for refusal in refusals):
        own = (*own, "Retry-After")
    response = _response(status, {"$ref": "#/components/schemas/Failure"}, own)
    examples: Schema = {}
    for refusal in refusals:
        error = msgspec.to_builtins(problem_of(refusal, META["request_id"]))
        example = {"value": {"success": False, "error": error, "meta": META}}
        if example not in examples.values():
            examples[_key(refusal.code, examples)] = example
    response["content"]["application/json"]["examples"] = examples
    codes = dict.fromkeys(example["value"]["error"]["code"] for example in examples.values())
    response["description"] += ": " + ", ".join(f"`{code}`" for code in codes)
    return response


def _key(code: str, taken: Schema) -> str:
    """The name of an example: the code for its first cause, the code and a number for each further cause."""
    found = sum(key.partition(" ")[0] == code for key in taken)
    return f"{code} {found + 1}" if found else code


def _response(status: int, schema: Schema, own_headers: Sequence[str]) -> Schema:
    return {
        "description": _REASONS[status],
        "headers": _headers(*own_headers),
        "content": {"application/json": {"schema": schema}},
    }


def _headers(*own: str) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*_ALWAYS, *own)}
