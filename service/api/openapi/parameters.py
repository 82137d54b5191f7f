"""JSON Schema that annotations cannot express: rules between fields, and the form of variables of a path.

The rules are those of `cross_check` in `invoices/create_body.py` and `invoices/update_body.py`.
"""

from typing import Any, Final

from schemas.describe.json_schema import Schema
from schemas.values import NUMBER_MAX

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

PATH_PARAMETERS: Final[dict[str, Any]] = {
    "id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
    "number": {"type": "integer", "minimum": 1, "maximum": NUMBER_MAX},
    "token": {"type": "string", "minLength": 1, "maxLength": 255},
}
"""Tokens are opaque to clients, so the document states only their length."""

KEY: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*[!-~][ -~]*$"}
"""An Idempotency-Key: printable ASCII, not only spaces."""
