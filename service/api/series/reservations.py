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
from schemas.values import TOKEN_NONCE_BITS, ActorKind, Number, TokenNonce
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.calling.rows import Sliced
from service.api.refusals.table import refused
from service.api.series.named_fields import refuse_named_in_release, refuse_named_in_reserve
from service.api.series.opened_tokens import slot_of
from service.api.series.reservation_objects import (
    pending_reservations,
    released_object,
    reservation_object,
    reserved_objects,
)
from service.api.series.series import SERIES
from service.random_ids import random_bits
from service.writer.request import Answered


async def reserve_numbers(call: Call) -> Answered:
    """POST /v1/invoice-series/{id}/reserve-numbers: one reservation for each number, ascending."""
    body = call.body(ReserveNumbersBody)
    await refuse_named_in_reserve(call)
    settings = call.dependencies.settings
    return await call.submit(
        ReserveNumbers(
            series_id=call.series_id(),
            count=body.count,
            hold_seconds=settings.reservation_ttl_seconds,
            token_key=call.dependencies.sealer.current_key,
            token_nonce=TokenNonce(random_bits(TOKEN_NONCE_BITS)),
            pending_max=settings.pending_max,
        )
    )


async def list_reservations(call: Call) -> Sliced:
    """GET /v1/invoice-series/{id}/reservations: those that the calling device can still use (CONTRACT.md D43)."""
    series, state = await call.series()
    return await pending_reservations(call, series, state)


async def read_reservation(call: Call) -> NumberReservation:
    """GET /v1/invoice-series/reservations/{token}: for its device, API keys and auditors (CONTRACT.md D68)."""
    found = await reservation_object(call, call.place("token"))
    is_trusted = call.caller.actor.kind is ActorKind.KEY or call.principal.is_auditor
    if not is_trusted and call.caller.device_id != found.device_id:
        raise refused(NotYourReservation(Number(found.number)))
    return found


async def release_reservation(call: Call) -> Answered:
    """POST /v1/invoice-series/reservations/{token}/release: the number becomes a documented gap."""
    await refuse_named_in_release(call)
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
        about=(
            "The device must hold the lock of the series. The numbers leave the counter at once and for good; the "
            "reply has one reservation for each number, ascending. Use a number with POST /v1/invoices and its token "
            "before it expires."
        ),
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
        about="Ascending and without pages. A caller without a device gets an empty list.",
        reply=ListOf[NumberReservation],
        refusals=(SeriesUnknown,),
    ),
    Route(
        method="GET",
        path=_TOKEN,
        tag="Reservations",
        handle=read_reservation,
        summary="One reservation, also if it is no longer pending",
        about="For the device that reserved the number, for any API key of the firm, and for its auditor.",
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
        about=(
            "Only the device that reserved the number can release it. A released number is never given again. A second "
            "release changes nothing."
        ),
        reply=NumberReservation,
        refusals=(ReservationNotFound, NotYourReservation, ReservationAlreadyConsumed, ReservationHasExpired),
    ),
)
