"""What we rely on inside asyncpg, which its documentation does not promise."""

import asyncio
import inspect
import re
from pathlib import Path

import asyncpg
import pytest
from asyncpg import connect_utils

from service.configuration.libpq import LIBPQ
from service.configuration.settings import forget_libpq
from service.watching.gauges import waiting_for
from tests.support.waiting import until


def test_a_connection_is_made_of_a_protocol_and_its_transport() -> None:
    assert list(inspect.signature(asyncpg.Connection.__init__).parameters)[:3] == ["self", "protocol", "transport"]


def test_we_know_every_variable_that_asyncpg_reads() -> None:
    source = Path(connect_utils.__file__).read_text("utf-8")
    asked = re.findall(r"""(?:os\.getenv\(|os\.environ\.get\(|os\.environ\[)\s*["'](\w+)["']""", source)
    assert {name for name in asked if name.startswith("PG")} == LIBPQ


def test_variables_of_libpq_are_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LIBPQ:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PGSSLMODE", "disable")
    monkeypatch.setenv("PGPASSWORD", "")
    assert forget_libpq() == ["PGPASSWORD", "PGSSLMODE"]
    assert forget_libpq() == []


async def test_a_pool_tells_how_many_wait_for_a_session(database_url: str) -> None:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool, pool.acquire():
        assert waiting_for(pool) == 0
        waiting = [asyncio.create_task(pool.fetchval("SELECT 1")) for _ in range(3)]
        await until(lambda: waiting_for(pool) == 3)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert waiting_for(pool) == 0
