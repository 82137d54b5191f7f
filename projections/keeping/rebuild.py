"""Rebuilding a projection: a new copy is filled while the old one answers, compared with it, and swapped."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from typing import Final

import asyncpg
from msgspec import Struct

from projections.keeping import copies
from projections.keeping.copies import Copy, Fit, Look
from projections.keeping.log_reading import read_between, read_heads
from projections.keeping.projection_faults import CopyBrokenError, ProjectionBrokenError, RebuildRunningError
from projections.models.projection import Projection
from projections.statements import statement
from schemas.values import LogId, Position

REBUILD_BATCH_SIZE: Final = 5000
"""How many events a rebuild applies in one transaction."""

LEVEL_MAX: Final = 500
"""How far behind the new copy may be when runners are made to wait until it is level."""

UNREADABLE: Final = "unreadable"
"""Stands for the digest of a copy that lacks tables."""

DROPS_MAX: Final = 5
"""How often a rebuild tries to drop the copy it replaced before it leaves that to the next rebuild."""

ReadPositions = Callable[[asyncpg.Connection, Copy], Awaitable[dict[LogId, Position]]]
"""copies.positions or copies.lock_all."""

Progress = Callable[[Position, Position], None]
"""Called with the position reached and the position to reach."""


def no_progress(_reached: Position, _target: Position) -> None:
    """For callers that do not look."""


class Rebuilt(Struct, frozen=True):
    """What a rebuild came to: `position` is that of both copies when their digests were taken.

    `live_digest` is none where the old copy was of an older definition, which cannot be compared.
    """

    name: str
    position: Position
    live_digest: str | None
    rebuilt_digest: str
    is_swapped: bool

    @property
    def is_same(self) -> bool:
        """Whether the log reproduces what the old copy held, as far as that can be told."""
        return self.live_digest in {None, self.rebuilt_digest}


class _Compared(Struct, frozen=True):
    """The digests of both copies at `position`, and what the old one was."""

    look: Look
    position: Position
    live_digest: str | None
    rebuilt_digest: str


class Rebuild:
    """One rebuild; a killed one leaves a `NAME_next` that the next one drops.

    The second connection, `guard`, is for holding the old copy where it is until a snapshot is taken on the first.
    """

    def __init__(
        self,
        connection: asyncpg.Connection,
        guard: asyncpg.Connection,
        projection: Projection,
        batch_size: int,
        on_progress: Progress,
    ) -> None:
        self._connection = connection
        self._guard = guard
        self._projection = projection
        self._live = copies.live(projection)
        self._next = copies.rebuilt(projection)
        self._batch_size = batch_size
        self._on_progress = on_progress

    async def run(self, *, is_forced: bool) -> Rebuilt:
        """Fill, compare, and swap if the digests are equal, if the old copy is of an older definition, or `is_forced`.

        By force a copy that does not say where it stands, or stands beyond the log, counts as missing. Raises
        RebuildRunningError, ProjectionBrokenError and asyncpg's errors; the old copy then stays as it is.
        """
        if not await self._connection.fetchval(statement("rebuild_lock"), self._projection.name):
            raise RebuildRunningError(f"{self._projection.name} is being rebuilt by another session")
        await self._drop(copies.retired(self._projection))
        await self._drop(self._next)
        async with self._connection.transaction():
            await copies.create(self._connection, self._next)
        await self._fill(is_forced=is_forced)
        await copies.analyze(self._connection, self._next)
        found = await self._compare(is_forced=is_forced)
        is_swapped = is_forced or found.live_digest in {None, found.rebuilt_digest}
        if is_swapped:
            await self._fill(is_forced=is_forced)  # what came while the digests were taken
            await self._level_and_swap(found, is_forced=is_forced)
        await self._drop(copies.retired(self._projection) if is_swapped else self._next)
        return Rebuilt(self._projection.name, found.position, found.live_digest, found.rebuilt_digest, is_swapped)

    async def _fill(self, *, is_forced: bool) -> None:
        """Bring the new copy to where the old one was last seen, a transaction a batch, until little is left."""
        is_behind = True
        while is_behind:
            async with self._connection.transaction():
                targets = await self._targets(self._connection, copies.positions, is_forced=is_forced)
                await copies.follow(self._connection, self._next, list(targets))
                reached = await copies.positions(self._connection, self._next)
            is_behind = False
            for log_id, target in targets.items():
                is_behind = is_behind or target - reached[log_id] > LEVEL_MAX
                await self._fill_log(log_id, reached[log_id], target)

    async def _targets(
        self, connection: asyncpg.Connection, read: ReadPositions, *, is_forced: bool
    ) -> dict[LogId, Position]:
        """Where the old copy stands; by force the head where it does not say, or says more than the log holds.

        The caller holds a transaction.
        """
        try:
            async with connection.transaction():  # a savepoint, so that the transaction outlives a missing table
                found = await read(connection, self._live)
        except copies.UNREADABLE:
            if not is_forced:
                raise
            return await read_heads(connection)
        heads = await read_heads(connection)
        targets = {log_id: min(position, heads.get(log_id, Position(0))) for log_id, position in found.items()}
        if targets != found and not is_forced:
            raise CopyBrokenError(self._live.schema, f"{self._live.schema} stands at {found}, the logs end at {heads}")
        return targets

    async def _fill_log(self, log_id: LogId, after: Position, target: Position) -> None:
        while after < target:
            async with self._connection.transaction():
                after = await self._apply_batch(log_id, after, target)
            self._on_progress(after, target)

    async def _apply_batch(self, log_id: LogId, after: Position, target: Position) -> Position:
        to = Position(min(after + self._batch_size, target))
        await copies.apply(self._connection, self._next, await read_between(self._connection, log_id, after, to))
        return to

    async def _level(self, targets: Mapping[LogId, Position]) -> None:
        """Bring the new copy to these positions; the caller holds a transaction, and the old copy where it is."""
        await copies.follow(self._connection, self._next, list(targets))
        reached = await copies.positions(self._connection, self._next)
        for log_id, target in targets.items():
            while reached[log_id] < target:
                reached[log_id] = await self._apply_batch(log_id, reached[log_id], target)

    async def _compare(self, *, is_forced: bool) -> _Compared:
        """Both digests as of one moment at which the copies stand at the same positions.

        Runners wait only until that moment is noted, in a snapshot; they go on while the digests are taken from it.
        """
        async with AsyncExitStack() as snapshot:
            async with self._guard.transaction():
                # From here to the end of the block no process moves the old copy, and only this one moves the new copy.
                targets = await self._targets(self._guard, copies.lock_all, is_forced=is_forced)
                async with self._connection.transaction():
                    await self._level(targets)
                await snapshot.enter_async_context(
                    self._connection.transaction(isolation="repeatable_read", readonly=True)
                )
                look = await copies.look_at(self._connection, self._live)  # its first statement takes the snapshot
            if look.fit is Fit.NEWER and not is_forced:
                raise ProjectionBrokenError(f"{self._live.schema} was made by a newer program")
            live_digest = await self._live_digest() if look.fit is Fit.OWN else None
            rebuilt_digest = await copies.digest(self._connection, self._next)
        return _Compared(look, max(targets.values(), default=Position(0)), live_digest, rebuilt_digest)

    async def _live_digest(self) -> str:
        try:
            async with self._connection.transaction():
                return await copies.digest(self._connection, self._live)
        except copies.UNREADABLE:
            return UNREADABLE

    async def _level_and_swap(self, compared: _Compared, *, is_forced: bool) -> None:
        async with self._connection.transaction():
            # From here on every runner waits for this transaction: no event is applied to the old copy and lost.
            await self._level(await self._targets(self._connection, copies.lock_all, is_forced=is_forced))
            if await copies.look_at(self._connection, self._live) != compared.look:
                raise ProjectionBrokenError(f"{self._live.schema} was replaced while a new copy was compared with it")
            await self._swap()

    async def _swap(self) -> None:
        """Put the new copy in the place of the old one.

        The old tables are not dropped here: that would wait for runners that wait for us. Its checkpoint is deleted, so
        that they find no row and look again instead of writing after the old copy's position into the new copy; where
        it has none, no process writes.
        """
        with suppress(*copies.UNREADABLE):
            async with self._connection.transaction():
                await copies.use(self._connection, self._live)
                await self._connection.execute(statement("checkpoint_retire"))
        await copies.rename(self._connection, self._live, copies.retired(self._projection))
        await copies.rename(self._connection, self._next, self._live)

    async def _drop(self, copy: Copy) -> None:
        for attempt in range(1, DROPS_MAX + 1):
            try:
                return await copies.drop(self._connection, copy)
            except asyncpg.LockNotAvailableError:
                if attempt == DROPS_MAX and copy == self._next:
                    raise
        return None
