"""What the annotations of a body cannot say: rules between fields, and how parts of a path are written.

The rules are those of `invoice_body.cross_check` and `invoice_update.cross_check`, in the words of JSON Schema.
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
    "then": {"required": ["currency_rate"], "properties": {"currency_rate": {"type": "number"}}},
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
    ]
}

RULES: Final[dict[str, list[Schema]]] = {
    "CreateInvoiceBody": [_GIVEN_CLIENT, _GIVEN_RATE, _NO_RECEIPTS, _NO_TOKEN_FOR_DRAFTS],
    "ItemBody": [_SAYS_WHAT],
}
"""By component; every rule must hold."""

PATH_PARAMETERS: Final[dict[str, Any]] = {
    "id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
    "number": {"type": "integer", "minimum": 1, "maximum": NUMBER_MAX},
    "token": {"type": "string", "minLength": 1, "maxLength": 255},
}
"""Tokens are opaque to clients, so only their length is told."""

KEY: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*[!-~][ -~]*$"}
"""An Idempotency-Key: printable ASCII, and not blanks alone."""
