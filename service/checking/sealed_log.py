"""The evidence: events against tiles, tiles against notes, notes against keys, and keys against each other."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

import asyncpg
from msgspec import Struct

from schemas.values import LogId
from service.checking.faults import Fault, FaultKind, Step, at_position
from service.evidence.checkpoints import Checkpoint, parse_checkpoint
from service.evidence.key_file import BREAK, ROTATION
from service.evidence.notes import (
    KeyType,
    Note,
    NoteError,
    VerifierKey,
    parse_note,
    parse_signatures,
    parse_verifier_key,
)
from service.evidence.sealing.patrol import Patrol
from service.evidence.sealing.store import EvidenceStore, stored_tree
from service.evidence.sealing.tree import EventNotSealedError, EvidenceBrokenError, Tree
from service.evidence.signatures import Verified, is_signed
from service.evidence.tiles import TILE_WIDTH, roots_of, tiles_of
from service.statements import statement

NOTES_OF_A_STEP: Final = 50
READ_FOR_A_NOTE: Final = 4
"""The check takes about as long over one note as over this many events."""


class KnownElsewhere(Struct, frozen=True):
    """What is known of the evidence outside of the database; all of it may be missing.

    `keys` are those of the key file, `witnesses` the keys of the witnesses, `last_note` what this machine signed last.
    """

    keys: Sequence[VerifierKey] = ()
    witnesses: Sequence[VerifierKey] = ()
    last_note: bytes | None = None


async def check_evidence(pool: asyncpg.Pool, log_id: LogId, known: KnownElsewhere) -> AsyncIterator[Step]:
    """Every tile, note and key, against the events as they are now; nothing where nothing was ever sealed.

    Raises asyncpg's errors and LogUnavailableError.
    """
    store = EvidenceStore(pool, log_id)
    size = await store.tree_size()
    newest = await store.newest_note()
    written = await store.every_key()
    if not size and newest is None and not written and not known.keys:
        return
    keys = _Keys(known.keys)
    yield Step(1, list(keys.read(written)))
    newest_size = 0 if newest is None else newest.size
    if newest_size != size:
        says = f"the tree has {size} entries, and the newest note is of {newest_size}"
        yield Step(1, [Fault(FaultKind.NOTE, f"note {newest_size}", says)])
    try:
        tree = await stored_tree(store, size)
    except EvidenceBrokenError as broken:
        yield Step(1, [Fault(FaultKind.TILE, f"tree of {size} entries", str(broken))])
        return
    async for step in _tiles(store, tree):
        yield step
    async for step in _notes(pool, store, size, keys, known):
        yield step


async def _tiles(store: EvidenceStore, tree: Tree) -> AsyncIterator[Step]:
    patrol = Patrol(store)
    for index in range(-(-tree.edge.size // TILE_WIDTH)):
        faults: list[Fault] = []
        try:
            await patrol.look_at(tree, index)
        except EventNotSealedError as broken:
            faults = [Fault(FaultKind.EVENT_UNSEALED, at_position(broken.position), str(broken))]
        except EvidenceBrokenError as broken:
            faults = [Fault(FaultKind.TILE, f"tile {index} of level 0, or one above it", str(broken))]
        yield Step(TILE_WIDTH, faults)


async def _notes(
    pool: asyncpg.Pool, store: EvidenceStore, size: int, keys: "_Keys", known: KnownElsewhere
) -> AsyncIterator[Step]:
    after, last_kept = 0, _kept(known.last_note, keys)
    while True:
        async with pool.acquire() as connection:
            rows = await connection.fetch(statement("check_notes"), store.log_id, after, NOTES_OF_A_STEP)
        if not rows:
            break
        faults: list[Fault] = []
        for row in rows:
            found = keys.checkpoint_in(row["note"].encode())
            faults += await _faults_of_note(store, row, size, found)
            faults += () if isinstance(found, str) else keys.missing_of(row["note"].encode())
            faults += _faults_of_lines(row, known.witnesses)
            if last_kept is not None and last_kept.size == row["size"] and found != last_kept:
                faults.append(_other_than_kept(last_kept))
        yield Step(len(rows) * READ_FOR_A_NOTE, list(dict.fromkeys(faults)))
        after = rows[-1]["size"]
    if last_kept is not None and last_kept.size > size:
        yield Step(1, [_other_than_kept(last_kept)])


async def _faults_of_note(
    store: EvidenceStore, row: asyncpg.Record, size: int, found: Checkpoint | str
) -> Sequence[Fault]:
    """What is wrong with a note, of which `found` is what it says, or why it is none of the log's."""
    place = f"note {row['size']}"
    if isinstance(found, str):
        return [Fault(FaultKind.NOTE, place, found)]
    if found.size != row["size"] or found.size > size:
        return [Fault(FaultKind.NOTE, place, f"it is of {found.size} entries, and the tree has {size}")]
    ranges = [(0, found.size)]
    try:
        (root,) = roots_of(ranges, await store.hashes(tiles_of(ranges)))
    except (KeyError, ValueError) as error:
        return [Fault(FaultKind.TILE, place, f"a tile under it is missing or too short: {error}")]
    if root != found.root:
        return [Fault(FaultKind.NOTE, place, "the tiles come to another root than the one that it signs")]
    return []


def _faults_of_lines(row: asyncpg.Record, witnesses: Sequence[VerifierKey]) -> Iterator[Fault]:
    place = f"note {row['size']}"
    try:
        note = parse_note(row["note"].encode())
    except NoteError:
        return
    for line in row["lines"]:
        try:
            signatures = parse_signatures(line)
        except NoteError as error:
            yield Fault(FaultKind.COSIGNATURE, place, str(error))
            continue
        for signature in signatures:
            for witness in witnesses:
                if signature.is_of(witness) and not is_signed(note.text, signature, witness):
                    yield Fault(FaultKind.COSIGNATURE, place, f"{witness.name} did not sign this")


def _kept(note: bytes | None, keys: "_Keys") -> Checkpoint | None:
    found = None if note is None else keys.checkpoint_in(note)
    return found if isinstance(found, Checkpoint) and keys.is_present(found.origin) else None


def _other_than_kept(kept: Checkpoint) -> Fault:
    says = f"this machine signed another tree of {kept.size} entries, or the database has lost it"
    return Fault(FaultKind.NOTE, f"note {kept.size}", says)


class _Keys:
    """The verifier keys of the log that may be trusted, and those that the database has."""

    def __init__(self, known: Sequence[VerifierKey]) -> None:
        """`known` are those of the key file: trust begins with them, or where there is no file with the database's."""
        self._known = list(known)
        self._written: list[VerifierKey] = []
        self._trusted: list[VerifierKey] = list(known)

    def read(self, written: Sequence[tuple[str, str | None]]) -> Iterator[Fault]:
        """Take the keys of the database; what is wrong with them."""
        rotations: list[tuple[VerifierKey, str]] = []
        for text, rotation in written:
            try:
                key = parse_verifier_key(text)
            except NoteError as error:
                yield Fault(FaultKind.VERIFIER_KEY, f"verifier key {text[:80]}", str(error))
                continue
            self._written.append(key)
            if rotation is not None:
                rotations.append((key, rotation))
        rotated = {key for key, _ in rotations}
        if not self._known:
            self._trusted = [key for key in self._written if key not in rotated]
        for key, why in self._follow(rotations):
            yield Fault(FaultKind.VERIFIER_KEY, f"verifier key {key.id.hex()}", why)
        firsts = [key for key in self._written if key not in rotated and key.kind is KeyType.ED25519]
        for key in self._written:
            if key not in self._trusted or (key in firsts[1:] and key not in self._known):
                says = "no note of a key that is known passes on to it"
                yield Fault(FaultKind.VERIFIER_KEY, f"verifier key {key.id.hex()}", says)

    def _follow(self, rotations: Sequence[tuple[VerifierKey, str]]) -> Iterator[tuple[VerifierKey, str]]:
        """Trust what a key that is trusted passes on to, and what passed on to it; the notes that are none."""
        good: list[Sequence[VerifierKey]] = []
        for key, text in rotations:
            found = _rotation_in(text)
            if isinstance(found, str):
                yield key, found
            elif found[1] != key:
                yield key, "the note by which the key before it passed on is of another key"
            else:
                good.append(found)
        for _ in good:
            for chain in good:
                if any(each in self._trusted for each in chain[:2]):
                    self._trusted += [each for each in chain if each not in self._trusted]

    def is_present(self, origin: str) -> bool:
        """Whether the log signs under this origin, and not under one that ended in a break."""
        return not self._known or origin == self._known[0].name

    def checkpoint_in(self, written: bytes) -> Checkpoint | str:
        """What a note of the log says, or why it is none."""
        try:
            note = Verified.of(parse_note(written), self._trusted).note
            checkpoint = parse_checkpoint(note.text)
        except NoteError as error:
            return f"it is none of the log's: {error}"
        origins = {key.name for key in self._trusted}
        if checkpoint.origin not in origins:
            return f"it is of {checkpoint.origin}, and the keys are of {', '.join(sorted(origins))}"
        return checkpoint

    def missing_of(self, written: bytes) -> Iterator[Fault]:
        """The keys of the log that signed this note and that the database does not have."""
        note = parse_note(written)
        names = {key.name for key in self._trusted}
        for signature in note.signatures:
            if signature.name in names and not any(signature.is_of(key) for key in self._written):
                place = f"verifier key {signature.key_id.hex()}"
                yield Fault(FaultKind.VERIFIER_KEY, place, "it signed notes, and the database does not have it")


def _rotation_in(written: str) -> Sequence[VerifierKey] | str:
    """The keys in a note of rotation: the one before, the one after, others that came with it; or why it is none."""
    try:
        note: Note = parse_note(written.encode())
        kind, _, *lines = note.text.splitlines()
        before, after, *others = map(parse_verifier_key, [*lines[:2], *lines[5:]] if kind == BREAK else lines)
    except (NoteError, ValueError) as error:
        return f"the note by which the key before it passed on is none: {error}"
    signed = all(any(is_signed(note.text, each, signer) for each in note.signatures) for signer in (before, after))
    if kind not in {ROTATION, BREAK} or not signed:
        return "the key before it, or it itself, did not sign the note by which it was passed on"
    return [before, after, *others]
