"""The lock of a series: while a device holds it, only that device takes new numbers (CONTRACT.md section 8)."""

from schemas.commands import Caller, LockSeries, UnlockSeries
from schemas.events import SeriesLocked, SeriesUnlocked
from schemas.rejections import (
    DeviceIdMissing,
    ForceNeedsAdmin,
    LockHeldByOtherDevice,
    Rejection,
    SeriesLockedToDevice,
    SeriesLockedToOtherDevice,
    SeriesUnknown,
)
from schemas.values import ActorKind
from service.core.decision import Append, Decision, Done
from service.core.state.state import Series, State


def lock(state: State, command: LockSeries, caller: Caller) -> Decision:
    """Lock the series to the calling device; `Done` if that device holds the lock (D52)."""
    series = state.of(caller, command.series_id)
    if series is None:
        return SeriesUnknown(command.series_id)
    if caller.device_id is None:
        return DeviceIdMissing()
    if series.lock is None:
        locked = SeriesLocked(caller.device_id, caller.session_id, caller.actor.user_id, caller.platform)
        return Append([(series.series_id, locked)])
    if series.lock.device_id != caller.device_id:
        return LockHeldByOtherDevice(series.series_id)
    return Done()


def unlock(state: State, command: UnlockSeries, caller: Caller) -> Decision:
    """Remove the lock. Reservations stay as they are: the former holder can still use its tokens."""
    series = state.of(caller, command.series_id)
    if series is None:
        return SeriesUnknown(command.series_id)
    if series.lock is None:
        return Done()
    is_holder = caller.device_id == series.lock.device_id
    if not is_holder and not command.is_forced:
        return SeriesLockedToOtherDevice(series.series_id)
    if not is_holder and caller.actor.kind is not ActorKind.KEY and not caller.is_admin:
        return ForceNeedsAdmin(series.series_id)
    return Append([(series.series_id, SeriesUnlocked(series.lock.device_id, is_forced=not is_holder))])


def lock_refusal(series: Series, caller: Caller) -> Rejection | None:
    """Why the caller may not take a new number now, None if it may; the lock guards nothing else (D51)."""
    if series.lock is None or series.lock.device_id == caller.device_id:
        return None
    if caller.device_id is None:
        return SeriesLockedToDevice(series.series_id)
    return SeriesLockedToOtherDevice(series.series_id)
