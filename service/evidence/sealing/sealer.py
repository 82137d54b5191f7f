"""The sealer: gives each new event its place in the tree, and signs what the tree then is (README.md section 7).

Any number of sealers may run. The row of `evidence.tree` decides which of two is first, and the other one checks what
that one signed before it goes on from there.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from schemas.values import Position, UnixSeconds
from service.backoff import Backoff
from service.evidence.checkpoints import Checkpoint, parse_checkpoint
from service.evidence.key_file import EvidenceKeys
from service.evidence.merkle import HASH_BYTES, consistency_ranges, is_consistent
from service.evidence.notes import Note, NoteError, parse_note
from service.evidence.sealing.last_view import LastView
from service.evidence.sealing.patrol import Patrol
from service.evidence.sealing.status import SealerReport, SealerStatus
from service.evidence.sealing.store import EvidenceStore, OvertakenError, grown_tiles, shown, stored_tree
from service.evidence.sealing.tree import EventNotSealedError, EvidenceBrokenError, Tree, first_that_differs, tail_start
from service.evidence.signatures import Verified
from service.evidence.tiles import Hashes, roots_of, tiles_of
from service.log.event_log import EventLog, LogFaultError

READER: Final = "sealer"
EVENTS_MAX: Final = 16_384
"""How many events one note seals at the most, if the sealer is so far behind: it computes for some 20 ms then."""


class SealerPace(Struct, frozen=True, kw_only=True):
    """In seconds: `seal`, the rest between two turns; `recheck`, how often one that is stopped looks again; `retry`,
    the first and the longest wait while PostgreSQL is away."""

    seal: float = 1.0
    recheck: float = 5.0
    retry: float = 0.1
    retry_max: float = 5.0


class Sealer:
    """Follows one log for ever."""

    def __init__(
        self,
        log: EventLog,
        store: EvidenceStore,
        keys: EvidenceKeys,
        last_view: LastView,
        *,
        clock: Callable[[], UnixSeconds],
        on_note: Callable[[bytes], None] = lambda _: None,
        pace: SealerPace | None = None,
    ) -> None:
        """`on_note` is told each note once it is stored, and the newest one at the start."""
        self._log = log
        self._store = store
        self._last_view = last_view
        self._clock = clock
        self._on_note = on_note
        self._pace = pace or SealerPace()
        self._origin = keys.origin(log.log_id)
        self._signers = keys.signers(log.log_id)
        self._keys = keys.verifier_keys(log.log_id)
        self._rotations = keys.rotations(log.log_id)
        self._patrol = Patrol(store)
        self._report = SealerReport(log.log_id)
        self._backoff = Backoff(self._pace.retry, self._pace.retry_max)
        self._tree: Tree | None = None
        # The largest tree that this process, or one before it on this machine, is known to have signed.
        self._known: Checkpoint | None = None
        self._is_told = False

    def status(self) -> SealerStatus:
        """What the sealer is doing and how far it is; no I/O."""
        return self._report.status()

    async def run(self) -> None:
        """Seal until cancelled; belongs in a TaskGroup. Nothing is raised: numbers are issued without it."""
        while True:
            try:
                await self.turn()
            except EvidenceBrokenError as broken:
                self._tree = None
                self._report.stop(str(broken))
                await asyncio.sleep(self._pace.recheck)
            except (LogFaultError, OSError) as fault:
                self._report.fault(str(fault) or type(fault).__name__)
                await asyncio.sleep(self._backoff.step())
            else:
                await asyncio.sleep(self._pace.seal)

    async def turn(self) -> None:
        """Seal every event that is there, and look at one older tile.

        Raises EvidenceBrokenError if anything contradicts what was signed; LogUnavailableError and OSError.
        """
        tree = await self._opened()
        while (grown := await self._seal_next(tree)) is not None:
            self._tree = tree = grown
        await self._patrol.look(tree)
        self._backoff.reset()
        self._report.healthy()

    async def _opened(self) -> Tree:
        """The tree as this process knows it, or else as it is stored, once all that was signed agrees with it."""
        if self._tree is not None and await self._store.tree_size() == self._tree.edge.size:
            return self._tree
        await self._store.keep_keys(reversed(self._keys), self._rotations)
        found = await self._store.newest_note()
        tree = Tree.empty() if found is None else await self._read_tree(found.note, found.tree_size)
        await self._require_continuation(tree)
        await self._require_same_tail(tree)
        self._tree = tree
        if found is not None and not self._is_told:
            self._on_note(found.note)
        self._is_told = True
        return tree

    async def _read_tree(self, note: bytes, size: int) -> Tree:
        """The stored tree, which its newest note must be of."""
        checkpoint = self._verified(note, "the newest note in the database")
        if checkpoint.size != size:
            raise EvidenceBrokenError(f"the tree has {size} entries, and its newest note says {checkpoint.size}")
        tree = await stored_tree(self._store, size)
        if tree.root != checkpoint.root:
            raise EvidenceBrokenError(f"the tiles are not those of the note of size {size}")
        return tree

    async def _require_continuation(self, tree: Tree) -> None:
        """Return if the tree continues the last one that this machine signed, or the log may still lead there."""
        known = self._known or await self._kept()
        self._known = known
        head = await self._log.head()
        self._report.head = head
        at_least = max(tree.edge.size, 0 if known is None else known.size)
        if head < at_least:
            raise EvidenceBrokenError(
                f"the log ends at {head}, and {at_least} events of it were sealed: it lost its end"
            )
        if known is None or known.size > tree.edge.size:
            return  # what the tree will be there is compared when it is there
        ranges = consistency_ranges(known.size, tree.edge.size)
        try:
            proof = roots_of(ranges, await self._store.hashes(tiles_of(ranges)))
        except (KeyError, ValueError) as error:
            raise EvidenceBrokenError(f"a tile is missing or too short: {error}") from error
        if not is_consistent(known.size, tree.edge.size, proof, known.root, tree.root):
            raise EvidenceBrokenError(f"the stored tree does not continue the one of {known.size} entries signed here")
        self._known = Checkpoint(self._origin, tree.edge.size, tree.root)

    async def _kept(self) -> Checkpoint | None:
        note = await asyncio.to_thread(self._last_view.read)
        kept = None if note is None else self._verified(note, f"the note in {self._last_view.path}")
        # One of an earlier origin counts no more: a note of the break says that what it signed is lost.
        return kept if kept is not None and kept.origin == self._origin else None

    async def _require_same_tail(self, tree: Tree) -> None:
        await self._read_entries(tree, Position(tree.edge.size))

    async def _read_entries(self, tree: Tree, to: Position) -> bytes:
        """The entries after the tree up to `to`; those of its last tile must be what was sealed."""
        start = Position(tail_start(tree.edge.size))
        found = await self._store.entries(start, to)
        sealed = found.entries[: len(tree.tail)]
        if sealed != tree.tail:
            raise EventNotSealedError(first_that_differs(start, tree.tail, sealed))
        if not found.are_whole:
            raise EvidenceBrokenError(f"between {start + 1} and {to} an event is missing, or is another position's")
        return found.entries[len(tree.tail) :]

    async def _seal_next(self, tree: Tree) -> Tree | None:
        """The tree with the next events in it, signed and stored; none if there are none.

        Where another sealer was first, it is that one's tree.
        """
        size = tree.edge.size
        head = await self._log.head()
        self._report.head, self._report.size = head, Position(size)
        if head < size:
            raise EvidenceBrokenError(f"the log ends at {head}, and {size} events of it were sealed: it lost its end")
        if head == size:
            return None
        # Nothing beyond this position may be signed: a failover could still take it back.
        durable = await self._log.barrier(READER)
        entries = await self._read_entries(tree, self._next_end(size, durable))
        edge = tree.edge.copy()
        grown = edge.grow(entries)
        new = tree.grown(edge, entries)
        await self._prove(tree, new, grown)
        note = self._signed(new).encode()
        await self._remember(new, note)
        try:
            await self._store.seal(size, edge.size, grown, note.decode())
        except OvertakenError:
            return await self._opened()
        self._report.size = Position(new.edge.size)
        self._on_note(note)
        return new

    def _next_end(self, size: int, durable: Position) -> Position:
        end = min(durable, size + EVENTS_MAX)
        # A database that was restored comes past what was signed before: there the roots are compared.
        is_behind = self._known is not None and size < self._known.size
        return Position(min(end, self._known.size) if self._known is not None and is_behind else end)

    async def _prove(self, old: Tree, new: Tree, grown: list[Hashes]) -> None:
        """Raises EvidenceBrokenError unless the stored hashes prove that `new` continues `old`."""
        ranges = consistency_ranges(old.edge.size, new.edge.size)
        needed = tiles_of(ranges)
        fresh = {hashes.tile: hashes for hashes in grown}
        there = await self._store.stored(needed | {tile for tile, hashes in fresh.items() if hashes.offset})
        # Another sealer may have added to them since: what it signed is looked at when ours is refused.
        stored = {tile: hashes[: tile.width(old.edge.size) * HASH_BYTES] for tile, hashes in there.items()}
        try:
            tiles = shown(grown_tiles({tile: hashes for tile, hashes in stored.items() if hashes}, grown))
            proof = roots_of(ranges, tiles)
        except (KeyError, ValueError) as error:
            raise EvidenceBrokenError(f"the stored tiles are not those that were signed: {error}") from error
        if not is_consistent(old.edge.size, new.edge.size, proof, old.root, new.root):
            raise EvidenceBrokenError(f"the stored tiles are not those of the signed tree of {old.edge.size} entries")
        known = self._known
        if known is not None and known.size == new.edge.size and known.root != new.root:
            raise EvidenceBrokenError(f"another tree of {known.size} entries was signed here")

    def _signed(self, tree: Tree) -> Note:
        text = Checkpoint(self._origin, tree.edge.size, tree.root).text
        at = self._clock()
        return Note(text, tuple(signer.sign(text, at) for signer in self._signers))

    async def _remember(self, tree: Tree, note: bytes) -> None:
        """Keep what was signed where a restored database cannot take it back, before anybody can see it."""
        if self._known is None or self._known.size <= tree.edge.size:
            await asyncio.to_thread(self._last_view.keep, note)
            self._known = Checkpoint(self._origin, tree.edge.size, tree.root)

    def _verified(self, written: bytes, what: str) -> Checkpoint:
        """What a note of ours says. Raises EvidenceBrokenError if it is none."""
        try:
            verified = Verified.of(parse_note(written), self._keys)
            checkpoint = parse_checkpoint(verified.note.text)
        except NoteError as error:
            raise EvidenceBrokenError(f"{what} is none of ours: {error}") from error
        if checkpoint.origin not in {key.name for key in verified.by}:
            raise EvidenceBrokenError(f"{what} is of {checkpoint.origin}, and the keys are of {self._origin}")
        return checkpoint
