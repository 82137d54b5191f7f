"""Steps over numbers that the log has lost: their fate is unknown, so no caller may get them (CONTRACT.md D97)."""

from schemas.commands import AdvanceSeries
from schemas.events import NumbersLost
from schemas.rejections import SeriesExhausted, SeriesUnknown
from schemas.values import NUMBER_MAX
from service.core.decision import Append, Decision, Done
from service.core.state.state import State


def advance(state: State, command: AdvanceSeries) -> Decision:
    """Let the counter stand behind `to`, of any firm's series, also a locked one; `Done` if it stands there already.

    An operator asks for this, and acts for no firm.
    """
    series = state.series.get(command.series_id)
    if series is None:
        return SeriesUnknown(command.series_id)
    if command.to < series.next_number:
        return Done()
    if command.to > NUMBER_MAX:
        return SeriesExhausted(series.series_id, series.numbers_left)
    return Append([(series.series_id, NumbersLost(series.next_number, command.to, command.reason))])
