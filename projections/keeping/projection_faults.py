"""How following the log can fail: until an operator acts, or only until the database is back."""

from typing import Final

import asyncpg

PASSING_CLASSES: Final = frozenset({"08", "28", "40", "53", "57"})
"""SQLSTATE classes after which a later try may succeed: connection, a password that was changed just now, rollback,
resources, operator intervention."""

PASSING_STATES: Final = frozenset({"55P03", "25006", "25P03", "25P04"})
"""Likewise: a lock not had in time, a primary that became a standby, and a transaction in which we were silent."""


class ProjectionBrokenError(Exception):
    """The log and a projection do not fit together; the batch that found this changed nothing."""


class CopyBrokenError(ProjectionBrokenError):
    """This copy cannot follow the log; the other copies can."""

    def __init__(self, schema: str, why: str) -> None:
        super().__init__(why)
        self.schema = schema


class LogHoleError(ProjectionBrokenError):
    """The log lacks a position below its head; nothing was changed."""


class RebuildRunningError(Exception):
    """Another session rebuilds this projection; nothing was changed."""


class CopySwappedError(Exception):
    """The copy was dropped or swapped for another; nothing was changed. The caller looks again for what exists now."""


def is_passing(error: BaseException) -> bool:
    """Whether the same work may succeed on a new connection."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state[:2] in PASSING_CLASSES or state in PASSING_STATES
    return isinstance(error, OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError)
