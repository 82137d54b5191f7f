"""The database goes away and comes back: the writer goes on without an operator and loses nothing acknowledged."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from service.embedded import EmbeddedPostgres
from service.log.migrating.migrate import migrate
from service.log.postgres_log import PostgresLog
from service.writer.request import Answered
from service.writer.writer import Limits
from tests.support.domain.commands import SERIES, a_reservation_of
from tests.support.domain.writers import checked, do, open_and_lock, running, until_told

END: dict[str, Callable[[EmbeddedPostgres], None]] = {"stopped": EmbeddedPostgres.stop, "killed": EmbeddedPostgres.kill}


@pytest.mark.parametrize("end", END.values(), ids=END)
async def test_a_writer_outlives_its_database(data_dir: Path, end: Callable[[EmbeddedPostgres], None]) -> None:
    server = EmbeddedPostgres(data_dir / "postgres")
    server.start()
    try:
        await migrate(server.url)
        log = await PostgresLog.open(server.url)
        answers: list[Answered] = []
        async with running(log, limits=Limits(wait_seconds_max=3)) as writer:
            await open_and_lock(writer)

            async def till(name: int) -> None:
                for number in range(60):
                    answer = await until_told(writer, f"{name}-{number}")
                    answers.append(answer)

            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                for name in range(5):
                    group.create_task(till(name))
                while len(answers) < 50:
                    await asyncio.sleep(0.001)
                end(server)
                server.start()
            await do(writer, a_reservation_of(1))
        state = await checked(log, answers)
        assert state.series[SERIES].taken == 5 * 60 * 2 + 1
        await log.close()
    finally:
        server.stop()
