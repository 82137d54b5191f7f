"""The replay refuses an event that cannot have happened, and says in words what happened."""

from zoneinfo import ZoneInfo

import msgspec
import pytest

from projections.replay.replay import HistoryBrokenError, Replay
from projections.replay.words import words
from schemas.events import (
    DocumentChanged,
    DocumentReversed,
    DocumentUnvoided,
    DraftDeleted,
    DraftSaved,
    DraftVoided,
    Event,
    NumbersLost,
    NumbersReserved,
    ReservationConsumed,
    ReservationReleased,
)
from schemas.record import Record
from schemas.values import Digest, DocumentId, Number, Position, UnixSeconds, Version
from tests.projections.histories import History
from tests.projections.test_reports import a_working_day


def replayed(records: list[Record]) -> Replay:
    replay = Replay()
    for record in records:
        replay.apply(record)
    return replay


def next_record(records: list[Record], event: Event) -> Record:
    last = records[-1]
    return msgspec.structs.replace(
        last,
        position=Position(last.position + 1),
        version=Version(last.version + 1),
        previous=last.position,
        event=event,
    )


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (
            NumbersReserved(Number(12), Number(13), None, UnixSeconds(0), None),
            "takes numbers 12-13, but the next number is 11",
        ),
        (
            NumbersReserved(Number(10), Number(11), None, UnixSeconds(0), None),
            "takes numbers 10-11, but the next number is 11",
        ),
        (NumbersLost(Number(10), Number(20), "why"), "takes numbers 10-20, but the next number is 11"),
        (NumbersLost(Number(12), Number(20), "why"), "takes numbers 12-20, but the next number is 11"),
        (ReservationReleased(Position(8), Number(6)), "numbers 6-6 are not pending"),
        (ReservationReleased(Position(13), Number(8)), "numbers 8-8 are not pending"),
        (DocumentUnvoided(Number(1), "S-1", DocumentId("inv_S0_1")), "number 1 is not voided"),
        (DocumentUnvoided(Number(2), "S-2", DocumentId("another")), "number 2 is not voided on another"),
    ],
)
def test_an_event_that_does_not_follow_is_refused(
    event: NumbersReserved | ReservationReleased | DocumentUnvoided, why: str
) -> None:
    records = a_working_day().records
    replay = replayed(records)
    with pytest.raises(HistoryBrokenError, match=why):
        replay.apply(next_record(records, event))


@pytest.mark.parametrize("is_in_another_series", [False, True])
def test_a_second_number_for_a_document_is_refused(*, is_in_another_series: bool) -> None:
    history = a_working_day()
    if is_in_another_series:
        history.open(start_number=11)
    series = history.series[-1]
    reservation, number = history.reserve(series, 1, None), Number(11)
    day, content = history.series[0].standing[Number(1)][1], Digest("0" * 64)
    history.add(series.stream, ReservationConsumed(reservation, number, "S-11", DocumentId("inv_S0_1"), day, content))
    with pytest.raises(HistoryBrokenError, match="document inv_S0_1 has a number already"):
        replayed(history.records)


def test_a_missing_event_is_noticed() -> None:
    records = a_working_day().records
    with pytest.raises(HistoryBrokenError, match="version"):
        replayed([*records[:5], *records[6:]])


def test_events_are_told_in_words() -> None:
    history = a_working_day()
    replay = Replay()
    lines: list[str] = []
    for record in history.records:
        lines.append(words(record, ZoneInfo("Europe/Bucharest")).split("  ", 2)[2])
        replay.apply(record)
    _, day = history.series[0].standing[Number(1)]
    assert lines[0] == "S0  series opened for fiscal documents from number 1, primary, by session:17"
    assert lines[1] == "S0  number 1 taken, by session:17"
    assert lines[2] == f"S0  number 1 put on document inv_S0_1 of {day}, by session:17"
    assert lines[7] == "S0  numbers 4-8 reserved by device till-1 until 2026-10-21 17:13:27+03:00, by session:17"
    assert lines[11] == "S0  numbers 7-8 expired, by system:sweeper"
    assert lines[13] == "S0  document inv_S0_2, number 2, voided, by session:17"


@pytest.mark.parametrize("later", [["save"], ["void"], ["delete", "save"], ["delete", "delete"]])
def test_what_cannot_happen_to_a_draft_is_refused(later: list[str]) -> None:
    history = History.of_seed(0)
    draft = history.save_draft()
    stream = history.drafts[draft]
    history.void_draft(draft)
    saved, voided, deleted = DraftSaved(draft, Digest("0" * 64)), DraftVoided(draft, None), DraftDeleted(draft)
    happens: dict[str, Event] = {"save": saved, "void": voided, "delete": deleted}
    for name in later:
        history.add(stream, happens[name])
    with pytest.raises(HistoryBrokenError, match=r"draft-(saved|voided|deleted) cannot follow draft-"):
        replayed(history.records)


def test_a_draft_is_no_series() -> None:
    history = History.of_seed(0)
    draft = history.save_draft()
    assert replayed(history.records).series == {}
    history.add(history.drafts[draft], NumbersReserved(Number(1), Number(1), None, UnixSeconds(0), None))
    with pytest.raises(HistoryBrokenError, match="no event before it opened the series"):
        replayed(history.records)


def test_only_a_standing_document_is_changed_or_reversed() -> None:
    history = a_working_day()
    series = history.series[0]
    document_id, day = series.voided[Number(2)]
    for event in (
        DocumentChanged(Number(2), "S-2", document_id, day, day, Digest("0" * 64)),
        DocumentReversed(Number(2), "S-2", document_id, Number(3), "S-3", DocumentId("inv_S0_3")),
    ):
        replay = replayed(history.records)
        with pytest.raises(HistoryBrokenError, match="number 2 is not standing"):
            replay.apply(next_record(history.records, event))
