"""Finds the moment of a bundle, which a note must cover, and the series it is about."""

import asyncio
from typing import Final

from projections.keeping.one_moment import Connection
from projections.reports.as_of import position_as_of
from projections.reports.opened_series import opens
from projections.statements import statement as projections_statement
from schemas.record import decode_record
from schemas.values import FirmId, LogId, Position, SeriesId, UnixSeconds
from service.evidence.bundling.asked import Asked, NothingSealedError, Reads, Scope, UnknownToBundleError
from service.evidence.sealing.tree import EvidenceBrokenError
from service.statements import statement

SEAL_SECONDS_MAX: Final = 5.0
"""How long a bundle waits for the note that covers the newest event; the sealer makes one each second."""

POLL_SECONDS: Final = 0.1

_NOTHING: Final = "nothing of the log is sealed yet; a process that seals needs the keys of `numbering evidence create`"


async def scope_of(reads: Reads, log_id: LogId, asked: Asked, wait_seconds: float = SEAL_SECONDS_MAX) -> Scope:
    """The scope of the bundle that was asked for.

    Without a moment it is the head; if no note covers the head in time, the last position that one covers. Raises
    NothingSealedError if a moment was asked for that no note covers, or there is no note, UnknownToBundleError, and
    EvidenceBrokenError if the log is shorter than its tree.
    """
    async with reads() as connection:
        if not await connection.fetchval(statement("bundle_firm"), asked.firm_id):
            raise UnknownToBundleError(f"there is no firm {asked.firm_id}")
        head, size = await _ends(connection, log_id)
        if head < size:
            raise EvidenceBrokenError(f"the log ends at {head}, and {size} events of it were sealed: it lost its end")
        wanted = await position_as_of(connection, log_id, head, asked.as_of)
        if not head or not await connection.fetch(statement("evidence_keys"), log_id):
            raise NothingSealedError(_NOTHING)  # there is nothing to wait for
    size = await _sealed(reads, log_id, wanted, wait_seconds)
    if not size:
        raise NothingSealedError(_NOTHING)
    if size < wanted and asked.as_of is not None:
        raise NothingSealedError(f"position {wanted} is not sealed: the newest note covers {size} events; try again")
    position = Position(min(wanted, size))
    async with reads() as connection:
        series = await _series(connection, log_id, asked, position)
        at: UnixSeconds | None = await connection.fetchval(projections_statement("log_time"), log_id, position)
    return Scope(log_id=log_id, asked=asked, series=series, position=position, at=at, size=size, head=head)


async def _sealed(reads: Reads, log_id: LogId, wanted: Position, wait_seconds: float) -> int:
    """The size of the tree once it has the position, or after the wait."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait_seconds
    while True:
        async with reads() as connection:
            _, size = await _ends(connection, log_id)
        if size >= max(wanted, 1) or loop.time() >= deadline:
            return size
        await asyncio.sleep(POLL_SECONDS)


async def _ends(connection: Connection, log_id: LogId) -> tuple[Position, int]:
    """The head of the log, and how many entries its tree has."""
    row = await connection.fetchrow(statement("bundle_moment"), log_id)
    assert row is not None, "the first migration makes the log"
    return Position(row["head"]), row["size"]


async def _series(connection: Connection, log_id: LogId, asked: Asked, position: Position) -> tuple[SeriesId, ...]:
    rows = await connection.fetch(statement("bundle_series"), log_id, asked.firm_id, asked.mode, position)
    opened = [decode_record(row["record"]) for row in rows]
    if asked.series is None:
        return tuple(record.stream for record in opened)
    for named in asked.series:
        if not any(opens(record, named) for record in opened):
            raise UnknownToBundleError(_no_series(asked.firm_id, named, position))
    return tuple(record.stream for record in opened if any(opens(record, named) for named in asked.series))


def _no_series(firm_id: FirmId, named: str, position: Position) -> str:
    return f"firm {firm_id} had no series {named} at position {position}"
