"""Series and their locks (CONTRACT.md sections 6.1 and 8)."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, assert_never

from tests.model.books import Series
from tests.model.words import (
    Describe,
    Expected,
    ListSeries,
    Lock,
    MakePrimary,
    OpenSeries,
    ReadSeries,
    RefusedError,
    Unlock,
    Who,
)

if TYPE_CHECKING:
    from tests.model.model import Model

_PIECE: Final = re.compile(r"\{year\}|\{number\}|.")

Asked = OpenSeries | MakePrimary | Describe | Lock | Unlock | ReadSeries | ListSeries


def answer(model: Model, who: Who, asked: Asked) -> Expected:
    """What the contract says for this request."""
    if isinstance(asked, OpenSeries):
        return Expected(201, data=_open(model, who, asked).view())
    if isinstance(asked, ListSeries):
        return _list(model, who, asked)
    series = model.find_series(who, asked.series)
    match asked:
        case MakePrimary():
            _make_primary(model, who, series)
        case Describe():
            # The description that it has may be named at any time (D94).
            if series.is_used and asked.description != series.description:
                raise RefusedError(400, "series_in_use")
            series.description = asked.description
        case Lock():
            _lock(model, who, series)
        case Unlock():
            _unlock(who, series, force=asked.force)
        case ReadSeries():
            pass
        case _:
            assert_never(asked)
    return Expected(200, data=series.view())


def _open(model: Model, who: Who, asked: OpenSeries) -> Series:
    """Names are unique without case per type (D20), and so is what is printed (D87); the first of a type is primary."""
    siblings = [each for each in model.series_of(who) if each.document_type == asked.document_type]
    if any(each.name.lower() == asked.name.lower() for each in siblings):
        raise RefusedError(409, "resource_already_exists", "name")
    number_format = asked.format or asked.name + "-{year}-{number}"
    if any(can_meet(number_format, each.format) for each in siblings):
        raise RefusedError(409, "resource_already_exists", "format")
    series = Series(
        handle=f"series {len(model.series) + 1}",
        partition=(who.firm, who.mode),
        name=asked.name,
        document_type=asked.document_type,
        format=number_format,
        start_number=asked.start_number,
        next_number=asked.start_number,
        is_primary=not siblings,
        created_at=model.now,
    )
    model.series[series.handle] = series
    if asked.is_primary:
        _make_primary(model, who, series)
    return series


def can_meet(one: str, other: str) -> bool:
    """Whether one text fits both formats, place by place; the last digit of a number may come again (D18, D87)."""
    return _meet(_places(one), _places(other))


@cache
def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not one or not other:
        return {*one, *other} <= {"more"}
    here, there = one[0], other[0]
    if here == "more":
        return _meet(one[1:], other) or ((_is_digit(there) or there == "more") and _meet(one, other[1:]))
    if there == "more":
        return _meet(one, other[1:]) or (_is_digit(here) and _meet(one[1:], other))
    is_same = here == there or (_is_digit(here) and there == "digit") or (_is_digit(there) and here == "digit")
    return is_same and _meet(one[1:], other[1:])


def _is_digit(place: str) -> bool:
    return place == "digit" or place in set("0123456789")


def _places(number_format: str) -> tuple[str, ...]:
    """One entry a character: itself, `digit` for any digit, and `more` for any number of digits."""
    pieces = {"{year}": ("digit",) * 4, "{number}": (*("digit",) * 5, "more")}
    return tuple(place for each in _PIECE.findall(number_format) for place in pieces.get(each, (each,)))


def _make_primary(model: Model, who: Who, series: Series) -> None:
    for each in model.series_of(who):
        if each.document_type == series.document_type:
            each.is_primary = each is series


def _list(model: Model, who: Who, asked: ListSeries) -> Expected:
    """Primary ones first, then by age (D31)."""
    found = [each for each in model.series_of(who) if asked.document_type in {None, each.document_type}]
    found.sort(key=lambda each: (not each.is_primary, each.created_at))
    return Expected(200, data={"object": "list", "data": [each.view() for each in found], "total": len(found)})


def _lock(model: Model, who: Who, series: Series) -> None:
    if not who.device:
        raise RefusedError(403, "device_id_missing")
    if series.holder not in {None, who.device}:
        raise RefusedError(409, "series_locked_other_device")
    if series.holder is None:
        series.holder, series.locked_at = who.device, model.now


def _unlock(who: Who, series: Series, *, force: bool) -> None:
    """The holder may unlock, and by force a key or an admin (D50, D75); reservations stay as they are."""
    if series.holder is not None and series.holder != who.device:
        if not force:
            raise RefusedError(403, "series_locked_other_device")
        if not (who.is_key or who.is_admin):
            raise RefusedError(403, "insufficient_permissions")
    series.holder = series.locked_at = None


def check_gate(who: Who, series: Series) -> None:
    """While a series is locked, only its holder takes new numbers from it (section 8)."""
    if series.holder is None or series.holder == who.device:
        return
    raise RefusedError(403, "series_locked_other_device" if who.device else "series_locked_to_device")
