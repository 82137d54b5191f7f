"""The faults of the fields of a request, one for each wrong field (CONTRACT.md D73)."""

from typing import Final, Literal

from msgspec import Struct

FaultCode = Literal["missing_required_field", "invalid_field_value", "invalid_format"]

SEVERAL_WRONG: Final = "invalid_request"
"""The code if several fields are wrong; if one is, the refusal has the code of its fault."""


class FieldFault(Struct, frozen=True):
    """The field at the dotted `path`, such as items.0.price, is wrong; `message` says what it must be."""

    path: str
    code: FaultCode
    message: str


def missing(path: str, message: str | None = None) -> FieldFault:
    """The fault of a required field that is missing."""
    return FieldFault(path, "missing_required_field", message or f"{path} is required.")


def invalid(path: str, must_be: str) -> FieldFault:
    """The fault of a field that has the wrong JSON type or is out of range."""
    return FieldFault(path, "invalid_field_value", f"{path} must be {must_be}.")


def malformed(path: str, must_be: str) -> FieldFault:
    """The fault of a text that is not written in the required form."""
    return FieldFault(path, "invalid_format", f"{path} must be {must_be}.")
