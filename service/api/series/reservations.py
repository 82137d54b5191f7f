"""The calls about number reservations (CONTRACT.md section 7)."""

from typing import Final

from schemas.api.bodies import ReserveNumbersBody
from schemas.api.objects import ListOf, NumberReservation
from schemas.commands import ReleaseReservation, ReserveNumbers
from schemas.outcomes import ReleasedOutcome, ReservedOutcome
from schemas.rejections import (
    NotYourReservation,
    PendingLimitReached,
    ReservationAlreadyConsumed,
    ReservationHasExpired,
    ReservationNotFound,
    SeriesExhausted,
    SeriesNotLockedToDevice,
    SeriesUnknown,
)
from schemas.values import ActorKind, Number
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.calling.rows import Sliced
from service.api.refusals.table import refused
from service.api.series.reservation_objects import (
    pending_reservations,
    released_object,
    reservation_object,
    reserved_objects,
    slot_of,
)
from service.api.series.series import SERIES
from service.writer.request import Answered


async def reserve_numbers(call: Call) -> Answered:
    """POST /v1/invoice-series/{id}/reserve-numbers: one reservation for each number, ascending."""
    body = call.body(ReserveNumbersBody)
    settings = call.dependencies.settings
    return await call.submit(
        ReserveNumbers(
            series_id=call.series_id(),
            count=body.count,
            hold_seconds=settings.reservation_ttl_seconds,
            token_key=call.dependencies.sealer.current_key,
            pending_max=settings.pending_max,
        )
    )


async def list_reservations(call: Call) -> Sliced:
    """GET /v1/invoice-series/{id}/reservations: those that the calling device can still use (CONTRACT.md D43)."""
    series, state = await call.series()
    return await pending_reservations(call, series, state)


async def read_reservation(call: Call) -> NumberReservation:
    """GET /v1/invoice-series/reservations/{token}: for its device, or any API key of the firm (CONTRACT.md D68)."""
    found = await reservation_object(call, call.place("token"))
    if call.caller.actor.kind is not ActorKind.KEY and call.caller.device_id != found.device_id:
        raise refused(NotYourReservation(Number(found.number)))
    return found


async def release_reservation(call: Call) -> Answered:
    """POST /v1/invoice-series/reservations/{token}/release: the number becomes a documented gap."""
    return await call.submit(ReleaseReservation(await slot_of(call, call.place("token"))))


async def show_reserved(call: Call, done: Answered) -> ListOf[NumberReservation]:
    """The reservations of the block, as they were when it was reserved."""
    found = reserved_objects(call, done.came_to(ReservedOutcome))
    return ListOf(data=found, total=len(found))


async def show_released(call: Call, done: Answered) -> NumberReservation:
    """The reservation that was released. Raises LogUnavailableError."""
    return await released_object(call, done.came_to(ReleasedOutcome))


_TOKEN: Final = SERIES + "/reservations/{token}"

ROUTES: Final = (
    Route(
        method="POST",
        path=SERIES + "/{id}/reserve-numbers",
        tag="Reservations",
        handle=reserve_numbers,
        show=show_reserved,
        summary="Reserve consecutive numbers for the calling device",
        body=ReserveNumbersBody,
        reply=ListOf[NumberReservation],
        status=201,
        refusals=(SeriesUnknown, SeriesNotLockedToDevice, SeriesExhausted, PendingLimitReached),
    ),
    Route(
        method="GET",
        path=SERIES + "/{id}/reservations",
        tag="Reservations",
        handle=list_reservations,
        summary="The reservations that the calling device can still use",
        reply=ListOf[NumberReservation],
        refusals=(SeriesUnknown,),
    ),
    Route(
        method="GET",
        path=_TOKEN,
        tag="Reservations",
        handle=read_reservation,
        summary="One reservation, also if it is no longer pending",
        reply=NumberReservation,
        refusals=(ReservationNotFound, NotYourReservation),
    ),
    Route(
        method="POST",
        path=_TOKEN + "/release",
        tag="Reservations",
        handle=release_reservation,
        show=show_released,
        summary="Release a reserved number; it becomes a documented gap",
        reply=NumberReservation,
        refusals=(ReservationNotFound, NotYourReservation, ReservationAlreadyConsumed, ReservationHasExpired),
    ),
)
