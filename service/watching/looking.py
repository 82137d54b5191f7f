"""How far each part is behind the log, as this process can see it: also of parts that are elsewhere, or dead."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from msgspec import Struct

from projections.keeping.every import ALL
from projections.keeping.kept_tables_read import read_present_positions
from schemas.values import Position, UnixSeconds
from service.health import HealthBoard
from service.log.event_log import LogFaultError
from service.log.postgres_faults import read_faults
from service.log.postgres_log import PostgresLog
from service.log.sessions import cut_off_after
from service.readiness import EVIDENCE, PROJECTIONS, RELAY, Reports
from service.statements import statement
from service.stopping import end_all
from service.watching.stream_view import LOOK_SECONDS, LOOK_SECONDS_MAX, StreamView

Place = tuple[str, str]
"""A part, and which of its positions: the name of a projection, or the part's own."""

RELAYED: Final[Place] = (RELAY, RELAY)
SEALED: Final[Place] = (EVIDENCE, EVIDENCE)


class Seen(Struct, frozen=True):
    """What one look found; None is what could not be seen.

    `waiting_since` is the time of the oldest event that a place does not have; None if it has all.
    """

    head: Position | None = None
    is_halted: bool | None = None
    positions: Mapping[Place, Position | None] = {}
    waiting_since: Mapping[Place, UnixSeconds | None] = {}


class Looking:
    """Looks every LOOK_SECONDS. Parts that report to this process are believed; the others are looked at."""

    def __init__(
        self, log: PostgresLog, reads: asyncpg.Pool, stream: StreamView | None, reports: Callable[[], Reports]
    ) -> None:
        """`reads` may read the projections; `stream` is none where there is no NATS."""
        self._log = log
        self._reads = reads
        self._reports = reports
        self.stream = stream
        self.seen = Seen()
        # What this process shows, whether it can be seen or not.
        self.places: tuple[Place, ...] = (
            *(() if stream is None else (RELAYED,)),
            SEALED,
            *((PROJECTIONS, each.name) for each in ALL),
        )

    async def run(self, board: HealthBoard) -> None:
        """Look until cancelled, also at the health of the parts; belongs in a TaskGroup."""
        async with asyncio.TaskGroup() as group:
            if self.stream is not None:
                group.create_task(self.stream.run())
            group.create_task(_ask(board))
            while True:
                self.seen = await self._look()
                await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> Seen:
        positions = await self._positions()
        try:
            return await self._ask_log(positions)
        except LogFaultError:
            return Seen(positions=positions)

    async def _positions(self) -> dict[Place, Position | None]:
        """Where each part is, but the sealer where it does not report: the log is asked for that."""
        reports = self._reports()
        found = {
            (part, name): position
            for part in (RELAY, PROJECTIONS, EVIDENCE)
            for name, position in (reports[part].positions.items() if part in reports else ())
        }
        if PROJECTIONS not in reports:
            found |= await self._projections()
        if self.stream is not None:
            found.setdefault(RELAYED, self.stream.end)
        return found

    async def _projections(self) -> dict[Place, Position | None]:
        """Where the projections are, for a process without any; nothing while PostgreSQL does not say."""
        try:
            with read_faults():
                async with self._reads.acquire(timeout=LOOK_SECONDS_MAX) as connection:
                    with cut_off_after(connection, LOOK_SECONDS_MAX):
                        found = await read_present_positions(connection, self._log.log_id)
        except LogFaultError:
            return {}
        return {(PROJECTIONS, name): position for name, position in found.items()}

    async def _ask_log(self, positions: Mapping[Place, Position | None]) -> Seen:
        """The head, and since when the event after each position waits. Raises LogFaultError."""
        with read_faults():
            async with self._log.pool.acquire(timeout=LOOK_SECONDS_MAX) as connection:
                with cut_off_after(connection, LOOK_SECONDS_MAX):
                    row = await connection.fetchrow(statement("watch_log"), self._log.log_id, list(positions.values()))
        if row is None:
            return Seen(positions=positions)
        *since, sealed_since = row["waiting_since"]
        return Seen(
            row["position"],
            row["is_halted"],
            {SEALED: row["sealed"], **positions},
            {SEALED: sealed_since, **dict(zip(positions, since, strict=True))},
        )


async def _ask(board: HealthBoard) -> None:
    """Have the health of every part looked at, also while nobody asks /readyz."""
    while True:
        await board.latest()
        await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def looking_around(looking: Looking, board: HealthBoard) -> AsyncGenerator[None]:
    """Look for the life of the block."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(looking.run(board))
        try:
            yield
        finally:
            await end_all([task])
