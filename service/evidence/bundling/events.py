"""The events of a bundle in pages, each compared with the entry that was sealed; and the contents that they name."""

from collections.abc import AsyncGenerator, Sequence
from hashlib import sha256
from typing import Final, Literal

import asyncpg
from msgspec import UNSET, Struct, UnsetType

from projections.keeping.one_moment import Connection
from schemas.record import StoredRecord, decode_record
from schemas.values import Digest, Position
from service.evidence.bundling.asked import Reads, Scope
from service.evidence.merkle import HASH_BYTES, entry_of
from service.evidence.named_contents import digests_of
from service.evidence.sealing.tree import EvidenceBrokenError
from service.evidence.tiles import TILE_WIDTH
from service.statements import statement

POSITIONS: Final = (1_024, 16_384)
"""How many positions of the log one page looks through, where the events of the firm are dense and where they are rare.

A page is also sorted quickly by a PostgreSQL that knows nothing of the table yet.
"""

EVENTS_FETCHED: Final = 500
"""The LIMIT of bundle_events.sql."""

CONTENTS_FETCHED: Final = 50
"""A content may have some hundred KB."""


class DocumentLine(Struct, frozen=True):
    """A line of documents.jsonl."""

    digest: Digest
    state: Literal["kept", "erased", "lost"]
    salt: str | UnsetType = UNSET
    body: str | UnsetType = UNSET


async def event_pages(reads: Reads, scope: Scope) -> AsyncGenerator[tuple[Position, list[StoredRecord]]]:
    """The events in pages, in order, each page with the position up to which it was looked.

    Raises EvidenceBrokenError if an event is not the one that was sealed, or one of the log is missing.
    """
    asked, after, width = scope.asked, 0, POSITIONS[0]
    while after < scope.position:
        to = min(after + width, scope.position)
        async with reads() as connection:
            rows = await connection.fetch(
                statement("bundle_events"), scope.log_id, after, to, asked.firm_id, asked.mode, scope.streams
            )
            is_dense = len(rows) == EVENTS_FETCHED
            to = rows[-1]["position"] if is_dense else to
            await _require_all(connection, scope, after, to)
            places = sorted({(row["position"] - 1) // TILE_WIDTH for row in rows})
            tiles = await connection.fetch(statement("evidence_tiles"), scope.log_id, [0] * len(places), places)
        sealed = {row["place"]: row["hashes"] for row in tiles}
        yield Position(to), [_checked(scope, row, sealed) for row in rows]
        after, width = to, POSITIONS[0] if is_dense else min(2 * width, POSITIONS[1])


async def document_lines(
    reads: Reads, scope: Scope, events: Sequence[StoredRecord]
) -> AsyncGenerator[list[DocumentLine]]:
    """What is known of each content that these events name. Raises EvidenceBrokenError if one was changed."""
    named = [digest for stored in events for digest in digests_of(stored.record.event)]
    at_once = CONTENTS_FETCHED if scope.asked.has_bodies else len(named)
    for at in range(0, len(named), at_once or 1):
        part = named[at : at + at_once]
        async with reads() as connection:
            wanted = [bytes.fromhex(digest) for digest in dict.fromkeys(part)]
            rows = await connection.fetch(statement("bundle_contents"), wanted, scope.asked.has_bodies)
        found = {Digest(row["digest"].hex()): row for row in rows}
        yield [_line(digest, found[digest]) for digest in part]


async def _require_all(connection: Connection, scope: Scope, after: int, to: int) -> None:
    """Raises EvidenceBrokenError if the log lacks an event there, or hides one of the firm."""
    asked = scope.asked
    row = await connection.fetchrow(statement("bundle_count"), scope.log_id, after, to, asked.firm_id, asked.mode)
    assert row is not None, "an aggregate returns a row"
    if row["hidden"] is not None:
        raise EvidenceBrokenError(f"the row of event {row['hidden']} says something else than the event")
    if row["count"] != to - after:
        missing = await connection.fetchval(statement("bundle_missing"), scope.log_id, after, to)
        raise EvidenceBrokenError(f"event {missing} is missing")


def _line(digest: Digest, row: asyncpg.Record) -> DocumentLine:
    if not row["is_kept"]:
        return DocumentLine(digest, "lost" if row["is_lost"] else "erased")
    if row["body"] is None:
        return DocumentLine(digest, "kept")
    if sha256(row["salt"] + row["body"].encode()).hexdigest() != digest:
        raise EvidenceBrokenError(f"the content with the digest {digest} was changed")
    return DocumentLine(digest, "kept", row["salt"].hex(), row["body"])


def _checked(scope: Scope, row: asyncpg.Record, sealed: dict[int, bytes]) -> StoredRecord:
    """The event in a row. Raises EvidenceBrokenError unless it is what was sealed there, of this firm and stream."""
    position, canonical = Position(row["position"]), row["record"].encode()
    place, offset = divmod(position - 1, TILE_WIDTH)
    entry = sealed.get(place, b"")[offset * HASH_BYTES : (offset + 1) * HASH_BYTES]
    if entry != entry_of(canonical):
        raise EvidenceBrokenError(f"event {position} is not the one that was sealed")
    record = decode_record(canonical)
    asked = scope.asked
    says = (record.log, record.position, record.firm_id, record.mode, record.stream)
    if says != (scope.log_id, position, asked.firm_id, asked.mode, row["stream"]):
        raise EvidenceBrokenError(f"the row of event {position} says something else than the event")
    return StoredRecord(record, canonical)
