"""A log that is sealed, and the ways in which somebody rewrites it behind our back."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from msgspec.structs import replace

from schemas.events import SeriesDescribed
from schemas.record import Record
from schemas.values import CommandId, LogId, Position, UnixSeconds, Version
from service.evidence.key_file import EvidenceKeys
from service.evidence.sealing.last_view import LastView
from service.evidence.sealing.sealer import Sealer
from service.evidence.sealing.store import EvidenceStore
from service.log.postgres_log import PostgresLog
from tests.support.domain.batches import a_batch
from tests.support.domain.history import a_history

LOG = LogId(1)
KEYS = EvidenceKeys("numbers.example.com", "01" * 32)
AT = UnixSeconds(1_800_000_000)


def many_records(count: int) -> list[Record]:
    """A series that was opened, and then described again and again."""
    first = a_history().records[0]
    return [first, *(_described(first, position) for position in range(2, count + 1))]


async def append_many(log: PostgresLog, to: int) -> None:
    """Append such records until the log ends at `to`."""
    head = await log.head()
    await log.append(head, a_batch(many_records(to)[head:]))


def a_sealer(
    log: PostgresLog, directory: Path, keys: EvidenceKeys = KEYS, store: EvidenceStore | None = None
) -> Sealer:
    """A sealer of this log; its notes are in the store."""
    return Sealer(
        log,
        store or EvidenceStore(log.pool, log.log_id),
        keys,
        LastView(directory, log.log_id),
        clock=lambda: AT,
    )


@asynccontextmanager
async def rewriting(database_url: str) -> AsyncGenerator[asyncpg.Connection]:
    """A superuser's connection for which nothing is refused; nor is anything afterwards."""
    connection = await asyncpg.connect(database_url)
    tables = ["log.event", "log.head", "log.stream", "evidence.tile", "evidence.note", "evidence.tree"]
    tables.append("evidence.cosignature")
    try:
        for table in tables:
            await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield connection
    finally:
        await connection.close()


async def rewrite(connection: asyncpg.Connection, kind: str, position: int) -> None:
    """Do one thing to the log at this position that no role of the service may."""
    match kind:
        case "flip":
            await connection.execute(
                "UPDATE log.event SET record = replace(record, 'number ', 'numbed ') WHERE position = $1", position
            )
        case "delete":
            await connection.execute("DELETE FROM log.event WHERE position = $1", position)
        case "insert":
            await _shift(connection, position, 1)
            await connection.execute(
                "INSERT INTO log.event SELECT log_id, $1::bigint, stream || 'x', version, firm_id, mode, at, tag,"
                " number, document_id, record FROM log.event WHERE position = $1::bigint + 1",
                position,
            )
        case "close-the-hole":
            await connection.execute("DELETE FROM log.event WHERE position = $1", position)
            await _shift(connection, position + 1, -1)
        case "reorder":
            await connection.execute(
                "UPDATE log.event AS e SET record = o.record FROM log.event AS o"
                " WHERE e.position = ANY($1) AND o.position = ANY($1) AND o.position <> e.position",
                [position, position + 1],
            )
        case "roll-back":
            await connection.execute("DELETE FROM log.event WHERE position >= $1", position)
            await connection.execute("UPDATE log.head SET position = $1::bigint - 1", position)
            await connection.execute("UPDATE log.stream SET version = $1::bigint - 1", position)
        case _:
            raise AssertionError(kind)


async def notes_of(database_url: str) -> list[bytes]:
    """Every note of the log, the smallest tree first."""
    connection = await asyncpg.connect(database_url)
    try:
        return [row[0].encode() for row in await connection.fetch("SELECT note FROM evidence.note ORDER BY size")]
    finally:
        await connection.close()


async def records_of(log: PostgresLog) -> list[bytes]:
    """The canonical bytes of every record."""
    return [stored.canonical for stored in await log.read(Position(0), 1_000_000)]


async def _shift(connection: asyncpg.Connection, position: int, by: int) -> None:
    await connection.execute(
        "UPDATE log.event SET position = position + 1000000, version = version + 1000000 WHERE position >= $1", position
    )
    await connection.execute(
        "UPDATE log.event SET position = position - 1000000 + $1::bigint, version = version - 1000000 + $1::bigint,"
        " record = replace(record, '\"position\":' || position - 1000000,"
        " '\"position\":' || position - 1000000 + $1::bigint)"
        " WHERE position >= 1000000",
        by,
    )
    await connection.execute("UPDATE log.head SET position = position + $1::bigint", by)


def _described(first: Record, position: int) -> Record:
    return replace(
        first,
        position=Position(position),
        version=Version(position),
        previous=Position(position - 1),
        command_id=CommandId(f"{position:032x}"),
        event=SeriesDescribed(f"number {position}"),
    )
