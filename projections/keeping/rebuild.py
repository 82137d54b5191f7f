"""Rebuilds a projection: fills a new copy while the old one answers, compares the two, and swaps them."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from types import MappingProxyType
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
"""How many events the new copy may lack when the rebuild stops the runners for a moment to apply the rest."""

UNREADABLE: Final = "unreadable"
"""Takes the place of the digest of a copy that lacks tables."""

DROPS_MAX: Final = 5
"""How often a rebuild tries to drop the copy that it replaced; after that the next rebuild drops it."""

NOWHERE: Final[Mapping[LogId, Position]] = MappingProxyType({})

ReadPositions = Callable[[asyncpg.Connection, Copy], Awaitable[dict[LogId, Position]]]
"""copies.positions or copies.lock_all."""

Progress = Callable[[Position, Position], None]
"""Called with the position reached and the position to reach."""


def no_progress(_reached: Position, _target: Position) -> None:
    """Does nothing: for callers that do not show the progress."""


class Rebuilt(Struct, frozen=True):
    """The result of a rebuild: both copies were compared at `compared_at`, then the new one was filled to `position`.

    `position` is at least the head that the log had when the rebuild began, whatever the old copy held, unless nothing
    was swapped. `digest` is that of the new copy at `position`. `live_digest` is None if the old copy had an older
    definition: then the two cannot be compared.
    """

    name: str
    compared_at: Position
    position: Position
    live_digest: str | None
    rebuilt_digest: str
    digest: str
    is_swapped: bool

    @property
    def is_same(self) -> bool:
        """Whether the new copy has the same rows as the old one; true also if the two cannot be compared."""
        return self.live_digest in {None, self.rebuilt_digest}


class _Compared(Struct, frozen=True):
    """The digests of both copies at `position`, and what was known of the old copy then."""

    look: Look
    position: Position
    live_digest: str | None
    rebuilt_digest: str


class Rebuild:
    """One rebuild. If it is killed, it leaves a schema `NAME_next`, which the next rebuild drops.

    The second connection, `guard`, keeps the old copy at its position until the first one has its snapshot.
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
        """Fill, compare, and swap if the digests are equal, if the old copy has an older definition, or if `is_forced`.

        With `is_forced` an old copy that has no position, or one beyond the head, counts as missing. Raises
        RebuildRunningError, ProjectionBrokenError and asyncpg's errors; the old copy then stays as it is.
        """
        if not await self._connection.fetchval(statement("rebuild_lock"), self._projection.name):
            raise RebuildRunningError(f"another process rebuilds {self._projection.name}; try again when it has ended")
        began = await read_heads(self._connection)
        await self._drop(copies.retired(self._projection))
        await self._drop(self._next)
        async with self._connection.transaction():
            await copies.create(self._connection, self._next)
        await self._fill(is_forced=is_forced)
        await copies.finish(self._connection, self._next)
        found = await self._compare(is_forced=is_forced)
        is_swapped = is_forced or found.live_digest in {None, found.rebuilt_digest}
        position, digest = found.position, found.rebuilt_digest
        if is_swapped:
            # The events that came while the digests were computed, and those that no runner had applied.
            await self._fill(began, is_forced=is_forced)
            if position < max(began.values(), default=Position(0)):
                position, digest = await self._stand()
            await self._level_and_swap(found, began, is_forced=is_forced)
        await self._drop(copies.retired(self._projection) if is_swapped else self._next)
        return Rebuilt(
            self._projection.name,
            found.position,
            position,
            found.live_digest,
            found.rebuilt_digest,
            digest,
            is_swapped,
        )

    async def _fill(self, at_least: Mapping[LogId, Position] = NOWHERE, *, is_forced: bool) -> None:
        """Bring the new copy to within LEVEL_MAX events of the old one and of `at_least`, a transaction a batch."""
        is_behind = True
        while is_behind:
            async with self._connection.transaction():
                found = await self._targets(self._connection, copies.positions, is_forced=is_forced)
                targets = _later(found, at_least)
                await copies.follow(self._connection, self._next, list(targets))
                reached = await copies.positions(self._connection, self._next)
            is_behind = False
            for log_id, target in targets.items():
                is_behind = is_behind or target - reached[log_id] > LEVEL_MAX
                await self._fill_log(log_id, reached[log_id], target)

    async def _targets(
        self, connection: asyncpg.Connection, read: ReadPositions, *, is_forced: bool
    ) -> dict[LogId, Position]:
        """The positions of the old copy; with `is_forced`, the head for each that is unreadable or beyond the head.

        The caller is in a transaction.
        """
        try:
            async with connection.transaction():  # a savepoint: a missing table does not end the caller's transaction
                found = await read(connection, self._live)
        except copies.UNREADABLE:
            if not is_forced:
                raise
            return await read_heads(connection)
        heads = await read_heads(connection)
        targets = {log_id: min(position, heads.get(log_id, Position(0))) for log_id, position in found.items()}
        if targets != found and not is_forced:
            name = self._live.schema
            why = f"{name} is at {found}, but the heads of the logs are {heads}; run `numbering rebuild {name} --force`"
            raise CopyBrokenError(name, why)
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
        """Bring the new copy to these positions. The caller is in a transaction and keeps the old copy where it is."""
        await copies.follow(self._connection, self._next, list(targets))
        reached = await copies.positions(self._connection, self._next)
        for log_id, target in targets.items():
            while reached[log_id] < target:
                reached[log_id] = await self._apply_batch(log_id, reached[log_id], target)

    async def _compare(self, *, is_forced: bool) -> _Compared:
        """The digests of both copies as of one moment, at which both have the same positions.

        Runners wait only until the snapshot of that moment is taken; they go on while the digests are computed from it.
        """
        async with AsyncExitStack() as one_moment:
            async with self._guard.transaction():
                # From here to the end of the block no process moves the old copy, and only this one moves the new copy.
                targets = await self._targets(self._guard, copies.lock_all, is_forced=is_forced)
                async with self._connection.transaction():
                    await self._level(targets)
                await one_moment.enter_async_context(
                    self._connection.transaction(isolation="repeatable_read", readonly=True)
                )
                look = await copies.look_at(self._connection, self._live)  # its first statement takes the snapshot
            if look.fit is Fit.NEWER and not is_forced:
                raise ProjectionBrokenError(f"a newer program made {self._live.schema}; rebuild it with that program")
            live_digest = await self._live_digest() if look.fit is Fit.OWN else None
            rebuilt_digest = await copies.digest(self._connection, self._next)
        return _Compared(look, max(targets.values(), default=Position(0)), live_digest, rebuilt_digest)

    async def _live_digest(self) -> str:
        try:
            async with self._connection.transaction():
                return await copies.digest(self._connection, self._live)
        except copies.UNREADABLE:
            return UNREADABLE

    async def _stand(self) -> tuple[Position, str]:
        """Where the new copy stands, and its digest there."""
        async with self._connection.transaction(isolation="repeatable_read", readonly=True):
            reached = await copies.positions(self._connection, self._next)
            return max(reached.values(), default=Position(0)), await copies.digest(self._connection, self._next)

    async def _level_and_swap(
        self, compared: _Compared, at_least: Mapping[LogId, Position], *, is_forced: bool
    ) -> None:
        async with self._connection.transaction():
            # From here on every runner waits for this transaction: no event is applied to the old copy and lost.
            found = await self._targets(self._connection, copies.lock_all, is_forced=is_forced)
            await self._level(_later(found, at_least))
            if await copies.look_at(self._connection, self._live) != compared.look:
                raise ProjectionBrokenError(f"{self._live.schema} was replaced during this rebuild; start it again")
            await self._swap()

    async def _swap(self) -> None:
        """Put the new copy in the place of the old one.

        The old tables are not dropped here: that would wait for runners, and they wait for this transaction. The
        checkpoint of the old copy is deleted. So a runner that waited for it finds no row and looks at the copies
        again; otherwise it would write into the new copy from the position of the old one. No process writes a copy
        that has no checkpoint.
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


def _later(found: Mapping[LogId, Position], at_least: Mapping[LogId, Position]) -> dict[LogId, Position]:
    """The later of both positions, for every log that either names."""
    start = Position(0)
    return {log: max(found.get(log, start), at_least.get(log, start)) for log in found.keys() | at_least.keys()}
