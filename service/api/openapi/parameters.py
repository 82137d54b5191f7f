"""The parameters of a call in the OpenAPI document: the variables of its path, its query and its header."""

import re
from typing import Any, Final

from schemas.describe.json_schema import Schema
from schemas.values import NUMBER_MAX
from service.api.calling.route import Route

_ID: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}
_PATH: Final[dict[str, tuple[str, Schema]]] = {
    "number": ("A number of the series.", {"type": "integer", "format": "int64", "minimum": 1, "maximum": NUMBER_MAX}),
    "token": ("The token of the reservation.", {"type": "string", "minLength": 1, "maxLength": 255}),
}
"""Words and schema of each variable of a path but `id`. Tokens are opaque to clients, so only their length is told."""

_KEY: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*[!-~][ -~]*$"}
"""Printable ASCII, not only spaces."""


def path_parameters(route: Route) -> list[Schema]:
    """The variables of the path."""
    owner = "invoice" if route.tag == "Invoices" else "series"
    known = {"id": (f"The id of the {owner}.", _ID), **_PATH}
    return [_parameter(name, "path", *known[name]) for name in re.findall(r"\{(\w+)\}", route.path)]


def query_parameters(properties: dict[str, Any]) -> list[Schema]:
    """The parameters of the query. A null default means that it may be left out, not that null may be sent."""
    found: list[Schema] = []
    for name, given in properties.items():
        schema = next((each for each in given.get("anyOf", []) if each != {"type": "null"}), given)
        found.append(
            _parameter(name, "query", given["description"], {k: v for k, v in schema.items() if k != "description"})
        )
    return found


def key_parameter(route: Route) -> list[Schema]:
    """The header Idempotency-Key, which every POST takes."""
    words = "A request that is sent again with the same key is done once and gets the same reply."
    return [_parameter("Idempotency-Key", "header", words, _KEY)] if route.method == "POST" else []


def _parameter(name: str, place: str, words: str, schema: Schema) -> Schema:
    return {"name": name, "in": place, "required": place == "path", "description": words, "schema": schema}
