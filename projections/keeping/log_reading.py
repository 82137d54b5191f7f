"""Reads the events of a log and refuses a hole."""

import asyncpg

from projections.keeping.one_moment import Connection
from projections.keeping.projection_faults import LogHoleError
from projections.statements import statement
from schemas.record import Record, decode_record
from schemas.values import LogId, Position


async def read_head(connection: Connection, log_id: LogId) -> Position:
    """The position of the last event of the log. Raises LogHoleError if there is no such log."""
    head = await connection.fetchval(statement("log_head"), log_id)
    if head is None:
        raise LogHoleError(f"log {log_id} does not exist")
    return Position(head)


async def read_heads(connection: asyncpg.Connection) -> dict[LogId, Position]:
    """The position of the last event of every log."""
    rows = await connection.fetch(statement("log_heads"))
    return {LogId(row["log_id"]): Position(row["position"]) for row in rows}


async def read_between(connection: Connection, log_id: LogId, after: Position, to: Position) -> list[Record]:
    """Every record after `after` up to `to`, which is not beyond the head. Raises LogHoleError if one is missing."""
    rows = await connection.fetch(statement("log_read"), log_id, after, to)
    records = [decode_record(row["record"]) for row in rows]
    for due, record in enumerate(records, after + 1):
        if record.position != due or record.log != log_id:
            raise LogHoleError(f"log {log_id} has position {record.position} where position {due} is expected")
    if len(records) != to - after:
        end = after + len(records)
        raise LogHoleError(f"log {log_id} has no event after position {end}, but its head is {to} or later")
    return records
