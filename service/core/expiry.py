"""Recording what time has done: overdue slots become documented gaps (contract.md section 7, D45)."""

from itertools import islice

from schemas.commands import ExpireReservations
from schemas.events import ReservationExpired
from schemas.values import UnixSeconds
from service.core.decision import Append, Decision, Done
from service.core.state import State


def expire(state: State, command: ExpireReservations, now: UnixSeconds) -> Decision:
    """One event for each overdue block, at most `blocks_max`; sweeps may overlap, the later one finds less to do."""
    overdue = (
        (series_id, block)
        for position, series_id in state.unsettled.items()
        if (block := state.series[series_id].blocks[position]).expires_at <= now
    )
    events = [
        (series_id, ReservationExpired(block.position, block.ranges()))
        for series_id, block in islice(overdue, command.blocks_max)
    ]
    return Append(events) if events else Done()
