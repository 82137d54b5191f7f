"""The records of what auditors read: written in batches, each once, none lost silently."""

import asyncpg
import pytest

from schemas.values import FirmId, Mode
from service.access.read_records import ReadRecord, ReadRecorder
from service.clock import now

RECORD = ReadRecord("key:1", 1, "http", "GET", "/v1/invoices", {}, {}, 200, "r")
FIRM = FirmId("firm_a")


async def test_what_finds_no_room_is_counted(database_url: str) -> None:
    dropped: list[int] = []
    async with asyncpg.create_pool(database_url, min_size=0) as pool:
        recorder = ReadRecorder(pool, keep_days=0, clock=now, on_dropped=dropped.append, waiting_max=2)
        for _ in range(5):
            recorder.note(FIRM, Mode.LIVE, RECORD)
        assert sum(dropped) == 3

        await recorder.write_all()
        assert len((await recorder.page(FIRM, Mode.LIVE, before=None, limit=10)).data) == 2
        assert sum(dropped) == 3


async def test_a_stop_without_a_database_counts_what_it_could_not_write(database_url: str) -> None:
    dropped: list[int] = []
    async with asyncpg.create_pool(database_url, min_size=0) as pool:
        recorder = ReadRecorder(pool, keep_days=0, clock=now, on_dropped=dropped.append)
        await pool.execute("ALTER TABLE access.audit_read RENAME TO away")
        recorder.note(FIRM, Mode.LIVE, RECORD)
        await recorder.write_all()
    assert dropped == [1]


async def test_many_are_written_and_each_once(database_url: str) -> None:
    written: list[int] = []
    async with asyncpg.create_pool(database_url, min_size=0) as pool:
        recorder = ReadRecorder(pool, keep_days=0, clock=now, on_written=written.append)
        for _ in range(2_500):
            recorder.note(FIRM, Mode.LIVE, RECORD)
        await recorder.write_all()
        await recorder.write_all()
        assert await pool.fetchval("SELECT count(*) FROM access.audit_read") == sum(written) == 2_500


@pytest.mark.parametrize("mode", [Mode.LIVE, Mode.TEST])
async def test_each_mode_is_a_partition_of_its_own(database_url: str, mode: Mode) -> None:
    async with asyncpg.create_pool(database_url, min_size=0) as pool:
        recorder = ReadRecorder(pool, keep_days=0, clock=now)
        recorder.note(FIRM, mode, RECORD)
        await recorder.write_all()
        found = {each: len((await recorder.page(FIRM, each, before=None, limit=9)).data) for each in Mode}
    assert found == {each: int(each is mode) for each in Mode}
