"""A pooler between us and PostgreSQL that gives one session to several callers: nothing is done through it."""

import pytest

from service.cli.screen.operator_errors import sentence_for
from service.log.event_log import LogUnavailableError
from service.log.postgres_log import POOL_MAX, PostgresLog
from service.log.sessions import CONNECTIONS_MAX, NotOurSessionError, connected, end, open_pool
from service.wiring import READS_MAX
from tests.support.servers.sharing_pooler import sharing_pooler


async def test_no_session_is_used_that_others_get_too(database_url: str) -> None:
    async with sharing_pooler(database_url) as url:
        with pytest.raises(NotOurSessionError, match="pool_mode = session"):
            async with connected(url, "numbering_writer", "numbering", synchronous_commit="on"):
                pytest.fail("it was used")
        with pytest.raises(NotOurSessionError):
            await open_pool(url, "numbering_reader", "numbering", sizes=(1, 1), seconds_max=5)


async def test_the_log_is_not_opened_over_it(database_url: str) -> None:
    async with sharing_pooler(database_url) as url:
        with pytest.raises(LogUnavailableError) as caught:
            await PostgresLog.open(url)
    sentence = sentence_for(caught.value) or ""
    assert sentence.startswith("cannot use PostgreSQL: a pooler such as PgBouncer is in front of it: ")
    assert sentence.endswith("connect to PostgreSQL itself; a process holds 20 connections at the most")


async def test_a_pool_keeps_what_its_sessions_were_given(database_url: str) -> None:
    pool = await open_pool(
        database_url, "numbering_reader", "numbering", sizes=(1, 1), seconds_max=5, synchronous_commit="off"
    )
    for _ in range(3):  # each time the session was given back in between
        assert await pool.fetchval("SELECT current_user") == "numbering_reader"
        assert await pool.fetchval("SHOW synchronous_commit") == "off"
        assert await pool.fetchval("SHOW lock_timeout") == "4s"
        assert await pool.fetchval("SHOW statement_timeout") == "6s"
    end(pool)


def test_a_process_holds_no_more_connections_than_is_said() -> None:
    appender, runner_and_rebuild = 1, 3
    assert POOL_MAX + appender + READS_MAX + runner_and_rebuild == CONNECTIONS_MAX
