"""The responses of the OpenAPI document: what a success and each refusal look like, with examples."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from schemas.describe.json_schema import Schema
from service.api.calling.reply import problem_of
from service.api.openapi.examples import META, reply_example
from service.api.refusals.table import Refusal

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

_HEADERS: Final[dict[str, Any]] = {
    name: {"description": words, "schema": {"type": kind}}
    for name, kind, words in (
        ("X-Request-Id", "string", "The id of this request, as in meta"),
        ("X-RateLimit-Limit", "integer", "Requests in one minute"),
        ("X-RateLimit-Remaining", "integer", "Requests left in this minute"),
        ("X-RateLimit-Reset", "integer", "When the next minute begins, in Unix seconds"),
    )
}


def success_response(status: int, schema: Schema) -> Schema:
    """The response to a request that was done; `schema` refers to the envelope with the data in it."""
    response = _response(status, schema)
    name = str(schema["$ref"]).rpartition("/")[2].removeprefix("Success_")
    response["content"]["application/json"]["example"] = {"success": True, "data": reply_example(name), "meta": META}
    return response


def text_response() -> Schema:
    """The response of a path that answers with text."""
    return {"description": _REASONS[200], "headers": _HEADERS, "content": {"text/plain": {}}}


def failure_responses(refusals: Sequence[Refusal]) -> Schema:
    """The responses to requests that were not done, by status, with an example of each cause."""
    statuses = sorted({refusal.status for refusal in refusals})
    return {str(status): _failure(status, [each for each in refusals if each.status == status]) for status in statuses}


def without_body(responses: Schema) -> Schema:
    """The responses to HEAD where GET has these."""
    return {
        status: {name: part for name, part in response.items() if name != "content"}
        for status, response in responses.items()
    }


def _failure(status: int, refusals: Iterable[Refusal]) -> Schema:
    response = _response(status, {"$ref": "#/components/schemas/Failure"})
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
    """The code itself for its first cause, and a number behind it for those that share it."""
    found = sum(key.partition(" ")[0] == code for key in taken)
    return f"{code} {found + 1}" if found else code


def _response(status: int, schema: Schema) -> Schema:
    return {
        "description": _REASONS[status],
        "headers": _HEADERS,
        "content": {"application/json": {"schema": schema}},
    }
