"""The sweeper over a running writer: what it records, also beside other sweepers and while the log is away."""

import asyncio

import pytest

from schemas.events import ReservationExpired
from schemas.values import Position, UnixSeconds
from service.log.event_log import LogUnavailableError
from service.log.memory_log import MemoryLog
from service.writer import sweeper as sweeping
from service.writer.sweeper import Sweeper
from service.writer.writer import Writer
from tests.support.domain.commands import NOW, SERIES, a_document, a_reservation_of, an_issue
from tests.support.domain.invariants import check_invariants
from tests.support.domain.writers import do, open_and_lock, running
from tests.support.waiting import until

DUE = UnixSeconds(NOW + 10_000_000)


def a_sweeper(writer: Writer, now: UnixSeconds, told: list[int] | None = None) -> Sweeper:
    """A sweeper that sweeps every few milliseconds."""
    swept = told if told is not None else []
    return Sweeper(writer.known, writer, clock=lambda: now, period_seconds=0.002, on_sweep=swept.append)


async def expired(log: MemoryLog) -> list[Position]:
    """The blocks that were recorded as expired, in the order of their records."""
    records = await log.read(Position(0), 100_000)
    check_invariants(records)
    return [r.record.event.reservation for r in records if isinstance(r.record.event, ReservationExpired)]


async def test_a_sweep_records_every_overdue_block_once_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """CONTRACT.md D45."""
    monkeypatch.setattr(sweeping, "BLOCKS_MAX", 7)  # several commands, and several steps of the search
    monkeypatch.setattr(sweeping, "LOOKS_MAX", 5)
    log = MemoryLog()
    now = [NOW]
    async with running(log, clock=lambda: now[0]) as writer:
        await open_and_lock(writer)
        for _ in range(30):
            await do(writer, a_reservation_of(2))
        assert await a_sweeper(writer, NOW).sweep() == 0
        now[0] = DUE
        assert await a_sweeper(writer, DUE).sweep() == 60
        assert await a_sweeper(writer, DUE).sweep() == 0
    assert await expired(log) == list(range(3, 33))


async def test_sweepers_of_two_processes_record_an_expiry_once() -> None:
    log = MemoryLog()
    async with running(log) as writer:
        await open_and_lock(writer)
        for _ in range(50):
            await do(writer, a_reservation_of(1))
    async with running(log, clock=lambda: DUE) as one, running(log, clock=lambda: DUE) as other:
        swept = await asyncio.gather(*(a_sweeper(writer, DUE).sweep() for writer in (one, other)))
    assert sum(swept) == 50
    assert sorted(await expired(log)) == list(range(3, 53))


async def test_a_sweeper_whose_clock_is_ahead_of_the_writers_ends_nothing_early() -> None:
    log = MemoryLog()
    async with running(log) as writer:
        await open_and_lock(writer)
        await do(writer, a_reservation_of(1))
        assert await a_sweeper(writer, DUE).sweep() == 0
        assert writer.known.state.series[SERIES].pending == 1


class _Away(MemoryLog):
    """A log that cannot be reached while `is_away`."""

    is_away = False
    refusals = 0

    async def head(self) -> Position:
        """As MemoryLog.head, unless the log is away."""
        if self.is_away:
            self.refusals += 1
            raise LogUnavailableError("away")
        return await super().head()


async def test_one_sweeper_finds_what_is_reserved_and_ends_while_it_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of several lives, some of them used up, and a heap that is made anew when most of it is."""
    monkeypatch.setattr(sweeping, "LOOKS_MAX", 3)
    log = MemoryLog()
    now = [NOW]
    async with running(log, clock=lambda: now[0]) as writer:
        sweeper = Sweeper(writer.known, writer, clock=lambda: now[0], period_seconds=1)
        await open_and_lock(writer)
        total = 0
        for step in range(40):
            await do(writer, a_reservation_of(1 + step % 3))
            if step % 2:
                await do(writer, an_issue(a_document(f"inv_{step}")))
            now[0] = UnixSeconds(now[0] + 100_000)
            total += await sweeper.sweep()
            state = writer.known.state
            late = [place for place in map(state.block_at, state.unsettled) if place and place[1].expires_at <= now[0]]
            assert late == []
        assert total > 0
        await do(writer, a_reservation_of(5))
        writer.known.forget(is_snapshot_wrong=False)
        now[0] = UnixSeconds(now[0] + 10_000_000)
        left = sum(each.pending for each in (await writer.known.read()).series.values())
        assert await sweeper.sweep() == left > 0
    await expired(log)


async def test_a_sweeper_waits_for_a_store_that_is_away_and_goes_on() -> None:
    log = _Away()
    told: list[int] = []
    async with running(log, clock=lambda: DUE) as writer:
        log.is_away = True
        task = asyncio.create_task(a_sweeper(writer, DUE, told).run())
        try:
            await until(lambda: log.refusals > 2)
            assert told == []
            log.is_away = False
            await until(lambda: bool(told))
        finally:
            task.cancel()
            await asyncio.wait([task])
