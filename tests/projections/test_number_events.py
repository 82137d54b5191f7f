"""The events of numbers: the same from the projections and from the log, and each number's fate follows from them."""

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections.keeping.runner import ProjectionRunner
from projections.replay.replay import Replay
from projections.reports.number_events import folded_number_events, is_about, kept_number_events
from schemas.events import DraftEvent, SeriesOpened
from schemas.values import DEFAULT_LOG, Number, NumberRange, Position
from service.evidence.receipts.fates import fates_of
from tests.projections.conftest import WrittenLog
from tests.projections.histories import History


@given(random=st.randoms(use_true_random=False), steps=st.integers(10, 120))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_projections_and_the_log_give_the_same_events(log: WrittenLog, random: Random, steps: int) -> None:
    history = History(random, log.position, prefix=f"n{log.position}-")
    history.grow(steps)
    await log.append(history.records, history.bodies)
    await ProjectionRunner(log.database_url, batch_size=9).catch_up()
    replay = Replay()
    for record in history.records:
        replay.apply(record)

    for series in history.series:
        pieces = {
            number: piece.fate
            for piece in replay.series[series.series_id].pieces()
            for number in range(piece.first, piece.last + 1)
        }
        for _ in range(4 if pieces else 0):
            first = Number(random.choice(list(pieces)))
            numbers = NumberRange(first, Number(random.choice([number for number in pieces if number >= first])))
            kept = await kept_number_events(log.reader, DEFAULT_LOG, series.series_id, numbers, at_least=log.position)
            folded = await folded_number_events(log.reader, series.series_id, numbers, log.position)
            assert kept is not None
            assert kept.records == folded.records
            events = [each.record.event for each in folded.records]
            assert isinstance(events[0], SeriesOpened)
            assert fates_of(events, numbers) == {
                number: fate for number, fate in pieces.items() if numbers.first <= number <= numbers.last
            }


async def test_an_earlier_moment_has_fewer_events(log: WrittenLog) -> None:
    history = History(Random(7), log.position, prefix="m-")  # noqa: S311 - a test
    history.grow(60)
    await log.append(history.records, history.bodies)
    series = history.series[0].series_id
    numbers = NumberRange(Number(1), Number(1_000_000))
    whole = await folded_number_events(log.reader, series, numbers, log.position)
    for until in (Position(1), Position(20), Position(40)):
        found = await folded_number_events(log.reader, series, numbers, until)
        assert found.records == [each for each in whole.records if each.record.position <= until]
    assert await kept_number_events(log.reader, DEFAULT_LOG, series, numbers, at_least=log.position) is None


def test_an_event_of_a_draft_is_of_no_number() -> None:
    history = History(Random(3))  # noqa: S311 - a test
    history.grow(80)
    drafts = [record.event for record in history.records if isinstance(record.event, DraftEvent)]
    assert drafts
    assert not any(is_about(event, NumberRange(Number(1), Number(1_000))) for event in drafts)
