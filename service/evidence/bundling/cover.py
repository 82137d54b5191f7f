"""cover.bin: the hashes of all that is not in a bundle, read from the stored tiles (README.md section 9).

On the way every note is compared with the tree: a bundle that would not verify is not made.
"""

from collections.abc import AsyncGenerator
from typing import Final

from msgspec import Struct

from schemas.values import Position
from service.evidence.bundling.asked import Reads, Scope
from service.evidence.bundling.events import POSITIONS
from service.evidence.checkpoints import Checkpoint, parse_checkpoint
from service.evidence.merkle import Subtree, cover, leaf_hashes, node_hash, root_of, split
from service.evidence.notes import NoteError, parse_note
from service.evidence.sealing.tree import EvidenceBrokenError
from service.evidence.tiles import Tile, place_of
from service.statements import statement

SIZES_FETCHED: Final = 1_000
"""The LIMIT of bundle_sizes.sql."""

STEPS_AT_ONCE: Final = 128
"""How many hashes are computed at once, from as many tiles at the most: some 5 ms, and 1 MB."""


class _Step(Struct, frozen=True):
    """The next subtree from left to right: one leaf that the bundle has, or a node of the cover; or a note's size."""

    subtree: Subtree
    is_event: bool = False
    note: Checkpoint | None = None


async def cover_nodes(reads: Reads, scope: Scope) -> AsyncGenerator[bytes]:
    """The member in pieces. Raises EvidenceBrokenError if a note is not of the tree that is stored."""
    spine = Spine()
    waiting: list[_Step] = []
    async for step in _steps(reads, scope):
        waiting.append(step)
        if len(waiting) >= STEPS_AT_ONCE:
            yield await _done(reads, scope, spine, waiting)
            waiting = []
    yield await _done(reads, scope, spine, waiting)
    if spine.index != scope.size:
        raise EvidenceBrokenError(f"the newest note has the size {scope.size}, and none is there")


class Spine:
    """The roots of the perfect subtrees so far, the largest first: what is needed to know the root."""

    def __init__(self) -> None:
        self.index = 0
        self._stack: list[tuple[int, bytes]] = []

    def push(self, height: int, found: bytes) -> None:
        """Add the next subtree to the right."""
        self.index += 1 << height
        while self._stack and self._stack[-1][0] == height:
            found = node_hash(self._stack.pop()[1], found)
            height += 1
        self._stack.append((height, found))

    def root(self) -> bytes:
        """The root of the tree so far, which is not empty."""
        *rest, (_, root) = self._stack
        for _, left in reversed(rest):
            root = node_hash(left, root)
        return root


async def _done(reads: Reads, scope: Scope, spine: Spine, steps: list[_Step]) -> bytes:
    """Take these steps; the bytes of the member that they make."""
    places = sorted({place_of(step.subtree).tile for step in steps if step.note is None})
    async with reads() as connection:
        levels, indexes = [tile.level for tile in places], [tile.index for tile in places]
        rows = await connection.fetch(statement("evidence_tiles"), scope.log_id, levels, indexes)
    stored = {Tile(row["level"], row["place"]): row["hashes"] for row in rows}
    written: list[bytes] = []
    for step in steps:
        if step.note is not None:
            if spine.root() != step.note.root:
                raise EvidenceBrokenError(f"the tiles are not those of the note of size {step.note.size}")
            continue
        found = _hash_of(step.subtree, stored)
        spine.push(step.subtree.height, found)
        if not step.is_event:
            written.append(bytes([step.subtree.height]) + found)
    return b"".join(written)


def _hash_of(subtree: Subtree, stored: dict[Tile, bytes]) -> bytes:
    place = place_of(subtree)
    hashes = stored.get(place.tile, b"")[place.start : place.end]
    if len(hashes) != place.end - place.start:
        raise EvidenceBrokenError(f"tile {place.tile.index} of level {place.tile.level} is missing or too short")
    return root_of(split(hashes) if place.tile.level else leaf_hashes(hashes))


async def _steps(reads: Reads, scope: Scope) -> AsyncGenerator[_Step]:
    """Every step from the first leaf to the last note."""
    index = 0
    events, notes = _positions(reads, scope), _checkpoints(reads, scope)
    position, note = await anext(events, None), await anext(notes, None)
    while note is not None:
        end = note.size if position is None else min(note.size, position - 1)
        for subtree in cover(index, end):
            yield _Step(subtree)
        index = end
        if note.size == index:
            yield _Step(Subtree(0, index), note=note)
            note = await anext(notes, None)
        elif position is not None:
            yield _Step(Subtree(0, index), is_event=True)
            index += 1
            position = await anext(events, None)


async def _positions(reads: Reads, scope: Scope) -> AsyncGenerator[Position]:
    asked, after = scope.asked, 0
    while after < scope.position:
        to = min(after + POSITIONS[1], scope.position)
        async with reads() as connection:
            rows = await connection.fetch(
                statement("bundle_positions"), scope.log_id, after, to, asked.firm_id, asked.mode, scope.streams
            )
        for row in rows:
            yield Position(row["position"])
        after = to


async def _checkpoints(reads: Reads, scope: Scope) -> AsyncGenerator[Checkpoint]:
    after = 0
    while True:
        async with reads() as connection:
            rows = await connection.fetch(statement("bundle_sizes"), scope.log_id, after, scope.size)
        for row in rows:
            try:
                checkpoint = parse_checkpoint(parse_note(row["note"].encode()).text)
            except NoteError as error:
                raise EvidenceBrokenError(f"the note of size {row['size']} is damaged: {error}") from error
            if checkpoint.size != row["size"]:
                raise EvidenceBrokenError(f"the note of size {row['size']} says {checkpoint.size}")
            yield checkpoint
            after = row["size"]
        if len(rows) < SIZES_FETCHED:
            return
