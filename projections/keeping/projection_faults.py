"""How following the log can fail: for good, or only until the database is back."""

from typing import Final

import asyncpg

PASSING_CLASSES: Final = frozenset({"08", "40", "53", "57"})
"""SQLSTATE classes that a later try may not meet: connection, rollback, resources, operator intervention."""

PASSING_STATES: Final = frozenset({"55P03", "25006"})
"""Likewise: a lock not had in time, and a primary that became a standby."""


class ProjectionBrokenError(Exception):
    """What the log holds and what a projection holds do not fit together; the batch that met it changed nothing."""


class CopyBrokenError(ProjectionBrokenError):
    """This one copy cannot be brought forward; the others can."""

    def __init__(self, schema: str, why: str) -> None:
        super().__init__(why)
        self.schema = schema


class LogHoleError(ProjectionBrokenError):
    """The log lacks a position below its head; nothing was changed."""


class RebuildRunningError(Exception):
    """Another session rebuilds this projection; nothing was changed."""


class CopySwappedError(Exception):
    """The copy was dropped, or swapped for another; nothing was changed, and another look finds what is there now."""


def is_passing(error: BaseException) -> bool:
    """Whether the same work may succeed on a new connection."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state[:2] in PASSING_CLASSES or state in PASSING_STATES
    return isinstance(error, OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError)
