"""The health of PostgreSQL for a process that issues nothing: whether the server that answers is the right one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from service.health import Finding, Health
from service.log.event_log import LogFaultError
from service.log.identity import MOVED, LogIdentity
from service.log.mark import MarkFile, MarkUnreadableError, contradiction
from service.log.postgres_log import PostgresLog

READ_ONLY: Final = "PostgreSQL takes no writes: a standby, or default_transaction_read_only is on"
BEFORE_FAILOVER: Final = "this is the primary from before a failover: this process has seen a newer timeline"


def server_check(log: PostgresLog, marks: MarkFile) -> Callable[[], Awaitable[Finding]]:
    """The check that the server takes writes, and is not a copy or the primary from before a failover.

    What is known of it is the mark in the data directory, if there is one, and what this process has seen.
    """
    newest: LogIdentity | None = None

    async def check() -> Finding:
        nonlocal newest
        try:
            identity = await log.identity()
            because = await _fault(log, marks, identity, newest)
        except LogFaultError as fault:
            return Finding(Health.DOWN, str(fault))
        if because is None:
            newest = identity
        return Finding(Health.OK if because is None else Health.DOWN, because)

    return check


async def _fault(log: PostgresLog, marks: MarkFile, identity: LogIdentity, newest: LogIdentity | None) -> str | None:
    """Why nothing may be written there, if so. Raises LogUnavailableError."""
    if not await log.takes_writes():
        return READ_ONLY
    if identity.is_moved:
        return MOVED
    if newest is not None and identity.is_from_before(newest.system, newest.lineage, newest.timeline):
        return BEFORE_FAILOVER
    try:
        mark = await asyncio.to_thread(marks.read)
    except MarkUnreadableError as error:
        return str(error)
    if mark is None:
        return None
    against = contradiction(mark, identity, await log.record_at(mark.position))
    return None if against is None else against.because
