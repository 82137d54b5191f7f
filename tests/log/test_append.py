"""What an append promises and refuses, in memory and in PostgreSQL alike."""

import asyncio
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from schemas.events import (
    NumbersLost,
    NumbersReserved,
    ReservationConsumed,
    ReservationReleased,
    SeriesOpened,
)
from schemas.record import Record
from schemas.values import (
    NUMBER_MAX,
    DocumentId,
    DocumentType,
    LogId,
    Mode,
    Number,
    Position,
    SeriesId,
    Version,
)
from service.log.event_log import (
    AnswerExistsError,
    Batch,
    EventLog,
    LogBrokenError,
    LogHaltedError,
    PrintedTwiceError,
    StalePositionError,
)
from tests.support.domain.batches import a_batch, a_working_day, an_answer, an_expiry, moved, stored, write
from tests.support.domain.commands import (
    OTHER_FIRM,
    SECOND,
    a_content,
    a_deletion,
    a_document,
    a_key,
    a_reservation_of,
    a_series,
    a_void,
    an_advance,
    an_issue,
    the_operator,
)
from tests.support.domain.history import History, a_history, two_series_that_meet
from tests.support.domain.invariants import check_invariants

BEGIN = Position(0)


async def everything(log: EventLog) -> list[object]:
    """All the records of the log."""
    records = await log.read(BEGIN, 1_000)
    check_invariants(records)
    return [await log.head(), records, await log.answer(b"key"), await log.contents([a_content().digest])]


async def test_what_was_appended_is_read_back_byte_for_byte(log: EventLog) -> None:
    day = a_working_day()
    await log.append(BEGIN, a_batch(day.records[:2]))
    await log.append(Position(2), a_batch(day.records[2:]))
    assert await log.head() == 6
    assert await log.read(BEGIN, 100) == stored(day.records)


async def test_an_empty_log_begins_before_position_1(log: EventLog) -> None:
    assert await log.head() == 0
    assert await log.read(BEGIN, 10) == []
    assert await log.record_at(Position(1)) is None
    assert await log.record_at(BEGIN) is None


async def test_an_append_elsewhere_than_at_the_head_is_stale_and_says_where_the_head_is(log: EventLog) -> None:
    day = a_working_day()
    await write(log, day)
    before = await everything(log)
    for expected in (0, 1, 5, 7, 100):
        late = a_batch([moved(record, positions=expected) for record in day.records], answers=[an_answer()])
        with pytest.raises(StalePositionError) as stale:
            await log.append(Position(expected), late)
        assert stale.value.head == 6
        assert await everything(log) == before


Spoil = Callable[[list[Record]], list[Record]]


def with_event(at: int, **changes: object) -> Spoil:
    def spoil(records: list[Record]) -> list[Record]:
        record = records[at]
        return [*records[:at], replace(record, event=replace(record.event, **changes)), *records[at + 1 :]]

    return spoil


def replaced(at: int, change: Callable[[Record], Record]) -> Spoil:
    return lambda records: [*records[:at], change(records[at]), *records[at + 1 :]]


# The records of a working day: opened, locked, reserved 1 to 10, consumed 1, reserved 11, consumed 11.
SPOILED: dict[str, Spoil] = {
    "a hole before the first position": lambda records: [moved(record, positions=1) for record in records],
    "a hole between positions": replaced(5, lambda record: moved(record, positions=1)),
    "a position twice": replaced(5, lambda record: moved(record, positions=-1)),
    "positions out of order": lambda records: [records[0], records[2], records[1], *records[3:]],
    "a stream that begins with version 2": lambda records: [moved(record, versions=1) for record in records],
    "a hole between versions": replaced(5, lambda record: moved(record, versions=1)),
    "a version twice": replaced(5, lambda record: moved(record, versions=-1)),
    "versions out of order": lambda records: [
        *records[:4],
        moved(records[4], versions=1),
        moved(records[5], versions=-1),
    ],
    "a record of another log": replaced(0, lambda record: replace(record, log=LogId(2))),
    "a gap between numbers": with_event(4, first=Number(12), last=Number(12)),
    "an overlap of numbers": with_event(4, first=Number(10), last=Number(11)),
    "a fork of numbers": with_event(4, first=Number(1), last=Number(1)),
    "a gap before the first number": with_event(2, first=Number(2)),
    "numbers before the first": with_event(0, start_number=Number(5)),
    "a block without numbers": with_event(4, last=Number(10)),
    "a series that starts at 0": lambda records: with_event(0, start_number=Number(0))(records[:1]),
    "a series that starts beyond the last number": lambda records: with_event(0, start_number=Number(NUMBER_MAX + 2))(
        records[:1]
    ),
    "numbers of a series that never opened": lambda records: [
        replace(moved(records[2], positions=-2, versions=-2), previous=Position(0))
    ],
    "a second document on a number": with_event(5, number=Number(1)),
    "a second number on a document": with_event(5, document_id=DocumentId("inv_1")),
    "a document by another reservation": with_event(5, reservation=Position(3)),
    "a document by what is no reservation": with_event(5, reservation=Position(1)),
    "a document by a reservation that is not there": with_event(5, reservation=Position(100)),
    "a document by a reservation before the first": with_event(5, reservation=Position(0)),
    "a document by itself": with_event(5, reservation=Position(6)),
    "a document by a later reservation": lambda records: [
        *records[:4],
        moved(with_event(5, reservation=Position(6))(records)[5], positions=-1, versions=-1),
        moved(records[4], positions=1, versions=1),
    ],
    "a release by another reservation": replaced(
        5, lambda record: replace(record, event=ReservationReleased(Position(3), Number(11)))
    ),
    "an expiry by another reservation": replaced(5, an_expiry(5, (1, 11))),
    "an expiry of one range more than the reservation holds": replaced(5, an_expiry(3, (2, 3), (11, 11))),
    "an expiry that goes beyond its reservation": replaced(5, an_expiry(3, (9, 11))),
    "an expiry of nothing": replaced(5, an_expiry(3)),
    "an expiry backwards": replaced(5, an_expiry(3, (5, 4))),
}


async def test_a_batch_that_does_not_continue_the_log_its_streams_or_their_numbers_is_refused_whole(
    log: EventLog,
) -> None:
    day = a_working_day()
    before = await everything(log)
    for words, spoil in SPOILED.items():
        with pytest.raises(LogBrokenError):
            await log.append(BEGIN, a_batch(spoil(day.records), [a_content()], [an_answer()]))
        assert await everything(log) == before, words
    await write(log, day)


LATER: dict[str, Spoil] = {
    "a hole between versions": replaced(0, lambda record: moved(record, versions=1)),
    "a version twice": replaced(0, lambda record: moved(record, versions=-1)),
    "a gap between numbers": with_event(0, first=Number(13), last=Number(13)),
    "an overlap of numbers": with_event(0, first=Number(11), last=Number(12)),
    "a fork of numbers": with_event(0, first=Number(1), last=Number(5)),
    "a second document on a number": with_event(1, number=Number(1)),
    "a second number on a document": with_event(1, document_id=DocumentId("inv_1")),
}


async def test_a_later_batch_is_refused_whole_as_well(log: EventLog) -> None:
    day = a_working_day()
    await write(log, day)
    day.after(an_issue(a_document("inv_3")))
    before = await everything(log)
    for words, spoil in LATER.items():
        with pytest.raises(LogBrokenError):
            await log.append(Position(6), a_batch(spoil(day.records[6:])))
        assert await everything(log) == before, words
    await write(log, day)
    assert await log.head() == 8


async def test_a_series_cannot_open_twice(log: EventLog) -> None:
    day = a_working_day()
    await write(log, day)
    again = replace(day.records[0], position=Position(7), version=day.series().version + 1)
    with pytest.raises(LogBrokenError):
        await log.append(Position(6), a_batch([again]))


async def test_streams_may_be_mixed_in_one_batch(log: EventLog) -> None:
    other = SeriesId("other")
    day = a_history((a_series(other), a_key(firm=OTHER_FIRM)), an_issue(a_document("a")))
    day.after((an_issue(a_document("b"), other), a_key(firm=OTHER_FIRM)), an_issue(a_document("c")))
    await write(log, day)
    assert check_invariants(await log.read(BEGIN, 100)) == day.state


async def test_the_largest_number_is_taken_and_none_beyond_it(log: EventLog) -> None:
    day = History().after((a_series(start_number=NUMBER_MAX), a_key()), an_issue(a_document("last")))
    await write(log, day)
    beyond = NumbersReserved(Number(NUMBER_MAX + 1), Number(NUMBER_MAX + 1), None, day.state.at, None)
    record = replace(day.records[1], position=Position(4), version=day.series().version + 1, event=beyond)
    with pytest.raises(LogBrokenError):
        await log.append(Position(3), a_batch([record]))


async def test_no_two_documents_show_one_number(log: EventLog) -> None:
    """CONTRACT.md D87: in one batch, and in two."""
    day = two_series_that_meet().after(an_issue(a_document("inv_1")))
    twin = a_document("inv_2")
    both = two_series_that_meet().after(an_issue(a_document("inv_1")), an_issue(twin, SECOND))
    with pytest.raises(PrintedTwiceError):
        await log.append(BEGIN, a_batch(both.records, [a_content()], [an_answer()]))
    assert await log.head() == 0
    await write(log, day)
    before = await everything(log)
    day.after(an_issue(twin, SECOND))
    with pytest.raises(PrintedTwiceError):
        await log.append(Position(4), a_batch(day.records[4:], [a_content()], [an_answer()]))
    assert await everything(log) == before


async def test_a_voided_and_a_withdrawn_document_showed_their_number_too(log: EventLog) -> None:
    """CONTRACT.md D87."""
    day = two_series_that_meet().after(an_issue(a_document("inv_1")), a_void(1, "inv_1"), a_deletion(1, "inv_1"))
    await write(log, day)
    day.after(an_issue(a_document("inv_2"), SECOND))
    with pytest.raises(PrintedTwiceError):
        await log.append(Position(6), a_batch(day.records[6:]))


async def test_series_of_another_type_mode_or_firm_show_the_same_numbers(log: EventLog) -> None:
    """CONTRACT.md D87."""
    day = a_history(an_issue(a_document("inv_0")))
    for place, (document_type, caller) in enumerate(
        [
            (DocumentType.PROFORMA, a_key()),
            (DocumentType.FISCAL, a_key(mode=Mode.TEST)),
            (DocumentType.FISCAL, a_key(firm=OTHER_FIRM)),
        ],
        start=1,
    ):
        series_id, document = SeriesId(f"series{place}"), a_document(f"inv_{place}", document_type=document_type)
        day.after((a_series(series_id, document_type=document_type), caller), (an_issue(document, series_id), caller))
    await write(log, day)
    assert await log.head() == len(day.records)


async def test_an_answer_is_kept_with_the_events_and_answers_once(log: EventLog) -> None:
    day = a_working_day()
    await log.append(BEGIN, a_batch(day.records[:1], answers=[an_answer()]))
    assert await log.answer(b"key") == an_answer()
    assert await log.answer(b"another") is None
    before = await everything(log)
    with pytest.raises(AnswerExistsError):
        await log.append(Position(1), a_batch(day.records[1:], [a_content()], [an_answer(numbers=2)]))
    assert await everything(log) == before


async def test_two_answers_under_one_key_in_one_batch_are_refused(log: EventLog) -> None:
    with pytest.raises(AnswerExistsError):
        await log.append(BEGIN, a_batch(a_working_day().records, answers=[an_answer(), an_answer(numbers=2)]))
    assert await log.head() == 0


async def test_a_repeated_request_is_known_by_its_key_before_its_document_is(log: EventLog) -> None:
    day = a_working_day()
    await log.append(BEGIN, a_batch(day.records, [a_content()], [an_answer()]))
    day.after(an_issue(a_document("inv_3")))
    again = with_event(1, document_id=DocumentId("inv_2"))(day.records[6:])
    with pytest.raises(AnswerExistsError):
        await log.append(Position(6), a_batch(again, [a_content()], [an_answer()]))


async def test_an_answer_needs_no_events(log: EventLog) -> None:
    await write(log, a_working_day())
    await log.append(Position(6), Batch([], answers=[an_answer()]))
    assert await log.answer(b"key") == an_answer()
    assert await log.head() == 6
    with pytest.raises(StalePositionError):
        await log.append(Position(5), Batch([], answers=[an_answer("other")]))


async def test_contents_are_found_by_their_digest_without_those_unknown(log: EventLog) -> None:
    one, two = a_content(b'{"a":1}', bytes(range(16))), a_content('{"nume":"Ștefan"}'.encode())
    await log.append(BEGIN, a_batch(a_working_day().records, [one, two]))
    unknown = a_content(b"{}").digest
    assert await log.contents([one.digest, two.digest, unknown]) == {one.digest: one, two.digest: two}
    assert await log.contents([]) == {}


async def test_a_content_that_does_not_match_its_digest_is_refused(log: EventLog) -> None:
    false = replace(a_content(), body=b'{"client":"d"}')
    with pytest.raises(LogBrokenError):
        await log.append(BEGIN, a_batch(a_working_day().records, [false], [an_answer()]))
    assert await log.head() == 0


async def test_a_content_is_not_written_twice(log: EventLog) -> None:
    day = a_working_day()
    await log.append(BEGIN, a_batch(day.records[:1], [a_content()]))
    with pytest.raises(LogBrokenError):
        await log.append(Position(1), a_batch(day.records[1:], [a_content()]))


async def test_a_halted_log_takes_nothing_says_why_and_is_still_read(log: EventLog) -> None:
    day = a_working_day()
    await log.append(BEGIN, a_batch(day.records[:3]))
    assert await log.halted() is None
    await log.halt("the stream is ahead")
    assert await log.halted() == "the stream is ahead"
    with pytest.raises(LogHaltedError, match="the stream is ahead"):
        await log.append(Position(3), a_batch(day.records[3:]))
    with pytest.raises(LogHaltedError, match="the stream is ahead"):
        async with log.hold():
            pytest.fail("a halted log must not be held")
    assert len(await log.read(BEGIN, 10)) == 3
    assert await log.barrier("reader") == 3


async def test_of_many_appends_at_one_position_one_is_written(log: EventLog) -> None:
    batch = a_batch(a_working_day().records)
    results = await asyncio.gather(*(log.append(BEGIN, batch) for _ in range(5)), return_exceptions=True)
    stale = [result for result in results if isinstance(result, StalePositionError)]
    assert (results.count(None), len(stale)) == (1, 4)
    assert await log.head() == 6


def test_the_working_day_is_what_the_tables_think_it_is() -> None:
    events = a_working_day().events()
    assert isinstance(events[0], SeriesOpened)
    assert [type(events[at]) for at in (2, 3, 4, 5)] == [NumbersReserved, ReservationConsumed] * 2


async def test_lost_numbers_are_in_one_chain_with_those_that_were_reserved(log: EventLog) -> None:
    """CONTRACT.md D97: nobody is given a number that was stepped over, nor does anything else lose it."""
    day = a_working_day().after((an_advance(20), the_operator()), an_issue(a_document("inv_21")), a_reservation_of(3))
    await write(log, day)
    assert check_invariants(await log.read(BEGIN, 100)) == day.state
    before = await everything(log)
    at, version = day.state.position, Version(day.series().version + 1)
    for event in (
        NumbersLost(Number(20), Number(30), "an overlap"),
        NumbersLost(Number(26), Number(30), "a gap"),
        NumbersLost(Number(25), Number(24), "nothing"),
        NumbersLost(Number(25), Number(NUMBER_MAX + 1), "more than there are"),
        NumbersReserved(Number(12), Number(13), None, day.state.at, None),
    ):
        record = replace(day.records[-1], position=Position(at + 1), version=version, previous=at, event=event)
        with pytest.raises(LogBrokenError):
            await log.append(at, a_batch([record]))
    assert await everything(log) == before
