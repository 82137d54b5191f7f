"""Rebuilds copies that an older version of this program made, without an operator and while the old copies answer."""

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
"""How long to wait before another try, if another process rebuilds or the database is away."""

LOSSES_MAX: Final = 3
"""How many tries in a row may find that tables are missing, as after a drop; then the renewal is given up."""

_log = structlog.stdlib.get_logger(__name__)


class Renewal:
    """The projections whose copies have an older definition, until this process or another one has rebuilt each."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._asked: dict[str, Projection] = {}
        self._given_up: set[str] = set()
        self._losses: Counter[str] = Counter()
        self._is_asked = asyncio.Event()

    def ask(self, projection: Projection) -> None:
        """Let `run` or the next `renew` rebuild the copy of this projection."""
        self._asked[projection.name] = projection
        self._given_up.discard(projection.name)
        self._is_asked.set()

    def given_up(self) -> set[str]:
        """The projections that could not be renewed. Their old copies stay as they are until `ask` names them again."""
        return set(self._given_up)

    async def run(self) -> None:
        """Renew what is asked for, until cancelled; give up what cannot be renewed."""
        while True:
            await self._is_asked.wait()
            for projection in list(self._asked.values()):
                if not await self._is_settled(projection):
                    await asyncio.sleep(AGAIN_SECONDS)

    async def renew(self) -> bool:
        """Renew what was asked for; returns whether anything was asked for.

        Raises RebuildRunningError if another process rebuilds it, ProjectionBrokenError and asyncpg's errors; what was
        not renewed then stays asked for.
        """
        is_any = bool(self._asked)
        for projection in list(self._asked.values()):
            await self._renew(projection)
            self._forget(projection)
        return is_any

    async def _is_settled(self, projection: Projection) -> bool:
        """Try to renew the projection; returns False if it must be tried again."""
        try:
            await self._renew(projection)
        except Exception as error:  # noqa: BLE001 - after any error the old copy answers and other renewals go on
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
