"""Several connections on one log: order of commit, order of positions."""

import asyncio

import asyncpg
import pytest

from schemas.events import SeriesDescribed, SeriesOpened
from schemas.record import Record
from schemas.values import DEFAULT_LOG, CommandId, DocumentType, Number, Position, SeriesId, Version
from service.log.event_log import StalePositionError
from service.log.postgres_log import PostgresLog
from tests.support.domain.batches import a_batch, a_working_day
from tests.support.domain.commands import FIRM, NOW, a_key
from tests.support.domain.invariants import check_invariants
from tests.support.servers.cut_proxy import CutProxy
from tests.support.waiting import until

APPENDERS = 8
ROUNDS = 25
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def test_an_append_waits_for_a_held_log_and_is_then_stale(
    postgres_log: PostgresLog, second_log: PostgresLog, database_url: str
) -> None:
    day = a_working_day()
    watch = await asyncpg.connect(database_url)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        async with postgres_log.hold() as held:
            late = group.create_task(_stale_head(second_log))

            async def is_blocked() -> bool:
                return bool(await watch.fetchval(BLOCKED))

            await until(is_blocked)
            assert not late.done()
            await held.append(held.head, a_batch(day.records))
        assert await late == 6
    await watch.close()
    assert await second_log.head() == 6


async def _stale_head(log: PostgresLog) -> Position:
    with pytest.raises(StalePositionError) as stale:
        await log.append(Position(0), a_batch(a_working_day().records[:1]))
    return stale.value.head


async def test_positions_follow_commits_without_holes_under_many_appenders(database_url: str) -> None:
    logs = [await PostgresLog.open(database_url) for _ in range(APPENDERS)]
    try:
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            seen = group.create_task(_heads_seen(logs[0], APPENDERS * (ROUNDS + 1)))
            for number, log in enumerate(logs):
                group.create_task(_append_rounds(log, SeriesId(f"series_{number}")))
        assert seen.result() == sorted(seen.result())
        records = await logs[0].read(Position(0), 1_000)
        assert len(records) == APPENDERS * (ROUNDS + 1)
        check_invariants(records)
    finally:
        for log in logs:
            await log.close()


async def _append_rounds(log: PostgresLog, series_id: SeriesId) -> None:
    """Append one record at a time, each after the present head."""
    expected, previous = Position(0), Position(0)
    for round_ in range(ROUNDS + 1):
        while True:
            record = _record(series_id, round_, expected, previous)
            try:
                await log.append(expected, a_batch([record]))
            except StalePositionError as stale:
                expected = stale.head
            else:
                expected = previous = record.position
                break


async def _heads_seen(log: PostgresLog, last: int) -> list[Position]:
    """The heads that a reader sees; every position below a head must be there."""
    heads = [await log.head()]
    while heads[-1] < last:
        heads.append(await log.head())
        assert heads[-1] == 0 or await log.record_at(heads[-1]) is not None
    return heads


def _record(series_id: SeriesId, round_: int, expected: Position, previous: Position) -> Record:
    opened = SeriesOpened("N" + series_id, DocumentType.FISCAL, None, "{number}", Number(1), 2027, is_primary=False)
    return Record(
        log=DEFAULT_LOG,
        position=Position(expected + 1),
        stream=series_id,
        series_name="N" + series_id,
        version=Version(round_ + 1),
        previous=previous,
        firm_id=FIRM,
        mode=a_key().mode,
        at=NOW,
        actor=a_key().actor,
        device_id=None,
        command_id=CommandId("c"),
        idempotency_key=None,
        event=SeriesDescribed(f"round {round_}") if round_ else opened,
    )


async def test_a_stale_writer_asks_four_times_and_holds_the_lock_for_two_of_them(
    postgres_log: PostgresLog, database_url: str
) -> None:
    """Each answer under the lock is a time in which nobody else writes (DESIGN.md section 4)."""
    day = a_working_day()
    async with CutProxy.before(database_url) as proxy:
        log = await PostgresLog.open(proxy.url)
        await log.try_to_write()  # connects
        for already in (2, 4):
            head = await postgres_log.head()
            await postgres_log.append(head, a_batch(day.records[head:already]))
            before = proxy.asked
            async with log.hold(head) as held:
                assert proxy.asked == before + 2, "BEGIN, then the lock with what was missed"
                assert len(await held.read(head, 10)) == already - head
                await held.append(held.head, a_batch(day.records[already : already + 1]))
                assert proxy.asked == before + 3, "the batch, with nothing to prepare"
            assert proxy.asked == before + 4, "COMMIT"
        await log.close()
