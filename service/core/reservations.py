"""Reserves blocks of numbers, and releases single numbers of them (CONTRACT.md section 7)."""

from schemas.commands import Caller, ReleaseReservation, ReserveNumbers
from schemas.events import NumbersReserved, ReservationReleased
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
from schemas.values import DeviceId, Fate, Number, UnixSeconds
from service.core.decision import Append, Decision, Done
from service.core.state.state import Series, State


def reserve(state: State, command: ReserveNumbers, caller: Caller, now: UnixSeconds) -> Decision:
    """Take consecutive numbers from the counter for the device that holds the lock."""
    series = state.of(caller, command.series_id)
    if series is None:
        return SeriesUnknown(command.series_id)
    if series.lock is None or caller.device_id is None or series.lock.device_id != caller.device_id:
        return SeriesNotLockedToDevice(series.series_id, is_locked=series.lock is not None)
    if command.count > series.numbers_left:
        return SeriesExhausted(series.series_id, series.numbers_left)
    if command.pending_max:
        pending = _usable(series, caller.device_id, now)
        if pending + command.count > command.pending_max:
            return PendingLimitReached(series.series_id, pending, command.pending_max)
    reserved = NumbersReserved(
        first=series.next_number,
        last=Number(series.next_number + command.count - 1),
        device_id=caller.device_id,
        expires_at=UnixSeconds(now + command.hold_seconds),
        token_key=command.token_key,
        token_nonce=command.token_nonce,
    )
    return Append([(series.series_id, reserved)])


def _usable(series: Series, device_id: DeviceId, now: UnixSeconds) -> int:
    """How many numbers the device can still use; overdue ones do not count, even before the sweeper ends them."""
    return sum(
        block.pending.bit_count()
        for block in series.blocks.values()
        if block.device_id == device_id and now < block.expires_at
    )


def release(state: State, command: ReleaseReservation, caller: Caller, now: UnixSeconds) -> Decision:
    """Give the number up; it becomes a documented gap. The owner is checked before the fate (D44, D74)."""
    slot = command.slot
    series = None if slot is None else state.of(caller, slot.series_id)
    if slot is None or series is None:
        return ReservationNotFound()
    if slot.device_id is None or slot.device_id != caller.device_id:
        return NotYourReservation(slot.number)
    fate = series.fate(slot.number, slot.reservation)
    if fate is Fate.RELEASED:
        return Done()
    if fate is Fate.EXPIRED:
        return ReservationHasExpired(slot.number)
    if fate is not Fate.PENDING:
        return ReservationAlreadyConsumed(slot.number)
    block = series.blocks.holding(slot.number)
    assert block is not None, "a pending number is in a block"
    if now >= block.expires_at:
        return ReservationHasExpired(slot.number)
    return Append([(series.series_id, ReservationReleased(slot.reservation, slot.number))])
