"""A process begins from a snapshot instead of the first event."""

from collections.abc import Sequence
from hashlib import sha256

import pytest
from msgspec.structs import replace

from schemas.record import StoredRecord
from schemas.values import Number, Position
from service.core.evolve import evolve
from service.core.state.encoded_state import encode_state
from service.core.state.state import State, empty_state
from service.log.event_log import EventLog, LogBrokenError, Snapshot
from service.log.memory_log import MemoryLog
from service.log.snapshots import RELEASE, load
from service.writer import known_state
from service.writer.known_state import KnownState
from service.writer.snapshot_keeper import EVENTS_AT_STOP, SnapshotKeeper
from tests.support.domain.commands import SERIES, a_reservation_of
from tests.support.domain.writers import do, open_and_lock, running


@pytest.fixture(autouse=True)
def _short_logs_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_state, "READ_LIMIT", 10)


class _Counting(MemoryLog):
    """A log that counts the records that were read from it."""

    def __init__(self) -> None:
        super().__init__()
        self.read_count = 0

    async def read(self, after: Position, limit: int) -> list[StoredRecord]:
        """As MemoryLog.read."""
        found = await super().read(after, limit)
        self.read_count += len(found)
        return found


async def grow(log: EventLog, blocks: int) -> None:
    """A locked series and this number of blocks."""
    async with running(log) as running_writer:
        await open_and_lock(running_writer)
        for _ in range(blocks):
            await do(running_writer, a_reservation_of(3))


def folded(records: Sequence[StoredRecord], log: EventLog) -> State:
    """The state, folded from the first event."""
    state = empty_state(log.log_id)
    for stored in records:
        evolve(state, stored.record)
    return state


async def state_of_a_new_process(log: EventLog) -> State:
    """The state of a writer that has just started."""
    async with running(log) as started:
        return await started.known.read()


def known(log: EventLog, state: State) -> KnownState:
    """The known state of a process that has folded every event up to this state."""
    return KnownState(log, state)


async def keep(log: EventLog, state: State) -> None:
    """Keep a snapshot of the state."""
    assert await SnapshotKeeper(log, known(log, state)).keep(events_between=1)


async def test_a_process_begins_with_a_snapshot_and_reads_only_what_came_after() -> None:
    log = _Counting()
    await grow(log, 50)
    await keep(log, folded(await log.read(Position(0), 52), log))
    async with running(log) as grown:
        await do(grown, a_reservation_of(1))
    log.read_count = 0
    state = await state_of_a_new_process(log)
    assert log.read_count == 1
    assert state == folded(await log.read(Position(0), 100), log)


async def test_the_next_numbers_after_a_snapshot_are_the_right_ones(log: EventLog) -> None:
    await grow(log, 20)
    await keep(log, folded(await log.read(Position(0), 100), log))
    async with running(log) as started:
        await started.known.read()
        await do(started, a_reservation_of(1))
        assert started.known.state.series[SERIES].next_number == 62
    assert folded(await log.read(Position(0), 100), log).series[SERIES].next_number == 62


async def test_a_snapshot_of_another_history_is_passed_over() -> None:
    log, other = MemoryLog(), MemoryLog()
    await grow(log, 20)
    await grow(other, 20)  # the same commands under other ids
    await keep(other, folded(await other.read(Position(0), 100), other))
    snapshot = await other.snapshot(RELEASE)
    assert snapshot is not None
    await log.keep_snapshot(RELEASE, snapshot)
    assert await load(log) is None
    assert await state_of_a_new_process(log) == folded(await log.read(Position(0), 100), log)


async def test_a_snapshot_beyond_the_end_of_the_log_is_passed_over() -> None:
    log, longer = MemoryLog(), MemoryLog()
    await grow(log, 20)
    await grow(longer, 30)
    await keep(longer, folded(await longer.read(Position(0), 100), longer))
    snapshot = await longer.snapshot(RELEASE)
    assert snapshot is not None
    await log.keep_snapshot(RELEASE, snapshot)
    assert await load(log) is None


async def test_a_damaged_snapshot_is_passed_over() -> None:
    log = MemoryLog()
    await grow(log, 20)
    await keep(log, folded(await log.read(Position(0), 100), log))
    good = await log.snapshot(RELEASE)
    assert good is not None
    await log.keep_snapshot("", Snapshot(good.position, good.record_digest, good.state))
    await log.keep_snapshot(RELEASE, Snapshot(good.position, good.record_digest, good.state[:-5]))
    assert await load(log) is None


async def test_a_snapshot_of_another_release_is_not_found(log: EventLog) -> None:
    await grow(log, 20)
    state = folded(await log.read(Position(0), 100), log)
    await log.keep_snapshot("another", Snapshot(state.position, b"", encode_state(state)))
    assert await log.snapshot(RELEASE) is None


async def test_an_older_snapshot_does_not_take_the_place_of_a_newer_one(log: EventLog) -> None:
    await log.keep_snapshot("release", Snapshot(Position(7), b"7", b"new"))
    await log.keep_snapshot("release", Snapshot(Position(5), b"5", b"old"))
    assert await log.snapshot("release") == Snapshot(Position(7), b"7", b"new")


async def test_a_keeper_waits_until_enough_has_happened() -> None:
    log = MemoryLog()
    await grow(log, 20)
    state = folded(await log.read(Position(0), 100), log)
    keeper = SnapshotKeeper(log, known(log, state))
    assert not await keeper.keep(events_between=23)
    assert await keeper.keep(events_between=22)
    assert not await keeper.keep(events_between=1)


async def test_a_keeper_that_begins_from_a_snapshot_keeps_none_until_that_is_old() -> None:
    log = MemoryLog()
    await grow(log, 20)
    await keep(log, folded(await log.read(Position(0), 100), log))
    async with running(log) as started:
        await started.known.read()
        keeper = SnapshotKeeper(log, started.known)
        assert not await keeper.keep(events_between=3)
        for _ in range(3):
            assert not await keeper.keep(events_between=3)
            await do(started, a_reservation_of(1))
        assert await keeper.keep(events_between=3)


async def test_a_keeper_replaces_a_snapshot_that_the_log_contradicted_however_young() -> None:
    log = MemoryLog()
    await grow(log, 20)
    right = folded(await log.read(Position(0), 100), log)
    series = replace(right.series[SERIES], next_number=Number(60))
    right.series[SERIES] = series
    await keep(log, right)
    async with running(log) as started:
        await started.known.read()
        assert started.known.snapshot_position == 22
        with pytest.raises(LogBrokenError):
            await do(started, a_reservation_of(1))
        await do(started, a_reservation_of(1))
        assert await SnapshotKeeper(log, started.known).keep(events_between=3)
        assert await load(log) == started.known.state


async def test_a_keeper_replaces_a_damaged_snapshot_however_young() -> None:
    log = MemoryLog()
    await grow(log, 20)
    state = folded(await log.read(Position(0), 100), log)
    earlier = await log.record_at(Position(21))
    assert earlier is not None
    await log.keep_snapshot(RELEASE, Snapshot(Position(21), sha256(earlier.canonical).digest(), b"damaged"))
    assert await SnapshotKeeper(log, known(log, state)).keep(events_between=3)
    assert await load(log) == state


async def test_a_clean_stop_keeps_a_snapshot_from_which_the_next_start_reads_once() -> None:
    log = MemoryLog()
    async with running(log) as writer:
        await open_and_lock(writer)
        keeper = SnapshotKeeper(log, writer.known)
        await keeper.keep_at_stop()
        assert await load(log) is None, "what one read brings needs none"
        for _ in range(EVENTS_AT_STOP):
            await do(writer, a_reservation_of(1))
        await keeper.keep_at_stop()
        kept = await load(log)
        assert kept is not None
        assert kept.position == await log.head()
