"""Recording what time has done: overdue slots become documented gaps (contract.md section 7, D45)."""

from heapq import nsmallest

from schemas.commands import ExpireReservations
from schemas.events import ReservationExpired
from schemas.values import UnixSeconds
from service.core.decision import Append, Decision, Done
from service.core.state import State


def expire(state: State, command: ExpireReservations, now: UnixSeconds) -> Decision:
    """One event for each overdue block, oldest first, at most `blocks_max`; a later sweep finds less to do."""
    overdue = (
        (position, series_id)
        for position, series_id in state.unsettled.items()
        if state.series[series_id].blocks[position].expires_at <= now
    )
    # The map has no order of its own, and a decision is the same wherever it is made.
    events = [
        (series_id, ReservationExpired(position, state.series[series_id].blocks[position].ranges()))
        for position, series_id in nsmallest(command.blocks_max, overdue)
    ]
    return Append(events) if events else Done()
