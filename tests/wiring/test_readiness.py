"""What readiness learns about PostgreSQL and the log, and what that costs."""

from schemas.values import Position
from service.health import Health, ask_all
from service.log.postgres_log import PostgresLog
from service.readiness import checks
from tests.support.servers.cut_proxy import CutProxy

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
        found = checks(log, None, None)
        assert await ask_all(found) == dict.fromkeys(ALL, Health.OK)
        assert log.looks == 1

        await log.halt("a test")
        assert await ask_all(found) == dict.fromkeys(ALL, Health.OK) | {"log": Health.DOWN}
        assert log.looks == 2
    finally:
        await log.close()


async def test_without_postgresql_all_that_rests_on_it_is_down_and_comes_back(database_url: str) -> None:
    async with CutProxy.before(database_url) as proxy:
        log = await PostgresLog.open(proxy.url)
        try:
            found = checks(log, None, None)
            proxy.shut()
            assert await ask_all(found) == dict.fromkeys(ALL, Health.DOWN)
            proxy.open()
            assert await ask_all(found) == dict.fromkeys(ALL, Health.OK)
        finally:
            await log.close()
