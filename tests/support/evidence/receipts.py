"""Receipts of real logs: a series whose numbers lived every kind of life, sealed, and the receipts of it.

`async with a_sealed_life(database_url, directory) as life` and then `await life.receipt(4)`, `await life.gap(2, 3)`.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from projections.reports.number_events import folded_number_events
from schemas.values import Digest, Number, NumberRange, Position
from service.evidence.key_file import EvidenceKeys
from service.evidence.receipts.receipt import Wanted, make_receipt
from service.evidence.sealing.sealer import Sealer
from service.evidence.sealing.store import EvidenceStore
from service.evidence.signatures import Signer
from service.log.event_log import Batch, Content
from service.log.postgres_log import PostgresLog
from tests.support.domain.batches import a_batch
from tests.support.domain.commands import (
    HOLD_SECONDS,
    NOW,
    SERIES,
    a_change,
    a_consumption,
    a_content,
    a_deletion,
    a_device,
    a_document,
    a_key,
    a_lock,
    a_release,
    a_reservation_of,
    a_reversal,
    a_slot,
    a_sweep,
    a_void,
    an_advance,
    an_erasure,
    an_explanation,
    an_issue,
    an_unvoid,
    digest,
    the_operator,
    the_sweeper,
)
from tests.support.domain.history import History, a_history
from tests.support.evidence.sealing import AT, KEYS, LOG, a_sealer

ZONE: Final = ZoneInfo("Europe/Bucharest")

LIVES: Final = {
    "consumed and reversed": 1,
    "released": 2,
    "expired": 4,
    "a reversal": 11,
    "voided and unvoided": 12,
    "withdrawn, erased and explained": 13,
    "lost": 15,
    "pending": 21,
}
"""A number of the history for each kind of life."""

GAPS: Final = {"released and expired": (2, 10), "withdrawn": (13, 13), "lost": (14, 20), "of all kinds": (13, 20)}
"""Ranges of the history that are gaps."""


def every_life() -> History:
    """The numbers of LIVES, and others."""
    history = a_history(a_lock(), a_reservation_of(10))
    block = history.state.position
    return history.after(
        a_consumption(a_slot(1, reservation=block)),
        a_release(a_slot(2, reservation=block)),
        a_change(1, "inv_1", date="2027-01-16"),
        a_reversal(1, "inv_1", a_document("inv_2", "2027-01-17"), content=digest("changed")),
        an_issue(a_document("inv_3", "2027-01-18")),
        a_void(12, "inv_3"),
        an_unvoid(12, "inv_3"),
        an_issue(a_document("inv_4", "2027-01-18")),
        a_void(13, "inv_4"),
        a_deletion(13, "inv_4", "2027-01-18"),
        (an_erasure(13, "inv_4"), a_key()),
        (an_explanation(13, 13), a_key()),
        (a_sweep(), the_sweeper(), NOW + HOLD_SECONDS),
        (an_advance(20), the_operator(), NOW + HOLD_SECONDS),
        (an_explanation(15, 17), a_key(), NOW + HOLD_SECONDS),
        (a_reservation_of(3), a_device(), NOW + HOLD_SECONDS),
    )


@dataclass
class SealedLog:
    """A log in PostgreSQL, its evidence, and receipts of its numbers."""

    log: PostgresLog
    store: EvidenceStore
    url: str
    directory: Path
    keys: EvidenceKeys = KEYS

    async def append(self, history: History, contents: Sequence[Content] = ()) -> None:
        """Append what the log does not have of this history."""
        head = await self.log.head()
        batch = a_batch(history.records[head:])
        await self.log.append(head, Batch(batch.records, contents))

    async def seal(self, keys: EvidenceKeys | None = None) -> int:
        """Seal everything; the size."""
        self.keys = keys or self.keys
        sealer: Sealer = a_sealer(self.log, self.directory, self.keys, self.store)
        await sealer.turn()
        return sealer.status().size or 0

    async def cosign(self, signer: Signer) -> None:
        """A witness co-signs the newest note."""
        newest = await self.store.newest_note()
        assert newest is not None
        text = newest.note.decode().rpartition("\n\n")[0] + "\n"
        await self.store.cosign(newest.size, signer.sign(text, AT))

    async def receipt(self, number: int, *, contents: bool = False) -> dict[str, Any]:
        """The receipt of one number, as parsed JSON."""
        return await self._made(number, number, is_gap=False, has_contents=contents)

    async def gap(self, first: int, last: int, *, contents: bool = False) -> dict[str, Any]:
        """The gap certificate of a range, as parsed JSON."""
        return await self._made(first, last, is_gap=True, has_contents=contents)

    async def _made(self, first: int, last: int, *, is_gap: bool, has_contents: bool) -> dict[str, Any]:
        numbers = NumberRange(Number(first), Number(last))
        connection = await asyncpg.connect(self.url)
        try:
            head = Position(await self.log.head())
            found = await folded_number_events(connection, SERIES, numbers, head)
        finally:
            await connection.close()
        wanted = Wanted(numbers=numbers, is_gap=is_gap, has_contents=has_contents, zone=ZONE)
        made = await make_receipt(self.log, self.store, found.records, wanted)
        parsed: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(made))
        return parsed

    def trusted(self) -> list[str]:
        """The verifier keys that an auditor was given: the present Ed25519 key of the log."""
        return [str(self.keys.verifier_keys(LOG)[0])]


@asynccontextmanager
async def a_sealed_life(database_url: str, directory: Path, keys: EvidenceKeys = KEYS) -> AsyncGenerator[SealedLog]:
    """A log with every kind of life, all of it sealed; the database must be empty."""
    async with a_log(database_url, directory, keys) as life:
        await life.append(every_life())
        await life.seal()
        yield life


@asynccontextmanager
async def a_log(database_url: str, directory: Path, keys: EvidenceKeys = KEYS) -> AsyncGenerator[SealedLog]:
    """An empty log."""
    log = await PostgresLog.open(database_url)
    try:
        yield SealedLog(log, EvidenceStore(log.pool, log.log_id), database_url, directory, keys)
    finally:
        await log.close()


def a_document_that_says(text: str, name: str) -> tuple[Any, Content]:
    """A document with a content that is kept, to issue with `an_issue`."""
    content = a_content(msgspec.json.encode({"notes": text}))
    document = a_document(name)
    return msgspec.structs.replace(document, content=Digest(content.digest)), content
