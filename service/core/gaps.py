"""Explanations of gaps: numbers that never became documents (CONTRACT.md D112)."""

from schemas.commands import Caller, ExplainGap
from schemas.events import GapExplained
from schemas.rejections import NotAGap, SeriesUnknown
from schemas.values import Number
from service.core.decision import Append, Decision
from service.core.state.state import Series, State


def explain(state: State, command: ExplainGap, caller: Caller) -> Decision:
    """Keep the explanation, if every number of the range is a gap. A second one is added to the first."""
    series = state.of(caller, command.series_id)
    if series is None:
        return SeriesUnknown(command.series_id)
    other = _first_of_none(series, command.first, command.last)
    if other is not None:
        return NotAGap(command.series_id, other)
    return Append([(series.series_id, GapExplained(command.first, command.last, command.code, command.text))])


def _first_of_none(series: Series, first: Number, last: Number) -> Number | None:
    """The first number of the range that is no gap; None if all are."""
    number = first
    while number <= last:
        ends = (each.holding(number) for each in (series.released, series.expired, series.withdrawn, series.lost))
        held = next((each for each in ends if each is not None), None)
        if held is None:
            return number
        number = Number(held.last + 1)
    return None
