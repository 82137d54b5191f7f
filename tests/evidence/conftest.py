"""A log in PostgreSQL, and a place for the file of its last note."""

from collections.abc import AsyncIterator

import pytest_asyncio

from service.log.postgres_log import PostgresLog


@pytest_asyncio.fixture
async def log(database_url: str) -> AsyncIterator[PostgresLog]:
    """An empty log in PostgreSQL, opened as the service opens it."""
    log = await PostgresLog.open(database_url)
    yield log
    await log.close()
