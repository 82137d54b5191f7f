"""The note under which events are proved, and the proofs, from the stored tree."""

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from schemas.record import StoredRecord
from schemas.values import Position
from service.evidence.checkpoints import Checkpoint, parse_checkpoint
from service.evidence.merkle import entry_of, inclusion_ranges, is_included
from service.evidence.notes import NoteError, parse_note
from service.evidence.sealing.store import EvidenceStore
from service.evidence.sealing.tree import EvidenceBrokenError
from service.evidence.tiles import roots_of, tiles_of

PROOFS_AT_ONCE: Final = 16
"""How many proofs are computed at once: for these few milliseconds nothing else runs in the process."""


class NotSealedError(Exception):
    """No note covers the events, which end at `position`; the notes end at `size`, 0 if there is none."""

    def __init__(self, position: Position, size: Position) -> None:
        super().__init__(f"event {position} is not sealed yet: the newest note covers {size} events")
        self.position = position
        self.size = size


class CoveringNote(Struct, frozen=True):
    """A note that covers the events of a receipt, with its co-signatures, and what it says."""

    text: str
    checkpoint: Checkpoint


async def covering_note(store: EvidenceStore, position: Position) -> CoveringNote:
    """The newest co-signed note that covers the events up to `position`, or else the newest that does.

    Raises NotSealedError, EvidenceBrokenError and LogUnavailableError.
    """
    found = await store.covering_note(position)
    if found.note is None:
        raise NotSealedError(position, found.newest_size)
    lines = await store.cosignatures(found.size)
    try:
        checkpoint = parse_checkpoint(parse_note(found.note.encode()).text)
    except NoteError as error:
        raise EvidenceBrokenError(f"the note of size {found.size} is none: {error}") from error
    return CoveringNote(found.note + "".join(lines), checkpoint)


async def inclusion_proofs(
    store: EvidenceStore, records: Sequence[StoredRecord], checkpoint: Checkpoint
) -> list[list[str]]:
    """The proof of each record under the checkpoint, in base64.

    Raises EvidenceBrokenError if a record is not the one that was sealed, and LogUnavailableError.
    """
    found: list[list[str]] = []
    for at in range(0, len(records), PROOFS_AT_ONCE):
        found += await _proved(store, records[at : at + PROOFS_AT_ONCE], checkpoint)
        await asyncio.sleep(0)
    return found


async def _proved(store: EvidenceStore, records: Sequence[StoredRecord], checkpoint: Checkpoint) -> list[list[str]]:
    ranges = [inclusion_ranges(each.record.position - 1, checkpoint.size) for each in records]
    tiles = await store.hashes({tile for each in ranges for tile in tiles_of(each)})
    proofs: list[list[str]] = []
    for stored, parts in zip(records, ranges, strict=True):
        index, entry = stored.record.position - 1, entry_of(stored.canonical)
        try:
            proof = roots_of(parts, tiles)
        except (KeyError, ValueError) as error:
            raise EvidenceBrokenError(f"a tile of the sealed tree is missing or too short: {error}") from error
        if not is_included(entry, index, checkpoint.size, proof, checkpoint.root):
            raise EvidenceBrokenError(f"event {stored.record.position} is not the one that was sealed")
        proofs.append([b64encode(each).decode() for each in proof])
    return proofs
