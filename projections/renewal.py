"""Renewing copies that an older version of this program made: rebuilt by themselves, beside the ones that answer."""

import asyncio
from typing import Final

import asyncpg
import structlog

from projections import copies
from projections.copies import Fit
from projections.faults import RebuildRunningError, is_passing
from projections.projection import Projection
from projections.rebuild import REBUILD_BATCH_SIZE, Rebuild, no_progress
from projections.session import connected

AGAIN_SECONDS: Final = 1.0
"""How long to wait before another look, where another process rebuilds or the database is away."""

_log = structlog.stdlib.get_logger(__name__)


class Renewal:
    """The projections whose copies are of an older definition, until each is rebuilt, by us or by another process."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._asked: dict[str, Projection] = {}
        self._is_asked = asyncio.Event()

    def ask(self, projection: Projection) -> None:
        """Have it renewed by `run` or the next `renew`."""
        self._asked[projection.name] = projection
        self._is_asked.set()

    async def run(self) -> None:
        """Renew what is asked for until cancelled; raises ProjectionBrokenError if the log cannot be read whole."""
        while True:
            await self._is_asked.wait()
            try:
                await self.renew()
            except Exception as error:
                if not is_passing(error) and not isinstance(error, RebuildRunningError | asyncpg.UndefinedTableError):
                    raise
                await asyncio.sleep(AGAIN_SECONDS)

    async def renew(self) -> bool:
        """Renew what was asked for; says whether anything was.

        Raises RebuildRunningError if another process is at it, ProjectionBrokenError and asyncpg's errors; what was not
        renewed stays asked for.
        """
        is_any = bool(self._asked)
        for projection in list(self._asked.values()):
            await self._renew(projection)
            del self._asked[projection.name]
        if not self._asked:
            self._is_asked.clear()
        return is_any

    async def _renew(self, projection: Projection) -> None:
        async with connected(self._database_url) as connection:
            if await copies.fits(connection, [copies.live(projection)]) == [Fit.OLDER]:
                _log.info(
                    "a projection of an older definition is rebuilt beside the one that answers",
                    projection=projection.name,
                    definition=projection.definition,
                )
                await Rebuild(connection, projection, REBUILD_BATCH_SIZE, no_progress).run(is_forced=False)
