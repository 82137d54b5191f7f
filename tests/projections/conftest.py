"""A log that tests write like the service, and a runner that follows it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import asyncpg
import pytest_asyncio

from projections.keeping.runner import ProjectionRunner
from schemas.record import Record
from schemas.values import DEFAULT_LOG, Digest, Position
from service.log.columns import arguments_of
from service.log.event_log import Content
from service.statements import statement
from tests.projections.bodies import Body
from tests.projections.histories import content_of
from tests.support.domain.batches import a_batch

APPEND_MAX = 1000
NO_BODIES: Final[Mapping[Digest, Body]] = MappingProxyType({})


class WrittenLog:
    """Appends records with the role of the writer, and reads with `reader`, which has the role of an auditor."""

    def __init__(self, writer: asyncpg.Connection, reader: asyncpg.Connection, database_url: str) -> None:
        self.reader = reader
        self.database_url = database_url
        self.position = Position(0)
        self._writer = writer

    async def append(self, records: Sequence[Record], bodies: Mapping[Digest, Body] = NO_BODIES) -> None:
        """Append the records in as few calls as possible; each call gets the `bodies` that its records name."""
        for start in range(0, len(records), APPEND_MAX):
            part = records[start : start + APPEND_MAX]
            named = [digest for record in part if (digest := content_of(record)) is not None]
            kept = [bodies[digest] for digest in named if digest in bodies]
            batch = a_batch(part, [Content(Digest(body.digest), body.salt, body.text.encode()) for body in kept])
            arguments = arguments_of(DEFAULT_LOG, self.position, batch)
            head = await self._writer.fetchval(statement("log_append"), *arguments)
            self.position = Position(head)


@pytest_asyncio.fixture
async def log(database_url: str) -> AsyncIterator[WrittenLog]:
    """An empty log."""
    writer = await asyncpg.connect(database_url, server_settings={"role": "numbering_writer"})
    reader = await asyncpg.connect(database_url, server_settings={"role": "numbering_reader"})
    try:
        yield WrittenLog(writer, reader, database_url)
    finally:
        await writer.close()
        await reader.close()


@pytest_asyncio.fixture
async def runner(log: WrittenLog) -> ProjectionRunner:
    """A runner over the log; it runs only when a test tells it to."""
    return ProjectionRunner(log.database_url, batch_size=7)
