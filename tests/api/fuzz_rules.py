"""What the service accepts beyond the OpenAPI document, and rules of bodies that the document tells in words only.

Generators of clients cannot read these, so the document has them in its descriptions. The fuzz test puts them back.
"""

from typing import Any, Final

from msgspec import Struct

from schemas.api import bodies, queries

Schema = dict[str, Any]

_GIVEN_CLIENT: Final[Schema] = {
    "anyOf": [
        {"required": ["client_id"], "properties": {"client_id": {"type": "string"}}},
        {"required": ["client_data"], "properties": {"client_data": {"type": "object"}}},
    ]
}
_GIVEN_RATE: Final[Schema] = {
    "if": {"required": ["currency"], "properties": {"currency": {"not": {"const": "RON"}}}},
    "then": {
        "anyOf": [
            {"required": ["currency_rate"], "properties": {"currency_rate": {"type": "number"}}},
            {"required": ["exchange_rate"], "properties": {"exchange_rate": {"type": "number"}}},
        ]
    },
}
_IS_DRAFT: Final[Schema] = {"required": ["is_draft"], "properties": {"is_draft": {"enum": [1, True]}}}
_NO_RECEIPTS: Final[Schema] = {
    "if": {"required": ["document_type"], "properties": {"document_type": {"const": "receipt"}}},
    "then": _IS_DRAFT,
}
_NO_TOKEN_FOR_DRAFTS: Final[Schema] = {
    "if": _IS_DRAFT,
    "then": {"properties": {"reservation_token": {"type": "null"}}},
}
_SAYS_WHAT: Final[Schema] = {
    "anyOf": [
        {"required": ["description"], "properties": {"description": {"type": "string"}}},
        {"required": ["product_czuid"], "properties": {"product_czuid": {"type": "string"}}},
        {"required": ["product_id"], "properties": {"product_id": {"type": "string"}}},
    ]
}
RULES: Final[dict[str, list[Schema]]] = {
    "CreateInvoiceBody": [_GIVEN_CLIENT, _GIVEN_RATE, _NO_RECEIPTS, _NO_TOKEN_FOR_DRAFTS],
    "ItemBody": [_SAYS_WHAT],
}
"""The rules of each component; all of them must hold."""

FLAG: Final[Schema] = {"enum": [0, 1, False, True]}


def widen(document: Schema) -> None:
    """Make the document say all that the service accepts, and no more."""
    schemas = document["components"]["schemas"]
    for name, rules in RULES.items():
        schemas[name]["allOf"] = rules
    for kind in _structs(bodies):
        for name in flags_of(kind):
            schemas[kind.__name__]["properties"][name] = _flag(schemas[kind.__name__]["properties"][name])
    flags = {name for kind in _structs(queries) for name in flags_of(kind)}
    for operation in (each for methods in document["paths"].values() for each in methods.values()):
        for parameter in operation.get("parameters", []):
            if parameter["name"] in flags:
                parameter["schema"] = FLAG
        body = operation.get("requestBody")
        if body is not None and not body["required"]:
            content = body["content"]["application/json"]
            content["schema"] = {"anyOf": [content["schema"], {"type": "null"}, {"type": "array", "maxItems": 0}]}


def flags_of(kind: type[Struct]) -> list[str]:
    """The fields of this struct that may be 0 or 1."""
    return [name for name, hint in kind.__annotations__.items() if "is_flag" in str(hint)]


def _flag(schema: Schema) -> Schema:
    return {"anyOf": [FLAG, {"type": "null"}]} if "anyOf" in schema else FLAG


def _structs(module: object) -> list[type[Struct]]:
    return [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Struct)]
