"""Refuses a call about a series that names what it does not set, with another value than it has (CONTRACT.md D94)."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas.api.bodies import OpenSeriesBody, ReserveNumbersBody, UnlockBody
from schemas.api.objects import InvoiceSeries, Lock, NumberReservation
from service.api.calling.call import Call
from service.api.reading.json_text import Tree
from service.api.reading.known_names import Shown, names_of, other_values, refuse_other_values, shown
from service.api.refusals.field_faults import FieldFault
from service.api.series.reservation_objects import reservation_object
from service.api.series.series_objects import series_objects

_WHY: Final = "cannot be set here; leave it out, or send the value that it has."

_BODIES: Final = names_of(OpenSeriesBody, UnlockBody, ReserveNumbersBody)
_KNOWN: Final = names_of(InvoiceSeries, Lock) | _BODIES
_OF_RESERVATIONS: Final = names_of(NumberReservation, ReserveNumbersBody) | {"reason", "reason_code"}

_ABSENT: Final[Shown] = MappingProxyType(dict.fromkeys(_BODIES - names_of(InvoiceSeries)))
"""Null in a field that only requests have is no demand."""

_NEW: Final[Shown] = MappingProxyType(
    dict.fromkeys(_KNOWN - names_of(OpenSeriesBody))
    | {"object": "invoice_series", "is_used": False, "is_locked": False}
)


def opening_faults(fields: Mapping[str, Tree], year: int) -> Iterator[FieldFault]:
    """The names that no caller can choose for a new series, given with another value than it will have."""
    start_number = fields.get("start_number", 1)
    will_have = {"year": year, "next_number": start_number, "force": False}
    yield from other_values(fields, (_NEW, will_have), "cannot be chosen for a new series; leave it out.")


async def refuse_named_fields(call: Call, *outcome: Shown, but: frozenset[str] = frozenset()) -> None:
    """Raise RefusedError if the body names a field of the series in the path with another value than it has or gets.

    `outcome` is what the call makes of the series, `but` are the names that it honours. Raises LogUnavailableError.
    """
    named = (_KNOWN & call.fields().keys()) - but
    if not named:
        return
    series, state = await call.series()
    view = (await series_objects([series.view(state.position)], call.dependencies.access))[0]
    has: dict[str, Any] = dict.fromkeys(_KNOWN) | {"force": False}
    has |= {} if view.lock is None else shown(view.lock)
    _refuse(call, named, has | shown(view), _ABSENT, *outcome)


async def lock_by_caller(call: Call) -> Shown:
    """The lock that the caller gets. Raises LogUnavailableError."""
    caller, session_id = call.caller, call.caller.session_id
    names = {} if session_id is None else await call.dependencies.access.device_names([session_id])
    return {
        "device_id": caller.device_id,
        "session_id": session_id,
        "user_id": caller.actor.user_id,
        "device_name": names.get(session_id) if session_id is not None else None,
        "device_platform": None if caller.platform is None else caller.platform.value,
    }


async def refuse_named_in_reserve(call: Call) -> None:
    """Raise RefusedError if the body of a reserve names what follows from series and caller, with another value.

    Raises LogUnavailableError.
    """
    named = (_OF_RESERVATIONS & call.fields().keys()) - names_of(ReserveNumbersBody)
    if named:
        follows = {"series_id": call.series_id(), "device_id": call.caller.device_id, "status": "pending"}
        _refuse(call, named, dict.fromkeys(_OF_RESERVATIONS) | {"object": "number_reservation"} | follows)
    await refuse_named_fields(call, but=_OF_RESERVATIONS)


async def refuse_named_in_release(call: Call) -> None:
    """Raise RefusedError if the body names a field of the reservation in the path with another value than it has.

    A reason is refused, because nothing keeps it yet. Raises LogUnavailableError.
    """
    named = _OF_RESERVATIONS & call.fields().keys()
    if named:
        found = await reservation_object(call, call.place("token"))
        _refuse(call, named, dict.fromkeys(_OF_RESERVATIONS) | shown(found), {"status": "released"})


def _refuse(call: Call, named: frozenset[str], *expected: Shown) -> None:
    given = {name: call.fields()[name] for name in named}
    refuse_other_values(given, *expected, why=_WHY)
