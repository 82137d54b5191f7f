"""A replay that keeps its numbers on disk says the same as one that keeps them in memory."""

import pytest
from msgspec.structs import replace

from projections.replay.replay import HistoryBrokenError, Replay
from projections.reports.replay_on_disk import KeptOnDisk
from projections.reports.whole_reports import whole_reports
from schemas.api.reports import Moment
from schemas.events import ReservationConsumed
from tests.projections.histories import History


@pytest.mark.parametrize("recent_max", [1, 7, 5_000])
@pytest.mark.parametrize("seed", range(5))
def test_the_reports_are_the_same_bytes(seed: int, recent_max: int) -> None:
    history = History.of_seed(seed)
    history.grow(400)
    with KeptOnDisk(recent_max) as kept:
        in_memory, on_disk = Replay(), Replay(kept)
        for record in history.records:
            in_memory.apply(record)
            on_disk.apply(record)
        moment = Moment(history.records[-1].position, history.records[-1].at)
        assert whole_reports(on_disk, moment) == whole_reports(in_memory, moment)


def test_a_document_with_two_numbers_is_refused_there_too() -> None:
    history = History.of_seed(1)
    history.open()
    series = history.series[0]
    first = history.reserve(series, 2, None)
    history.consume(series, first, series.blocks[first][0])
    consumed = history.records[-1].event
    assert isinstance(consumed, ReservationConsumed)
    with KeptOnDisk(1) as kept:
        replay = Replay(kept)
        for record in history.records:
            replay.apply(record)
        number = series.blocks[first][0]
        history.consume(series, first, number)
        again = history.records[-1]
        assert isinstance(again.event, ReservationConsumed)
        twice = replace(again, event=replace(again.event, document_id=consumed.document_id))
        with pytest.raises(HistoryBrokenError, match="has a number already"):
            replay.apply(twice)
