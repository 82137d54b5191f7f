"""Renewing copies that an older version of this program made: rebuilt by themselves, beside the ones that answer."""

import asyncio
from collections import Counter
from typing import Final

import asyncpg
import structlog

from projections.keeping import copies
from projections.keeping.connections import connected
from projections.keeping.copies import Fit
from projections.keeping.projection_faults import RebuildRunningError, is_passing
from projections.keeping.rebuild import REBUILD_BATCH_SIZE, Rebuild, no_progress
from projections.models.projection import Projection

AGAIN_SECONDS: Final = 1.0
"""How long to wait before another look, where another process rebuilds or the database is away."""

LOSSES_MAX: Final = 3
"""How often in a row tables may be gone while a copy is renewed, as when it is dropped; then it is given up."""

_log = structlog.stdlib.get_logger(__name__)


class Renewal:
    """The projections whose copies are of an older definition, until each is rebuilt, by us or by another process."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._asked: dict[str, Projection] = {}
        self._given_up: set[str] = set()
        self._losses: Counter[str] = Counter()
        self._is_asked = asyncio.Event()

    def ask(self, projection: Projection) -> None:
        """Have it renewed by `run` or the next `renew`."""
        self._asked[projection.name] = projection
        self._given_up.discard(projection.name)
        self._is_asked.set()

    def given_up(self) -> set[str]:
        """The projections that could not be renewed; the old copies stay as they are until they are asked for again."""
        return set(self._given_up)

    async def run(self) -> None:
        """Renew what is asked for until cancelled, and what cannot be renewed give up."""
        while True:
            await self._is_asked.wait()
            for projection in list(self._asked.values()):
                if not await self._is_settled(projection):
                    await asyncio.sleep(AGAIN_SECONDS)

    async def renew(self) -> bool:
        """Renew what was asked for; says whether anything was.

        Raises RebuildRunningError if another process is at it, ProjectionBrokenError and asyncpg's errors; what was not
        renewed stays asked for.
        """
        is_any = bool(self._asked)
        for projection in list(self._asked.values()):
            await self._renew(projection)
            self._forget(projection)
        return is_any

    async def _is_settled(self, projection: Projection) -> bool:
        """Whether the projection is renewed or given up, and not to be tried once more."""
        try:
            await self._renew(projection)
        except Exception as error:  # noqa: BLE001 - whatever it is, the old copy answers and the others go on
            if is_passing(error) or isinstance(error, RebuildRunningError):
                return False
            if isinstance(error, asyncpg.UndefinedTableError):
                self._losses[projection.name] += 1
                if self._losses[projection.name] < LOSSES_MAX:
                    return False
            self._given_up.add(projection.name)
            _log.error("a projection cannot be renewed", projection=projection.name, error=repr(error))
        self._forget(projection)
        return True

    def _forget(self, projection: Projection) -> None:
        self._asked.pop(projection.name, None)
        self._losses.pop(projection.name, None)
        if not self._asked:
            self._is_asked.clear()

    async def _renew(self, projection: Projection) -> None:
        async with connected(self._database_url) as connection, connected(self._database_url) as guard:
            if (await copies.look_at(connection, copies.live(projection))).fit is Fit.OLDER:
                _log.info(
                    "a projection of an older definition is rebuilt beside the one that answers",
                    projection=projection.name,
                    definition=projection.definition,
                )
                await Rebuild(connection, guard, projection, REBUILD_BATCH_SIZE, no_progress).run(is_forced=False)
