"""What the projections hold in PostgreSQL, as the rows of `projections.replay.kept_rows`, and the digests of those."""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec
from msgspec import Struct

from projections.keeping.copies import live, positions
from projections.keeping.every import ALL
from projections.keeping.one_moment import OF_ANOTHER_DEFINITION, Connection, from_projections
from projections.replay.kept_rows import (
    PROJECTIONS,
    BlockRow,
    CounterRow,
    EndingRow,
    ExplanationRow,
    GapRow,
    InvoiceRow,
    Row,
)
from projections.replay.kept_tables import Scope
from projections.statements import statement
from schemas.values import DocumentId, LogId, Position, SeriesId

ROWS_FETCHED: Final = 1_000

_TABLES: Final[Mapping[str, tuple[tuple[str, Callable[..., Row]], ...]]] = {
    "counters": (("kept_counter", CounterRow),),
    "gaps": (("kept_gaps", GapRow), ("kept_explanations", ExplanationRow)),
    "invoices": (("kept_invoices", InvoiceRow),),
    "register": (("kept_blocks", BlockRow), ("kept_endings", EndingRow)),
}

_encoder: Final = msgspec.json.Encoder()


class TableDigests(Struct, frozen=True):
    """By projection where it stands in the log, and the digest of its rows in a scope."""

    positions: Mapping[str, Position]
    digests: Mapping[str, str]


async def read_digests(connection: Connection, log_id: LogId, scope: Scope) -> TableDigests | None:
    """The digests of the tables, all of one moment; None if a projection is missing or of another definition.

    They are those of `KeptTables.digests` at the same position. The connection must be in no transaction. Raises
    asyncpg's errors.
    """

    async def read() -> TableDigests | None:
        positions = await read_positions(connection, log_id)
        if len(positions) < len(PROJECTIONS):
            return None
        digests = {projection: await _digest(connection, scope, projection) for projection in PROJECTIONS}
        return TableDigests(positions, digests)

    return await from_projections(connection, PROJECTIONS, read, is_waiting=False)


async def read_positions(connection: Connection, log_id: LogId) -> dict[str, Position]:
    """Where each projection stands; those that never followed this log are left out."""
    rows = await connection.fetch(statement("kept_positions"), log_id)
    return {row["projection"]: Position(row["position"]) for row in rows}


async def read_present_positions(connection: Connection, log_id: LogId) -> dict[str, Position]:
    """Where each projection stands, also while some are missing; a missing one, which holds nothing, is at 0.

    The connection must be in no transaction. Raises asyncpg's errors.
    """
    with suppress(*OF_ANOTHER_DEFINITION):  # the one statement that asks all of them
        return {**dict.fromkeys(PROJECTIONS, Position(0)), **await read_positions(connection, log_id)}
    found: dict[str, Position] = {name: Position(0) for name in PROJECTIONS}
    for projection in ALL:
        with suppress(*OF_ANOTHER_DEFINITION):
            async with connection.transaction(readonly=True):
                found[projection.name] = (await positions(connection, live(projection))).get(log_id, Position(0))
    return found


async def read_rows(connection: Connection, series_id: SeriesId, projection: str) -> AsyncIterator[Row]:
    """The rows of a series in one of PROJECTIONS, in their order. The caller is in a transaction."""
    for name, make in _TABLES[projection]:
        cursor = await connection.cursor(statement(name), series_id)
        while found := await cursor.fetch(ROWS_FETCHED):
            for row in found:
                yield make(*row)


async def read_drafts(connection: Connection, scope: Scope) -> AsyncIterator[InvoiceRow]:
    """The rows of the drafts of a firm and mode, in their order. The caller is in a transaction."""
    after = DocumentId("")
    asked = (scope.firm_id, scope.mode)
    while found := await connection.fetch(statement("kept_drafts"), *asked, after, ROWS_FETCHED):
        for row in found:
            yield InvoiceRow(*row)
        after = DocumentId(found[-1]["document_id"])


async def _digest(connection: Connection, scope: Scope, projection: str) -> str:
    total = hashlib.sha256()
    async for row in _all_rows(connection, scope, projection):
        total.update(_encoder.encode(row) + b"\n")
    return total.hexdigest()


async def _all_rows(connection: Connection, scope: Scope, projection: str) -> AsyncIterator[Row]:
    series: list[Any] = sorted(scope.series or ())
    if scope.series is None:
        rows = await connection.fetch(statement("kept_series"), scope.firm_id, scope.mode)
        series = [row["series_id"] for row in rows]
    for series_id in series:
        async for row in read_rows(connection, series_id, projection):
            yield row
    if projection == "invoices" and scope.series is None:
        async for row in read_drafts(connection, scope):
            yield row
