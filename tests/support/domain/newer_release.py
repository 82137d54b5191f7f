"""The next release as this one meets it: a migration that adds a type of events, and an event of that type."""

from typing import Any

import asyncpg
import msgspec
from msgspec.structs import replace

from schemas.record import Record, StoredRecord
from schemas.values import DEFAULT_LOG, Position
from service.log.columns import columns_of, joined
from service.log.migrating.migrations import Migration, known_migrations, migration_of
from service.log.postgres_log import PostgresLog
from service.statements import statement

TAG = "series-moved/1"
TAG_COLUMN = 8
ADDED = "INSERT INTO log.event_type (tag, kind) VALUES"


def next_release(tag: str = TAG) -> tuple[Migration, ...]:
    """The migrations of the next release: its own adds a type of events, and this release may run on its schema."""
    known = known_migrations()
    schema = known[-1].number
    written = [each.text for each in known if "FUNCTION log.kind_of(p_tag text)" in each.text][-1]
    kind_of = "FUNCTION log.kind_of(p_tag text)" + written.split("FUNCTION log.kind_of(p_tag text)")[1].split("$$;")[0]
    kind_of = kind_of.replace("])[array_position", ", 'other'])[array_position").replace(
        "], p_tag)", f", '{tag}'], p_tag)"
    )
    lines = [
        f"-- {schema + 1:04}: a series may be moved.",
        f"-- Runs with: {schema:04}",
        "-- Keeps: log.kind_of(p_tag text)",
        "SET LOCAL ROLE numbering_owner;",
        f"{ADDED} ('{tag}', 'other');",
        f"CREATE OR REPLACE {kind_of}$$;",
        "RESET ROLE;",
    ]
    return (*known, migration_of(f"{schema + 1:04}_moved", "\n".join(lines)))


async def write_newer_event(database_url: str, tag: str = TAG) -> Position:
    """Append an event of this type to the stream of the last event, as a process of the next release does."""
    log = await PostgresLog.open(database_url)
    try:
        last = await log.record_at(await log.head())
    finally:
        await log.close()
    assert last is not None, "the log has an event"
    return await _append(database_url, replace(last.record, **_place_after(last.record)), tag)


def _place_after(last: Record) -> dict[str, Any]:
    """The fields by which a record continues the log and the stream of `last`."""
    position = Position(last.position + 1)
    return {"position": position, "version": last.version + 1, "previous": last.position, "idempotency_key": None}


async def _append(database_url: str, record: Record, tag: str) -> Position:
    fields = msgspec.to_builtins(record) | {"event": {"type": tag, "to": "elsewhere"}}
    columns = [column[0] for column in columns_of([StoredRecord(record, msgspec.json.encode(fields))])]
    columns[TAG_COLUMN:] = [tag, "", "", "", ""]
    batch = [joined([column]) for column in columns]
    nothing: list[bytes] = []
    connection = await asyncpg.connect(database_url, server_settings={"role": "numbering_writer"})
    try:
        before = record.position - 1
        rest = [nothing] * 6  # contents and answers
        return Position(await connection.fetchval(statement("log_append"), DEFAULT_LOG, before, *batch, *rest))
    finally:
        await connection.close()
