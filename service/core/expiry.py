"""Records what has expired: overdue slots become documented gaps (CONTRACT.md section 7, D45)."""

from schemas.commands import ExpireReservations
from schemas.events import ReservationExpired
from schemas.values import UnixSeconds
from service.core.decision import Append, Decision, Done
from service.core.state.state import State


def expire(state: State, command: ExpireReservations, now: UnixSeconds) -> Decision:
    """One event for each of the blocks that is overdue and has pending numbers; `Done` if there is none."""
    events = [
        (series.series_id, ReservationExpired(block.position, block.ranges()))
        for series, block in filter(None, map(state.block_at, command.reservations))
        if block.expires_at <= now
    ]
    return Append(events) if events else Done()
