"""The projections in SQL and the replay of the same events agree, in whatever batches the events are applied."""

from itertools import pairwise
from random import Random

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections.keeping.every import ALL
from projections.keeping.runner import ProjectionRunner
from projections.replay.number_ranges import merged
from projections.replay.replay import Replay
from projections.reports.as_of import AtPosition
from projections.reports.gap_report import folded_gap_report, folded_gap_reports, kept_gap_reports
from projections.reports.number_register import RangesWanted
from schemas.api.reports import NumberRangeRow
from schemas.record import Record
from schemas.values import Fate, Number, SeriesId
from tests.projections.conftest import WrittenLog
from tests.projections.histories import History
from tests.projections.reported import gaps_of, ranges_of


def replay_of(records: list[Record]) -> Replay:
    replay = Replay()
    for record in records:
        replay.apply(record)
    return replay


async def assert_agreement(reader: asyncpg.Connection, replay: Replay, series_id: SeriesId) -> None:
    gaps = await gaps_of(reader, series_id)
    register = await ranges_of(reader, RangesWanted(series_id=series_id, per_page=1000))
    assert gaps.equation == register.equation == replay.equation(series_id)
    assert gaps.equation.is_balanced
    assert gaps.data == replay.gaps(series_id)
    assert gaps.date_inversions == len(inverted(replay, series_id))
    assert gaps == await folded_gap_report(reader, series_id, None)
    assert register.data == replay.ranges(series_id)


def inverted(replay: Replay, series_id: SeriesId) -> list[Number]:
    """The standing documents that are dated before the one with the next lower number."""
    standing = [piece for piece in replay.series[series_id].pieces() if piece.fate is Fate.STANDING]
    return [
        higher.first for lower, higher in pairwise(standing) if (higher.latest_date or "") < (lower.latest_date or "")
    ]


@given(random=st.randoms(use_true_random=False), steps=st.integers(1, 60), batch_size=st.integers(1, 80))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_projections_and_replay_agree(log: WrittenLog, random: Random, steps: int, batch_size: int) -> None:
    history = History(random, log.position, prefix=f"p{log.position}-")
    history.grow(steps)
    await log.append(history.records, history.bodies)
    await ProjectionRunner(log.database_url, batch_size=batch_size).catch_up()

    replay = replay_of(history.records)
    for series in history.series:
        await assert_agreement(log.reader, replay, series.series_id)


@given(random=st.randoms(use_true_random=False), steps=st.integers(1, 200))
@settings(max_examples=50, deadline=None)
def test_every_number_has_one_fate_and_the_terms_count_them(random: Random, steps: int) -> None:
    history = History(random)
    history.grow(steps)
    replay = replay_of(history.records)
    for series in history.series:
        pieces = list(replay.series[series.series_id].pieces())
        numbers = [number for piece in pieces for number in range(piece.first, piece.last + 1)]
        start = series.next - replay.equation(series.series_id).taken
        assert numbers == list(range(start, series.next))
        for fate in Fate:
            count = sum(piece.last - piece.first + 1 for piece in pieces if piece.fate is fate)
            assert count == getattr(replay.equation(series.series_id), fate)


@given(random=st.randoms(use_true_random=False), steps=st.integers(1, 60))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_equation_holds_at_every_position(log: WrittenLog, random: Random, steps: int) -> None:
    history = History(random, log.position, prefix=f"e{log.position}-")
    history.grow(steps)
    await log.append(history.records, history.bodies)
    await ProjectionRunner(log.database_url, batch_size=1).catch_up()
    of_series = [record for record in history.records if record.series_name is not None]
    for record in random.sample(of_series, min(5, len(of_series))):
        report = await folded_gap_report(log.reader, record.stream, AtPosition(record.position))
        so_far = replay_of([r for r in history.records if r.position <= record.position])
        assert report is not None
        assert report.as_of.position == record.position
        assert report.as_of.time == record.at
        assert report.equation == so_far.equation(record.stream)
        assert report.data == so_far.gaps(record.stream)


@pytest.mark.parametrize("seed", [1, 2])
async def test_batches_of_any_size_come_to_the_same_digests(database_url: str, log: WrittenLog, seed: int) -> None:
    history = History.of_seed(seed)
    history.grow(300)
    await log.append(history.records, history.bodies)
    for batch_size in (1, 13, 1000):
        runner = ProjectionRunner(database_url, batch_size=batch_size)
        await runner.catch_up()
        for projection in ALL:
            rebuilt = await runner.rebuild(projection.name)
            assert rebuilt.is_same
            assert rebuilt.is_swapped
            assert rebuilt.rebuilt_digest == await runner.digest(projection.name)
        history.grow(100)
        await log.append(history.records[log.position :], history.bodies)


@given(random=st.randoms(use_true_random=False), steps=st.integers(20, 120), per_page=st.integers(1, 5))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_pages_of_the_register_join_to_the_whole(
    log: WrittenLog, random: Random, steps: int, per_page: int
) -> None:
    history = History(random, log.position, prefix=f"g{log.position}-")
    history.grow(steps, series_max=1)
    await log.append(history.records, history.bodies)
    await ProjectionRunner(log.database_url).catch_up()
    series_id = history.series[0].series_id
    pieces = list(replay_of(history.records).series[series_id].pieces())
    for fate in (None, *Fate):
        due = list(merged(piece for piece in pieces if fate in (None, piece.fate)))
        for as_of in (None, AtPosition(log.position)):
            rows: list[NumberRangeRow] = []
            after, has_more = Number(0), True
            while has_more:
                wanted = RangesWanted(series_id=series_id, after=after, per_page=per_page, fate=fate)
                page = await ranges_of(log.reader, wanted, as_of)
                rows += page.data
                has_more = page.has_more
                after = page.data[-1].last if page.data else after
            assert rows == due


async def test_the_reports_of_a_firm_are_those_of_its_series(log: WrittenLog, runner: ProjectionRunner) -> None:
    history = History.of_seed(5)
    history.grow(80)
    await log.append(history.records, history.bodies)
    assert await kept_gap_reports(log.reader) is None
    folded = await folded_gap_reports(log.reader)
    await runner.catch_up()
    reports = await kept_gap_reports(log.reader, history.records[0].firm_id)
    assert reports == folded
    assert [report.series_id for report in folded] == [series.series_id for series in history.series]
    assert folded == [await gaps_of(log.reader, series.series_id) for series in history.series]
