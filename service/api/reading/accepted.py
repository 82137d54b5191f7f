"""Which of several forms of one resource a client accepts, by its headers (RFC 9110 section 12.5)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

_WEIGHT: Final = re.compile(r"[01](\.\d{0,3})?", re.ASCII)
HEADER_MAX: Final = 1000
"""What is longer is read as far as this; no client of ours sends so much."""


def best_type(header: str, offered: Sequence[str]) -> str | None:
    """The media type that the client wants most, the first of equals; none if it accepts none of them."""
    ranges = weights(header)
    if not ranges:
        return offered[0]
    found = max(offered, key=lambda each: _of_type(each, ranges))
    return found if _of_type(found, ranges) > 0 else None


def best_language(header: str, offered: Sequence[str]) -> str:
    """The language that the client wants most; the first one if it names none of them. `ro` also means `ro-RO`."""
    ranges = {name.partition("-")[0]: weight for name, weight in sorted(weights(header).items())}
    found = max(offered, key=lambda each: ranges.get(each, 0.0))
    return found if ranges.get(found, 0.0) > 0 else offered[0]


def _of_type(offered: str, ranges: Mapping[str, float]) -> float:
    """The weight of the most exact range that has the type."""
    whole = f"{offered.partition('/')[0]}/*"
    return next((ranges[name] for name in (offered, whole, "*/*") if name in ranges), 0.0)


def weights(header: str) -> dict[str, float]:
    """How much the client wants each form that the header names, from 0 to 1."""
    found: dict[str, float] = {}
    for part in header[:HEADER_MAX].lower().split(","):
        named, *parameters = (each.strip() for each in part.split(";"))
        if named:
            found[named] = next((_value(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
    return found


def _value(text: str) -> float:
    return min(1.0, float(text)) if _WEIGHT.fullmatch(text) else 0.0
