"""What is wrong with the fields of a request, one fault a field (CONTRACT.md D73)."""

from typing import Literal

from msgspec import Struct

FaultCode = Literal["missing_required_field", "invalid_field_value", "invalid_format"]


class FieldFault(Struct, frozen=True):
    """The field at the dotted `path`, such as items.0.price, is wrong; `message` says how to put it right."""

    path: str
    code: FaultCode
    message: str


def missing(path: str, message: str | None = None) -> FieldFault:
    """A field that must be there is not."""
    return FieldFault(path, "missing_required_field", message or f"{path} is required.")


def invalid(path: str, must_be: str) -> FieldFault:
    """A field of the wrong JSON type, or out of its range."""
    return FieldFault(path, "invalid_field_value", f"{path} must be {must_be}.")


def malformed(path: str, must_be: str) -> FieldFault:
    """A text that is not written as it must be."""
    return FieldFault(path, "invalid_format", f"{path} must be {must_be}.")
