"""Logs for writers; tests/log tests the logs themselves."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from service.log.event_log import EventLog
from service.log.memory_log import MemoryLog
from service.log.postgres_log import PostgresLog


@pytest.fixture
def memory_log() -> MemoryLog:
    """An empty log in memory."""
    return MemoryLog()


@pytest_asyncio.fixture
async def postgres_log(database_url: str) -> AsyncIterator[PostgresLog]:
    """An empty log in PostgreSQL."""
    log = await PostgresLog.open(database_url)
    yield log
    await log.close()


@pytest_asyncio.fixture
async def second_log(postgres_log: PostgresLog, database_url: str) -> AsyncIterator[PostgresLog]:
    """The same log through the connections of another process."""
    log = await PostgresLog.open(database_url)
    yield log
    await log.close()


@pytest.fixture(params=["memory", "postgres"])
def log(request: pytest.FixtureRequest) -> EventLog:
    """An empty log, of either kind."""
    name = f"{request.param}_log"
    found: EventLog = request.getfixturevalue(name)
    return found
