"""Both logs, each empty, for the suite that tests the same promises on both."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from service.log.event_log import EventLog
from service.log.memory_log import MemoryLog
from service.log.postgres_log import PostgresLog


@pytest.fixture(params=["memory", "postgres"])
def log(request: pytest.FixtureRequest) -> EventLog:
    """An empty log."""
    if request.param == "memory":
        return MemoryLog()
    postgres: PostgresLog = request.getfixturevalue("postgres_log")
    return postgres


@pytest_asyncio.fixture
async def postgres_log(database_url: str) -> AsyncIterator[PostgresLog]:
    """An empty log in PostgreSQL, opened as the service opens it."""
    log = await PostgresLog.open(database_url)
    yield log
    await log.close()


@pytest_asyncio.fixture
async def second_log(postgres_log: PostgresLog, database_url: str) -> AsyncIterator[PostgresLog]:
    """The same log through the connections of another process."""
    log = await PostgresLog.open(database_url)
    yield log
    await log.close()
