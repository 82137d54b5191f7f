"""The runner: follows the log, and moves all projections and their checkpoints on in one transaction."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import asyncpg
import structlog

from projections.keeping import copies
from projections.keeping.connections import connected
from projections.keeping.copies import Copy, Fit, Look
from projections.keeping.every import ALL
from projections.keeping.log_reading import read_between, read_head
from projections.keeping.one_moment import WANTED, from_projections
from projections.keeping.projection_faults import CopyBrokenError, CopySwappedError, ProjectionBrokenError, is_passing
from projections.keeping.rebuild import REBUILD_BATCH_SIZE, Progress, Rebuild, Rebuilt, no_progress
from projections.keeping.renewal import Renewal
from projections.keeping.stopped import Stopped
from projections.models.projection import Projection
from schemas.record import Record
from schemas.values import DEFAULT_LOG, LogId, Position

BATCH_SIZE: Final = 5000
"""How many events the runner applies in one transaction, if it is so far behind: the more, the less work for each."""

POLL_SECONDS: Final = 0.25
"""How long a runner rests between two turns, unless `wake` is set or a report waits for it.

Many events then share a transaction: with a turn for each, the projections took 0.5 to 1 ms of processor time for each
request of a lone client, and the reply came that much later.
"""

TURN_SECONDS_MAX: Final = 60
"""How long a batch, or a look at the copies, may take; after that another connection is made."""

LOOKS_MAX: Final = 5
"""How often in a row a copy may be dropped or swapped while a runner looks at it; then the copy counts as broken."""

RECONNECT_SECONDS_MIN: Final = 0.1
RECONNECT_SECONDS_MAX: Final = 5.0

_log = structlog.stdlib.get_logger(__name__)


class ProjectionRunner:
    """Keeps projections up to date with one log. Several runners may run at once, in one process or in many.

    The projections of a runner move on together, so that a report may join them. Set `wake`, and the runner reads the
    log at once; a report that waits for it does so through PostgreSQL, from any process.
    """

    def __init__(
        self,
        database_url: str,
        *,
        projections: Sequence[Projection] = ALL,
        log_id: LogId = DEFAULT_LOG,
        batch_size: int = BATCH_SIZE,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.wake = asyncio.Event()
        self.head = Position(0)
        self._database_url = database_url
        self._projections = sorted(projections, key=lambda projection: projection.name)
        self._copies = [copies.live(projection) for projection in self._projections]
        self._looks: dict[str, Look] = {}
        self._is_settled = False
        self._stopped = Stopped(log_id)
        self._fault: str | None = None
        self._followed: list[Copy] = []
        self._unfinished: set[str] = set()
        self._renewal = Renewal(database_url)
        self._log_id = log_id
        self._batch_size = batch_size
        self._poll_seconds = poll_seconds
        self._positions = {projection.name: Position(0) for projection in self._projections}
        self._has_progressed = False

    async def run(self) -> None:
        """Follow the log until cancelled; wait for a database that is away.

        A copy of an older definition is rebuilt while it answers; a copy of a newer definition is left to the newer
        program. A projection that cannot take the next events is stopped: nothing is written, and `stopped` names it.
        If the log itself cannot be followed, all projections are stopped, and the runner tries again. Nothing is
        raised: a projection can be rebuilt, so it must not end a process that may also issue numbers.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow_always())
            group.create_task(self._renewal.run())

    async def _follow_always(self) -> None:
        wait_seconds: float | None = None
        while True:
            try:
                await self._follow()
            except Exception as error:  # noqa: BLE001 - see run
                if not is_passing(error):
                    self._stop_all(error)
                    await asyncio.sleep(RECONNECT_SECONDS_MAX)
                    continue
                # Progress since the last fault means that this is a new one: log it, and begin with a short wait again.
                if self._has_progressed or wait_seconds is None:
                    wait_seconds = RECONNECT_SECONDS_MIN
                    _log.warning("projections wait for the database", log=self._log_id, error=repr(error))
                self._has_progressed = False
                await asyncio.sleep(wait_seconds)
                wait_seconds = min(wait_seconds * 2, RECONNECT_SECONDS_MAX)

    async def catch_up(self) -> None:
        """Bring every projection to the present head of the log; rebuild those of an older definition first.

        Raises ProjectionBrokenError, RebuildRunningError and asyncpg's errors.
        """
        async with connected(self._database_url) as connection:
            await self._ensure(connection)
            if await self._renewal.renew():
                await self._ensure(connection)
            await self._reach_head(connection)

    async def rebuild(self, name: str, on_progress: Progress | None = None, *, is_forced: bool = False) -> Rebuilt:
        """Make a new copy from the log while the present one answers, and swap them if their digests are equal.

        `is_forced` swaps them whatever the digests are, and whatever position the present copy has. Raises KeyError for
        an unknown name, RebuildRunningError, LogHoleError, ProjectionBrokenError and asyncpg's errors; the present copy
        then stays.
        """
        projection = self._named(name)
        async with connected(self._database_url) as connection, connected(self._database_url) as guard:
            rebuild = Rebuild(connection, guard, projection, REBUILD_BATCH_SIZE, on_progress or no_progress)
            try:
                with suppress(*(copies.UNREADABLE if is_forced else ())):
                    await copies.ensure(connection, copies.live(projection), self._log_id)
                return await rebuild.run(is_forced=is_forced)
            except copies.UNREADABLE as error:
                why = f"{name} has no checkpoint that can be read; run `numbering rebuild {name} --force`"
                raise CopyBrokenError(name, why) from error

    async def digest(self, name: str) -> str:
        """SHA-256 over every row of the projection, as of one moment.

        Raises KeyError for an unknown name, and ProjectionBrokenError for a copy of another definition.
        """
        copy = copies.live(self._named(name))
        async with connected(self._database_url) as connection:
            found = None
            while found is None:  # one more try for each rebuild that ends while this runs
                if (await copies.ensure(connection, copy, self._log_id)).fit is not Fit.OWN:
                    raise ProjectionBrokenError(f"{name} has another definition; run `numbering rebuild {name}` first")
                found = await from_projections(
                    connection, [copy.schema], lambda: copies.digest(connection, copy), is_waiting=False
                )
            return found

    def positions(self) -> dict[str, Position]:
        """The position of each projection when this runner last saw it."""
        return {name: position for name, position in self._positions.items() if name not in self._newer()}

    def lag(self) -> dict[str, int]:
        """How many events each projection was behind the log when this runner last looked."""
        return {name: max(0, self.head - position) for name, position in self.positions().items()}

    def stopped(self) -> set[str]:
        """The projections that stand still until an operator acts; a log line said why."""
        if self._fault is not None:
            return set(self._positions)
        return self._stopped.names() | (self._renewal.given_up() & self._of(Fit.OLDER))

    def _newer(self) -> set[str]:
        """The projections that a newer program keeps."""
        return self._of(Fit.NEWER)

    def _of(self, fit: Fit) -> set[str]:
        return {schema for schema, look in self._looks.items() if look.fit is fit}

    def _stop_all(self, error: Exception) -> None:
        fault = repr(error)
        if fault != self._fault:
            self._fault = fault
            _log.error("projections cannot follow the log", log=self._log_id, error=fault, exc_info=error)

    async def _follow(self) -> None:
        async with connected(self._database_url) as connection:
            await connection.add_listener(WANTED, self._on_wanted)
            self._is_settled = False
            is_told = False
            while True:
                await self._keep_up(connection)
                self._fault = None
                self._has_progressed = True
                if not is_told:
                    is_told = True
                    _log.info("projections follow the log", log=self._log_id, position=self.head)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_seconds):
                        await self.wake.wait()
                self.wake.clear()

    def _on_wanted(self, *_: object) -> None:
        self.wake.set()

    async def _keep_up(self, connection: asyncpg.Connection) -> None:
        """Bring every projection that does not break to the head. A copy that breaks is stopped, once."""
        while True:
            try:
                async with asyncio.timeout(TURN_SECONDS_MAX):
                    is_changed = await copies.look_at_all(connection, self._copies) != self._looks
                if is_changed or not self._is_settled:
                    await self._ensure(connection)
                return await self._reach_head(connection)
            except CopyBrokenError as error:
                self._stopped.add(error, self._looks)
                self._is_settled = False

    async def _ensure(self, connection: asyncpg.Connection) -> None:
        """Make missing copies, read every position, and choose the projections that this runner keeps.

        Raises CopyBrokenError for a copy whose checkpoint cannot be read.
        """
        self._looks = await copies.look_at_all(connection, self._copies)
        self._followed = []
        self._unfinished = set()
        for copy in self._copies:
            if self._stopped.has(copy.schema, self._looks[copy.schema]):
                continue
            fit = await self._look(connection, copy)
            if fit is Fit.OWN:
                self._followed.append(copy)
            elif fit is Fit.OLDER:
                self._renewal.ask(copy.projection)
            elif fit is Fit.NEWER:
                _log.warning("a newer program keeps this projection; it is left alone", projection=copy.schema)
        self._is_settled = True

    async def _look(self, connection: asyncpg.Connection, copy: Copy) -> Fit:
        """Make the copy if it is missing, and read its position; try again if it is dropped or swapped at that time."""
        for _ in range(LOOKS_MAX):
            with suppress(asyncpg.UndefinedTableError, CopySwappedError):
                look = self._looks[copy.schema] = await copies.ensure(connection, copy, self._log_id)
                if look.fit is Fit.OWN:
                    if not await copies.is_finished(connection, copy):
                        self._unfinished.add(copy.schema)
                    async with connection.transaction():
                        found = await copies.positions(connection, copy)
                    self._positions[copy.schema] = found[self._log_id]
                return look.fit
        why = f"{copy.schema} has no checkpoint; run `numbering rebuild {copy.schema} --force`"
        raise CopyBrokenError(copy.schema, why)

    async def _reach_head(self, connection: asyncpg.Connection) -> None:
        self.head = await read_head(connection, self._log_id)
        while self._unfinished or any(self._positions[copy.schema] != self.head for copy in self._followed):
            try:
                await self._finish(connection)
                async with asyncio.timeout(TURN_SECONDS_MAX):
                    await self._advance(connection)
            except CopySwappedError:
                await self._ensure(connection)  # finds the rebuilt copy

    async def _finish(self, connection: asyncpg.Connection) -> None:
        """Finish the copies that are nearly filled, before a reader meets one that is."""
        for copy in self._followed:
            is_near = self.head - self._positions[copy.schema] <= self._batch_size
            if copy.schema in self._unfinished and is_near:
                try:
                    await copies.finish(connection, copy)
                except copies.UNREADABLE as error:
                    raise CopySwappedError(copy.schema) from error
                self._unfinished.remove(copy.schema)

    async def _advance(self, connection: asyncpg.Connection) -> None:
        """Apply one batch to every projection that lacks it."""
        async with connection.transaction():
            found = {copy.schema: await copies.lock(connection, copy, self._log_id) for copy in self._followed}
            self.head = await read_head(connection, self._log_id)
            after = min(found.values())
            for schema, position in found.items():
                if position > self.head:
                    why = f"{schema} is at position {position}, but log {self._log_id} ends at {self.head}"
                    raise CopyBrokenError(schema, why)
            to = Position(min(after + self._batch_size, self.head))
            records = await read_between(connection, self._log_id, after, to) if to > after else []
            for copy in self._followed:
                await self._apply(connection, copy, found[copy.schema], records)
        self._positions |= {name: max(position, to) for name, position in found.items()}
        self._has_progressed = True

    async def _apply(
        self, connection: asyncpg.Connection, copy: Copy, position: Position, records: list[Record]
    ) -> None:
        due = [record for record in records if record.position > position]
        if due:
            await copies.apply(connection, copy, due)

    def _named(self, name: str) -> Projection:
        return {projection.name: projection for projection in self._projections}[name]
