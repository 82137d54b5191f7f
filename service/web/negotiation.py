"""What a client wants of several forms of one resource, by its Accept headers (RFC 9110 section 12)."""

import re
from typing import Final

_WEIGHT: Final = re.compile(r"[01](\.\d{0,3})?", re.ASCII)


def weight(header: str, name: str) -> float:
    """How much the client wants the form of this name, from 0 to 1; 0 for a form that the header does not name."""
    for part in header.lower().split(","):
        named, *parameters = (each.strip() for each in part.split(";"))
        if named == name:
            return next((_value(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
    return 0.0


def _value(text: str) -> float:
    return float(text) if _WEIGHT.fullmatch(text) else 0.0
