"""What readiness learns about PostgreSQL and the log, and what that costs."""

import asyncio
from pathlib import Path

import asyncpg
from structlog.testing import capture_logs

from schemas.values import Position
from service.health import CHECK_SECONDS_MAX, Finding, Health, HealthBoard
from service.log.mark import MarkFile
from service.log.postgres_log import PostgresLog
from service.readiness import checks
from service.watching.server_check import READ_ONLY, server_check
from tests.support.domain.batches import a_batch
from tests.support.domain.history import a_history
from tests.support.servers.cut_proxy import CutProxy
from tests.support.waiting import until

ALL = ("postgres", "log", "clock")


class Counting(PostgresLog):
    """A log that counts how often its head was asked for."""

    looks = 0

    async def head(self) -> Position:
        """As PostgresLog.head."""
        self.looks += 1
        return await super().head()

    async def halted(self) -> str | None:
        """As PostgresLog.halted."""
        self.looks += 1
        return await super().halted()


async def test_postgresql_is_asked_once_for_the_head_of_the_log_and_again_the_next_time(database_url: str) -> None:
    log = await Counting.open(database_url)
    try:
        found = checks(log)
        assert await HealthBoard(found).latest() == dict.fromkeys(ALL, Health.OK)
        assert log.looks == 1

        await log.halt("a test")
        assert await HealthBoard(found).latest() == dict.fromkeys(ALL, Health.OK) | {"log": Health.DOWN}
        assert log.looks == 2
    finally:
        await log.close()


async def test_without_postgresql_all_that_rests_on_it_is_down_and_comes_back(database_url: str) -> None:
    async with CutProxy.before(database_url) as proxy:
        log = await PostgresLog.open(proxy.url)
        try:
            found = checks(log)
            proxy.shut()
            assert await HealthBoard(found).latest() == dict.fromkeys(ALL, Health.DOWN)
            proxy.open()
            assert await HealthBoard(found).latest() == dict.fromkeys(ALL, Health.OK)
        finally:
            await log.close()


async def test_a_server_that_says_nothing_more_is_down_in_good_time(database_url: str) -> None:
    """A statement that is given up is not cancelled at the server: it would not answer to that either."""
    async with CutProxy.before(database_url) as proxy:
        log = await PostgresLog.open(proxy.url)
        try:
            found = checks(log)
            proxy.mute()
            async with asyncio.timeout(2 * CHECK_SECONDS_MAX):
                assert await HealthBoard(found).latest() == dict.fromkeys(ALL, Health.DOWN)
            proxy.cut()
            assert await HealthBoard(found).latest() == dict.fromkeys(ALL, Health.OK)
        finally:
            await log.close()


async def forbid_writes(database_url: str) -> None:
    """From the next connection on, the database is as on a standby: it answers, and takes no writes."""
    admin = await asyncpg.connect(database_url)
    name = await admin.fetchval("SELECT quote_ident(current_database())")
    await admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await admin.close()


async def test_a_read_only_database_is_not_ready(database_url: str, tmp_path: Path) -> None:
    await forbid_writes(database_url)
    log = await PostgresLog.open(database_url)
    try:
        with capture_logs() as lines:
            found = await HealthBoard(checks(log)).latest()
        finding = await server_check(log, MarkFile(tmp_path, log.log_id))()
        assert finding == Finding(Health.DOWN, READ_ONLY)
        assert found == dict.fromkeys(ALL, Health.OK) | {"log": Health.DOWN}
        assert [line["fault"] for line in lines if line["event"] == "the log takes no writes"] == [
            "PostgreSQL takes no writes: a standby, or default_transaction_read_only is on"
        ]
    finally:
        await log.close()


async def test_a_database_that_became_read_only_while_the_service_runs_is_not_ready_and_comes_back(
    database_url: str,
) -> None:
    log = await PostgresLog.open(database_url)
    admin = await asyncpg.connect(database_url)
    name = await admin.fetchval("SELECT quote_ident(current_database())")
    try:
        found = checks(log)
        assert await HealthBoard(found).latest() == dict.fromkeys(ALL, Health.OK)
        for is_read_only in (True, False):
            await admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {is_read_only}")
            # As after a failover: the sessions of before are gone.
            await admin.execute(END)
            expected = dict.fromkeys(ALL, Health.OK) | ({"log": Health.DOWN} if is_read_only else {})

            async def is_told(expected: dict[str, Health] = expected) -> bool:
                return await HealthBoard(found).latest() == expected

            await until(is_told)
    finally:
        await admin.close()
        await log.close()


async def test_a_log_that_another_process_holds_is_not_ready_until_it_is_free(database_url: str) -> None:
    log, other = await PostgresLog.open(database_url), await PostgresLog.open(database_url)
    try:
        found = checks(log)
        async with other.hold():
            assert await HealthBoard(found).latest() == dict.fromkeys(ALL, Health.OK) | {"log": Health.DOWN}
        assert await HealthBoard(found).latest() == dict.fromkeys(ALL, Health.OK)
    finally:
        await other.close()
        await log.close()


async def test_a_writer_whose_connection_is_silent_is_not_ready_until_it_has_another(database_url: str) -> None:
    async with CutProxy.before(database_url) as proxy:
        log = await PostgresLog.open(proxy.url)
        try:
            found = checks(log)
            await HealthBoard(found).latest()
            proxy.silence()
            assert (await HealthBoard(found).latest())["log"] is Health.DOWN

            async def is_ready() -> bool:
                return await HealthBoard(found).latest() == dict.fromkeys(ALL, Health.OK)

            await until(is_ready)
        finally:
            await log.close()


async def test_a_try_to_write_moves_nothing_and_is_spared_just_after_a_write(database_url: str) -> None:
    async with CutProxy.before(database_url) as proxy:
        log = await PostgresLog.open(proxy.url)
        try:
            batch = a_batch(a_history().records)
            await log.try_to_write()
            await log.append(Position(0), batch)
            proxy.silence()
            async with asyncio.timeout(1):
                await log.try_to_write()
        finally:
            await log.close()
    log = await PostgresLog.open(database_url)
    await log.try_to_write()
    await log.try_to_write()
    assert await log.head() == len(batch.records)
    await log.close()


END = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'numbering%'
"""
