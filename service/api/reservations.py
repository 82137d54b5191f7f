"""Number reservations over HTTP (CONTRACT.md section 7)."""

from typing import Final

from schemas.api.bodies import ReserveNumbersBody
from schemas.api.objects import ListOf, NumberReservation
from schemas.commands import ReleaseReservation, ReserveNumbers
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
from service.api.call import Call
from service.api.refusals.table import refused
from service.api.reply import Reply
from service.api.reservation_objects import pending_reservations, reservation_object, slot_of
from service.api.route import Route
from service.api.series import SERIES
from service.writer.request import Answered


async def reserve_numbers(call: Call) -> Answered:
    """POST /v1/invoice-series/{id}/reserve-numbers: one reservation per number, ascending."""
    body = call.body(ReserveNumbersBody)
    settings = call.parts.settings
    return await call.submit(
        ReserveNumbers(
            series_id=call.series_id(),
            count=body.count,
            hold_seconds=settings.reservation_ttl_seconds,
            token_key=call.parts.sealer.current_key,
            pending_max=settings.pending_max,
        )
    )


async def list_reservations(call: Call) -> Reply:
    """GET /v1/invoice-series/{id}/reservations: what the calling device can still use (CONTRACT.md D43)."""
    series, state = await call.series()
    return Reply(await pending_reservations(call, series, state))


async def read_reservation(call: Call) -> Reply:
    """GET /v1/invoice-series/reservations/{token}: for its device, or any key of the firm (CONTRACT.md D68)."""
    found = await reservation_object(call, call.request.match_info["token"])
    if call.caller.actor.kind is not ActorKind.KEY and call.caller.device_id != found.device_id:
        raise refused(NotYourReservation(Number(found.number)))
    return Reply(found)


async def release_reservation(call: Call) -> Answered:
    """POST /v1/invoice-series/reservations/{token}/release: the number becomes a documented gap."""
    return await call.submit(ReleaseReservation(await slot_of(call, call.request.match_info["token"])))


_TOKEN: Final = SERIES + "/reservations/{token}"

ROUTES: Final = (
    Route(
        method="POST",
        path=SERIES + "/{id}/reserve-numbers",
        handle=reserve_numbers,
        summary="Reserve consecutive numbers for the calling device",
        body=ReserveNumbersBody,
        reply=ListOf[NumberReservation],
        status=201,
        refusals=(SeriesUnknown, SeriesNotLockedToDevice, SeriesExhausted, PendingLimitReached),
    ),
    Route(
        method="GET",
        path=SERIES + "/{id}/reservations",
        handle=list_reservations,
        summary="The reservations the calling device can still use",
        reply=ListOf[NumberReservation],
        refusals=(SeriesUnknown,),
    ),
    Route(
        method="GET",
        path=_TOKEN,
        handle=read_reservation,
        summary="One reservation, in whatever state",
        reply=NumberReservation,
        refusals=(ReservationNotFound, NotYourReservation),
    ),
    Route(
        method="POST",
        path=_TOKEN + "/release",
        handle=release_reservation,
        summary="Give a reserved number up; it becomes a documented gap",
        reply=NumberReservation,
        refusals=(ReservationNotFound, NotYourReservation, ReservationAlreadyConsumed, ReservationHasExpired),
    ),
)
