"""What changed between two moments is what a comparison of both whole reports finds."""

from random import Random
from typing import Any

import msgspec
import pytest

from projections.replay.replay import Replay
from projections.reports.as_of import AtPosition
from projections.reports.gap_changes import gap_changes
from projections.reports.gap_report import folded_gap_report
from schemas.api.reports import Moment, Terms
from schemas.record import Record
from schemas.values import Position, SeriesId
from tests.projections.conftest import WrittenLog
from tests.support.domain.random_logs import random_log


def replayed(records: list[Record], until: int) -> Replay:
    replay = Replay()
    for record in records[:until]:
        replay.apply(record)
    return replay


async def gaps_at(log: WrittenLog, series_id: SeriesId, position: int) -> dict[int, Any]:
    """The gaps of the report of that moment, as JSON, by their first numbers."""
    report = await folded_gap_report(log.reader, series_id, AtPosition(Position(position)))
    return {} if report is None else {gap.first: msgspec.to_builtins(gap) for gap in report.data}


@pytest.mark.parametrize("seed", [21, 22, 23])
async def test_the_changes_are_those_between_both_reports(log: WrittenLog, seed: int) -> None:
    records = random_log(seed, 700)
    await log.append(records)
    chance = Random(seed)  # noqa: S311 - a test that can be repeated, not a secret
    for _ in range(6):
        a, b = sorted(chance.sample(range(1, len(records)), 2))
        earlier, later = replayed(records, a), replayed(records, b)
        for series_id, series in later.series.items():
            then, now = Moment(Position(a), records[a - 1].at), Moment(Position(b), records[b - 1].at)
            found = await gap_changes(log.reader, series_id, then, now)
            assert found is not None
            before, after = await gaps_at(log, series_id, a), await gaps_at(log, series_id, b)
            assert [msgspec.to_builtins(gap) for gap in found.new] == [
                gap for first, gap in after.items() if first not in before
            ]
            assert [msgspec.to_builtins(each) for each in found.changed] == [
                {"object": "gap_change", "before": gap, "after": after[first]}
                for first, gap in before.items()
                if after[first] != gap
            ]
            assert found.closed == [], "a number that is a gap stays one"
            old = earlier.series.get(series_id)
            assert found.before.equation == (Terms() if old is None else old.terms())
            assert found.before.next_number == (None if old is None else old.next_number)
            assert (found.after.equation, found.after.next_number) == (series.terms(), series.next_number)
            between = {record.position for record in records[a:b] if record.stream == series_id}
            assert {event.position for event in found.events} <= between
            positions = {gap.positions[1] for gap in found.new}
            assert positions <= {event.position for event in found.events}
            if found.before.equation != found.after.equation or found.new or found.changed:
                assert found.events
