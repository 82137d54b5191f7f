"""Checks one value of a field against the type, bounds and pattern of its annotation."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Final, cast

from msgspec import inspect as shape

from schemas.api.fields import DIGITS_MAX
from service.api.reading.json_text import Tree, holds_nul
from service.api.reading.printed import is_printed
from service.api.refusals.field_faults import FieldFault, invalid, malformed
from service.documents.currencies import decimals_of

DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_value(kind: shape.Type, path: str, given: Tree, hints: Mapping[str, Any]) -> object:
    """The value of the field, made from `given`, or its fault; `hints` are the extra facts of its annotation."""
    match kind:
        case shape.BoolType():
            return _switch(path, given, is_flag=bool(hints.get("is_flag")))
        case shape.IntType():
            return _whole(kind, path, given)
        case shape.DecimalType():
            return _decimal(path, given, hints)
        case shape.StrType():
            return _text(kind, path, given, hints)
        case shape.DateType():
            return _day(path, given)
        case shape.LiteralType():
            return _choice(kind.values, path, given)
        case shape.EnumType():
            found = _choice(tuple(str(member.value) for member in kind.cls), path, given)
            return found if isinstance(found, FieldFault) else kind.cls(found)
        case shape.DictType():
            return given if isinstance(given, dict) and not holds_nul(given) else invalid(path, "an object without NUL")
        case _:
            raise AssertionError(f"no body of ours has a field of type {kind}")


def _switch(path: str, given: Tree, *, is_flag: bool) -> object:
    if isinstance(given, bool):
        return given
    if is_flag and isinstance(given, int) and given in {0, 1}:
        return bool(given)
    return invalid(path, "0, 1, false or true" if is_flag else "true or false")


def _whole(kind: shape.IntType, path: str, given: Tree) -> object:
    """A whole number may be written as 10.0, as in JSON Schema: many languages have only one type of number."""
    least, most = kind.ge, kind.le
    is_right = (
        isinstance(given, int | Decimal)
        and not isinstance(given, bool)
        and (least is None or given >= least)
        and (most is None or given <= most)
        and given == int(given)
    )
    bounds = "" if least is None else f" from {least} to {most}"
    return int(given) if is_right and isinstance(given, int | Decimal) else invalid(path, f"a whole number{bounds}")


def _decimal(path: str, given: Tree, hints: Mapping[str, Any]) -> object:
    """A decimal number. Size and digits are checked before any arithmetic, so that 1e999999 costs nothing."""
    least, most = Decimal(hints["minimum"]), Decimal(hints["maximum"])
    if isinstance(given, bool) or not isinstance(given, int | Decimal) or not least <= given <= most:
        return invalid(path, f"a number from {least} to {most}{hints['words']}")
    value = Decimal(given)
    _, digits, exponent = value.as_tuple()
    if len(digits) > DIGITS_MAX or not isinstance(exponent, int) or exponent < -DIGITS_MAX:
        return invalid(path, f"a number of at most {DIGITS_MAX} digits")
    return value


def _text(kind: shape.StrType, path: str, given: Tree, hints: Mapping[str, Any]) -> object:
    if not isinstance(given, str):
        return invalid(path, "a string")
    value = given.strip() if hints.get("is_trimmed") else given
    if len(value) < (kind.min_length or 0) or (kind.max_length is not None and len(value) > kind.max_length):
        return invalid(path, hints.get("words") or f"{kind.min_length or 0} to {kind.max_length} characters long")
    if holds_nul(value):
        return invalid(path, "without the character NUL")
    if kind.pattern is not None and _pattern(kind.pattern).fullmatch(value) is None:
        if syntax := hints.get("syntax"):
            return malformed(path, syntax)
        return invalid(path, hints["words"])
    if hints.get("is_currency") and decimals_of(value) is None:
        return invalid(path, hints["words"])
    if hints.get("is_printed") and not is_printed(value):
        return invalid(path, "text with a printable character and without control characters")
    return value


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _day(path: str, given: Tree) -> object:
    if not isinstance(given, str):
        return invalid(path, "a string: a date as YYYY-MM-DD")
    try:
        return date.fromisoformat(given) if DAY.fullmatch(given) else malformed(path, "a date as YYYY-MM-DD")
    except ValueError:
        return malformed(path, "a day of the calendar, as YYYY-MM-DD")


def _choice(choices: Iterable[object], path: str, given: Tree) -> object:
    """The choice that equals the given value; 19.0 equals 19, but true does not equal 1."""
    if not isinstance(given, bool | list | dict):
        for choice in choices:
            if choice == given:
                return choice
    return invalid(path, f"one of {', '.join(str(choice) for choice in choices)}")


def hints_of(kind: shape.Metadata) -> Mapping[str, Any]:
    """The extra facts of an annotation. msgspec types them as a bare dict."""
    return cast("Mapping[str, Any]", kind.extra or {})  # pyright: ignore[reportUnknownMemberType] - see above
