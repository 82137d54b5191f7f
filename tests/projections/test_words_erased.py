"""What people search by is erased with the contents, also while a projection adds it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import asyncpg
import pytest
import pytest_asyncio

from projections.keeping.runner import ProjectionRunner
from tests.projections.conftest import WrittenLog
from tests.projections.histories import History
from tests.support.waiting import until

WAITS = (
    "SELECT EXISTS (SELECT FROM pg_stat_activity AS a WHERE cardinality(pg_blocking_pids(a.pid)) > 0"
    " AND a.datname = current_database())"
)
WORDS = "SELECT count(*) FROM log.searchable"
ERASE = "DELETE FROM log.content"
ADD = """
SELECT log.make_searchable(
    array_agg(encode(k.digest, 'hex')), array_agg('d'::text), array_agg('Popescu'::text), array_agg(NULL::text)
)
FROM log.content AS k
"""


@pytest_asyncio.fixture
async def owner(log: WrittenLog) -> AsyncIterator[asyncpg.Connection]:
    """A connection with the role that may erase; the log has documents."""
    history = History.of_seed(71)
    await log.append(history.grow(100), history.bodies)
    connection = await asyncpg.connect(log.database_url, server_settings={"role": "numbering_owner"})
    yield connection
    await connection.close()


async def is_waiting(log: WrittenLog) -> bool:
    waiting: bool = await log.reader.fetchval(WAITS)
    return waiting


async def test_words_go_with_their_contents(
    log: WrittenLog, owner: asyncpg.Connection, runner: ProjectionRunner
) -> None:
    await runner.catch_up()
    assert await owner.fetchval(WORDS) > 0
    await owner.execute(ERASE)
    assert await owner.fetchval(WORDS) == 0


async def test_words_that_are_added_while_their_contents_are_erased_go_too(
    log: WrittenLog, owner: asyncpg.Connection
) -> None:
    adding = await asyncpg.connect(log.database_url, server_settings={"role": "numbering_owner"})
    async with adding.transaction():
        await adding.execute(ADD)
        erasing = asyncio.create_task(owner.execute(ERASE))
        await until(lambda: is_waiting(log))
    assert await erasing != "DELETE 0"
    await adding.close()
    assert await owner.fetchval(WORDS) == 0


async def test_words_of_contents_that_are_being_erased_are_not_added(
    log: WrittenLog, owner: asyncpg.Connection
) -> None:
    adding = await asyncpg.connect(log.database_url, server_settings={"role": "numbering_owner"})
    async with owner.transaction():
        await owner.execute(ERASE)
        added = asyncio.create_task(adding.execute(ADD))
        await until(lambda: is_waiting(log))
    await added
    await adding.close()
    assert await owner.fetchval(WORDS) == 0


@pytest.mark.parametrize("isolation", ["repeatable_read", "serializable"])
async def test_an_older_view_of_the_words_erases_no_content(
    log: WrittenLog, owner: asyncpg.Connection, isolation: Literal["repeatable_read", "serializable"]
) -> None:
    with pytest.raises(asyncpg.InvalidTransactionStateError, match="READ COMMITTED"):
        async with owner.transaction(isolation=isolation):
            await owner.execute(ERASE)
    assert await owner.fetchval("SELECT count(*) FROM log.content") > 0
