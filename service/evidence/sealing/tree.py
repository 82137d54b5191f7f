"""A signed tree as the sealer holds it: its right edge, and the entries of its last tile."""

from collections.abc import Mapping
from typing import Self

from msgspec import Struct

from service.evidence.merkle import EMPTY_ROOT, HASH_BYTES
from service.evidence.tiles import TILE_WIDTH, Edge, Tile


class EvidenceBrokenError(Exception):
    """Log, tree or notes contradict what was signed; nothing was signed or written. The message says what and where."""


class EventNotSealedError(EvidenceBrokenError):
    """The event at `position` is not the one that was sealed."""

    def __init__(self, position: int) -> None:
        super().__init__(f"event {position} is not the one that was sealed")
        self.position = position


class Tree(Struct, frozen=True):
    """A tree with its root; `tail` are the entries of its last tile, full or not. The edge is never changed."""

    edge: Edge
    root: bytes
    tail: bytes

    @classmethod
    def empty(cls) -> Self:
        """The tree without entries."""
        return cls(Edge(0, {}), EMPTY_ROOT, b"")

    @classmethod
    def of(cls, edge: Edge, stored: Mapping[Tile, bytes]) -> Self:
        """The tree with this edge; `stored` has its last tile of level 0. Raises KeyError, and ValueError if short."""
        count = (edge.size - tail_start(edge.size)) * HASH_BYTES
        tail = stored[last_tile(edge.size)][:count]
        if len(tail) != count:
            raise ValueError(f"the last tile has {len(tail)} bytes")
        return cls(edge, edge.root(), tail)

    def grown(self, edge: Edge, entries: bytes) -> Self:
        """The tree with the edge that these further entries make."""
        from_tail = self.tail + entries
        start = tail_start(edge.size) - tail_start(self.edge.size)
        return type(self)(edge, edge.root(), from_tail[start * HASH_BYTES :])


def tail_start(size: int) -> int:
    """The index of the first entry of the last tile of a tree."""
    return (size - 1) // TILE_WIDTH * TILE_WIDTH if size else 0


def last_tile(size: int) -> Tile:
    """The last tile of level 0 of a tree that has entries, full or not."""
    return Tile(0, (size - 1) // TILE_WIDTH)


def first_that_differs(after: int, sealed: bytes, found: bytes) -> int:
    """The position of the first entry after `after` that is not the sealed one."""
    for at in range(0, len(sealed), HASH_BYTES):
        if sealed[at : at + HASH_BYTES] != found[at : at + HASH_BYTES]:
            return after + at // HASH_BYTES + 1
    return after + len(sealed) // HASH_BYTES + 1
