"""Reservations: taking, listing, giving up (CONTRACT.md section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from tests.model.books import Series, Slot
from tests.model.words import Expected, ListPending, ReadToken, RefusedError, Release, Reserve, Who

if TYPE_CHECKING:
    from tests.model.model import Model

Asked = Reserve | Release | ListPending | ReadToken

NUMBER_MAX: Final = 9007199254740991


def answer(model: Model, who: Who, asked: Asked) -> Expected:
    """What the contract says for this request."""
    match asked:
        case Reserve():
            return _reserve(model, who, asked)
        case ListPending():
            series = model.find_series(who, asked.series)
            return _listed(series, [each for each in _by_number(series) if _is_usable(model, who, each)], 200)
        case Release() | ReadToken():
            found = model.find_slot(who, asked.token)
            if found is None:
                raise RefusedError(404, "resource_missing")
            series, slot = found
            if isinstance(asked, Release):
                _release(model, who, slot)
            elif slot.device != who.device and not who.is_key:
                raise RefusedError(403, "forbidden")
            return Expected(200, data=series.slot_view(slot, slot.status_at(model.now)))
        case _:
            assert_never(asked)


def take(series: Series, count: int) -> range:
    """The next numbers; the counter moves past them for ever (D84)."""
    if series.next_number + count - 1 > NUMBER_MAX:
        raise RefusedError(409, "series_exhausted")
    numbers = range(series.next_number, series.next_number + count)
    series.next_number += count
    return numbers


def _reserve(model: Model, who: Who, asked: Reserve) -> Expected:
    count = 10 if asked.count is None else asked.count
    if not 1 <= count <= 50:
        raise RefusedError(400, "invalid_field_value", "count")
    series = model.find_series(who, asked.series)
    if series.holder is None or series.holder != who.device:
        raise RefusedError(409, "series_not_locked_to_device")
    now = model.now
    slots = [Slot(number, now, who.device, now + model.ttl_seconds) for number in take(series, count)]
    series.slots |= {slot.number: slot for slot in slots}
    return _listed(series, slots, 201)


def _release(model: Model, who: Who, slot: Slot) -> None:
    """The owner is checked before the fate (D74); a second release changes nothing (D44)."""
    if slot.device != who.device:
        raise RefusedError(403, "forbidden")
    match slot.status_at(model.now):
        case "consumed":
            raise RefusedError(409, "reservation_already_consumed")
        case "expired":
            raise RefusedError(409, "reservation_expired")
        case _:
            slot.status = "released"


def check_token(model: Model, who: Who, slot: Slot) -> None:
    """Status, then expiry, then device (D55); an unswept expiry is expired as well (D47)."""
    match slot.status_at(model.now):
        case "consumed":
            raise RefusedError(409, "reservation_already_consumed")
        case "released":
            raise RefusedError(409, "reservation_not_pending")
        case "expired":
            raise RefusedError(409, "reservation_expired")
        case _:
            if slot.device != who.device:
                raise RefusedError(403, "reservation_device_mismatch")


def _is_usable(model: Model, who: Who, slot: Slot) -> bool:
    return who.device is not None and slot.device == who.device and slot.status_at(model.now) == "pending"


def _by_number(series: Series) -> list[Slot]:
    return [series.slots[number] for number in sorted(series.slots)]


def _listed(series: Series, slots: list[Slot], status: int) -> Expected:
    views = [series.slot_view(slot, "pending") for slot in slots]
    return Expected(status, data={"object": "list", "data": views, "total": len(views)})
