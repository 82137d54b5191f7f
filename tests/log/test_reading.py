"""What readers get from the log, and how a writer holds it."""

import asyncio

import pytest

from schemas.values import DocumentId, Number, Position, SeriesId
from service.log.event_log import AnswerExistsError, Batch, EventLog, LogBrokenError, StalePositionError
from tests.support.domain.batches import a_batch, a_working_day, an_answer, moved, stored, write
from tests.support.domain.commands import SERIES, a_void, an_unvoid
from tests.support.domain.invariants import check_invariants

BEGIN = Position(0)


async def test_a_read_gives_at_most_its_limit_in_order_from_after_its_position(log: EventLog) -> None:
    records = await write(log, a_working_day())
    assert await log.read(BEGIN, 2) == records[:2]
    assert await log.read(Position(2), 3) == records[2:5]
    assert await log.read(Position(5), 10) == records[5:]
    assert await log.read(Position(6), 10) == []
    assert await log.read(Position(99), 10) == []


async def test_a_record_is_found_by_its_position(log: EventLog) -> None:
    records = await write(log, a_working_day())
    assert [await log.record_at(Position(at)) for at in range(1, 7)] == records
    assert await log.record_at(Position(7)) is None


async def test_a_document_is_its_events_in_order(log: EventLog) -> None:
    records = await write(log, a_working_day().after(a_void(1, "inv_1"), an_unvoid(1, "inv_1")))
    assert await log.document(DocumentId("inv_1")) == [records[3], records[6], records[7]]
    assert await log.document(DocumentId("inv_2")) == [records[5]]
    assert await log.document(DocumentId("inv_3")) == []


async def test_a_number_is_followed_to_its_document(log: EventLog) -> None:
    records = await write(log, a_working_day())
    assert await log.consumption(SERIES, Number(1)) == records[3]
    assert await log.consumption(SERIES, Number(11)) == records[5]
    assert await log.consumption(SERIES, Number(2)) is None
    assert await log.consumption(SeriesId("other"), Number(1)) is None


async def test_a_barrier_is_a_head_and_readers_have_their_own(log: EventLog) -> None:
    assert await log.barrier("relay") == 0
    await write(log, a_working_day())
    assert [await log.barrier(reader) for reader in ("relay", "relay", "writer")] == [6, 6, 6]
    assert await log.head() == 6


async def test_a_hold_reads_and_appends_at_the_head_it_names(log: EventLog) -> None:
    day = a_working_day()
    await log.append(BEGIN, a_batch(day.records[:2]))
    async with log.hold() as held:
        assert held.head == 2
        assert await held.read(BEGIN, 10) == stored(day.records[:2])
        await held.append(held.head, a_batch(day.records[2:], answers=[an_answer()]))
    assert await log.head() == 6
    assert await log.answer(b"key") == an_answer()
    check_invariants(await log.read(BEGIN, 10))


async def test_a_hold_left_by_an_exception_wrote_nothing_and_lets_others_write(log: EventLog) -> None:
    day = a_working_day()
    with pytest.raises(ZeroDivisionError):
        await _append_and_fail(log, a_batch(day.records))
    assert await log.read(BEGIN, 10) == []
    await write(log, day)


async def _append_and_fail(log: EventLog, batch: Batch) -> None:
    async with log.hold() as held:
        await held.append(held.head, batch)
        raise ZeroDivisionError


async def test_a_hold_in_which_nothing_is_appended_changes_nothing(log: EventLog) -> None:
    async with log.hold() as held:
        assert held.head == 0
    assert await log.head() == 0


async def test_an_append_while_holding_is_refused_as_any_other(log: EventLog) -> None:
    day = a_working_day()
    await log.append(BEGIN, a_batch(day.records[:2], answers=[an_answer()]))
    with pytest.raises(StalePositionError) as stale:
        async with log.hold() as held:
            await held.append(BEGIN, a_batch(day.records))
    assert stale.value.head == 2
    with pytest.raises(AnswerExistsError):
        async with log.hold() as held:
            await held.append(held.head, a_batch(day.records[2:], answers=[an_answer()]))
    with pytest.raises(LogBrokenError):
        async with log.hold() as held:
            await held.append(held.head, a_batch([moved(record, versions=1) for record in day.records[2:]]))
    assert await log.head() == 2


async def test_who_holds_second_waits_and_then_sees_what_the_first_wrote(log: EventLog) -> None:
    day = a_working_day()
    is_held, is_waiting = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with log.hold() as held:
            is_held.set()
            await is_waiting.wait()
            await held.append(held.head, a_batch(day.records[:3]))

    async def second() -> Position:
        await is_held.wait()
        is_waiting.set()
        async with log.hold() as held:
            await held.append(held.head, a_batch(day.records[held.head :]))
            return held.head

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(first())
        later = group.create_task(second())
    assert later.result() == 3
    assert await log.head() == 6


async def test_a_hold_has_what_was_written_while_it_waited_for_the_lock(log: EventLog) -> None:
    day = a_working_day()
    await log.append(BEGIN, a_batch(day.records[:2]))
    is_held = asyncio.Event()

    async def first() -> None:
        async with log.hold() as held:
            is_held.set()
            await asyncio.sleep(0.05)  # the other one waits by then; if not, it only reads what is there
            await held.append(held.head, a_batch(day.records[2:]))

    async def second() -> None:
        await is_held.wait()
        async with log.hold(Position(1)) as held:
            assert held.head == 6
            assert await held.read(Position(1), 10) == stored(day.records[1:])
            assert await held.read(Position(3), 2) == stored(day.records[3:5])
            assert await held.read(BEGIN, 1) == stored(day.records[:1])
            assert await held.read(Position(6), 10) == []

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(first())
        group.create_task(second())
