"""The tiles of a tree (C2SP tlog-tiles): where each hash is, the paths, and the right edge that grows."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from service.evidence.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    HashOf,
    Range,
    Subtree,
    cover,
    leaf_hashes,
    root_of,
    root_of_range,
    split,
)

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
LEVELS: Final = 64 // TILE_HEIGHT
"""More than this is no tree of positions of 63 bits."""

INDEX_PARTS_MAX: Final = 6
"""Parts of three digits in the path of a tile: as many as a tree of 2**63 leaves has."""

ENTRIES: Final = "entries"
_ENTRY_LENGTH: Final = HASH_BYTES.to_bytes(2, "big")
_LEVEL: Final = re.compile(r"0|[1-9][0-9]?")
_INDEX: Final = re.compile(r"(x[0-9]{3}/)*[0-9]{3}")
_WIDTH: Final = re.compile(r"[1-9][0-9]{0,2}")


class Tile(Struct, frozen=True, order=True):
    """A tile: 256 hashes of one level, side by side."""

    level: int
    index: int

    def width(self, size: int) -> int:
        """How many hashes of it a tree of this size has: 0 to 256."""
        return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * self.level)) - self.index * TILE_WIDTH))


class AskedTile(Struct, frozen=True):
    """What a path asks for: the first `width` hashes of a tile, or the entries under one of level 0."""

    tile: Tile
    width: int
    is_entries: bool


class Hashes(Struct, frozen=True):
    """Hashes of one tile, one after another, from the place `offset` in it."""

    tile: Tile
    offset: int
    hashes: bytes


class Place(Struct, frozen=True):
    """Where the hashes stand whose root a subtree has: the bytes of a tile from `start` up to, not including, `end`."""

    tile: Tile
    start: int
    end: int


def tile_path(tile: Tile, width: int = TILE_WIDTH, *, is_entries: bool = False) -> str:
    """The path under the prefix of a log: `tile/0/x001/234.p/5`."""
    groups: list[str] = []
    rest = tile.index
    while True:
        rest, group = divmod(rest, 1000)
        groups.append(f"x{group:03}" if groups else f"{group:03}")
        if not rest:
            break
    kind = ENTRIES if is_entries else str(tile.level)
    return f"tile/{kind}/{'/'.join(reversed(groups))}{'' if width == TILE_WIDTH else f'.p/{width}'}"


def asked_tile(level: str, place: str) -> AskedTile | None:
    """What the path `tile/<level>/<place>` asks for; none if no tile is written so."""
    is_entries = level == ENTRIES
    if not is_entries and (not _LEVEL.fullmatch(level) or int(level) >= LEVELS):
        return None
    index, has_width, text = place.partition(".p/")
    if not _INDEX.fullmatch(index) or (has_width and not _WIDTH.fullmatch(text)):
        return None
    groups = index.replace("x", "").split("/")
    width = int(text) if has_width else TILE_WIDTH
    is_padded = len(groups) > 1 and groups[0] == "000"
    if is_padded or len(groups) > INDEX_PARTS_MAX or (has_width and width >= TILE_WIDTH):
        return None
    return AskedTile(Tile(0 if is_entries else int(level), int("".join(groups))), width, is_entries)


def entry_bundle(entries: bytes) -> bytes:
    """Entries as a bundle: each after its length."""
    return b"".join(_ENTRY_LENGTH + entry for entry in split(entries))


def place_of(subtree: Subtree) -> Place:
    """Where the hashes of a subtree stand."""
    level, above = divmod(subtree.height, TILE_HEIGHT)
    index, offset = divmod(subtree.index << above, TILE_WIDTH)
    return Place(Tile(level, index), offset * HASH_BYTES, (offset + (1 << above)) * HASH_BYTES)


def tiles_of(ranges: Iterable[Range]) -> set[Tile]:
    """The tiles from which the roots of these ranges are computed."""
    return {place_of(subtree).tile for part in ranges for subtree in cover(*part)}


def roots_of(ranges: Iterable[Range], tiles: Mapping[Tile, bytes]) -> list[bytes]:
    """The root of each range, as a proof has it; `tiles` are those of `tiles_of`, as far as the tree has them.

    Raises KeyError for a tile that is missing, and ValueError for one that is too short.
    """
    hash_of = _reader(tiles)
    return [root_of_range(part, hash_of) for part in ranges]


def edge_tiles(size: int) -> Iterator[Tile]:
    """The partial tiles of a tree of this size, from level 0 upward."""
    level = 0
    while size >> (TILE_HEIGHT * level):
        if (size >> (TILE_HEIGHT * level)) % TILE_WIDTH:
            yield Tile(level, size >> (TILE_HEIGHT * (level + 1)))
        level += 1


class Edge:
    """The right edge of a tree: what is needed to grow it, and to know its root."""

    def __init__(self, size: int, tiles: Mapping[Tile, bytes]) -> None:
        """`tiles` are those of `edge_tiles`, that of level 0 as leaf hashes. Raises KeyError and ValueError as
        `roots_of`."""
        self.size = size
        self._levels: list[list[bytes]] = [[] for _ in range(LEVELS)]
        for tile in edge_tiles(size):
            self._levels[tile.level] = split(_first(tiles[tile], tile.width(size)))

    def root(self) -> bytes:
        """The root of the whole tree."""
        root: bytes | None = None
        for hashes in self._levels:
            if hashes:
                root = root_of(hashes if root is None else [*hashes, root])
        return EMPTY_ROOT if root is None else root

    def grow(self, entries: bytes) -> list[Hashes]:
        """Append entries; what each tile gets by that, once for a tile, those of level 0 as entries."""
        grown: dict[Tile, Hashes] = {}
        for start, end in _parts(self.size, len(entries) // HASH_BYTES):
            part = entries[start * HASH_BYTES : end * HASH_BYTES]
            tile = Tile(0, self.size // TILE_WIDTH)
            grown[tile] = Hashes(tile, self.size % TILE_WIDTH, part)
            self.size += end - start
            self._push(0, leaf_hashes(part), grown)
        return list(grown.values())

    def copy(self) -> "Edge":
        """The same edge, which grows by itself."""
        edge = Edge(0, {})
        edge.size = self.size
        edge._levels = [list(hashes) for hashes in self._levels]
        return edge

    def hashes(self, tile: Tile) -> bytes:
        """The hashes of a tile of `edge_tiles`, those of level 0 as leaf hashes."""
        return b"".join(self._levels[tile.level])

    def _push(self, level: int, hashes: list[bytes], grown: dict[Tile, Hashes]) -> None:
        """Put hashes into the partial tile of a level; one that is full by that becomes a hash of the level above."""
        self._levels[level] += hashes
        if len(self._levels[level]) == TILE_WIDTH:
            root = root_of(self._levels[level])
            self._levels[level] = []
            index, offset = divmod((self.size >> (TILE_HEIGHT * (level + 1))) - 1, TILE_WIDTH)
            tile = Tile(level + 1, index)
            there = grown.get(tile) or Hashes(tile, offset, b"")
            grown[tile] = Hashes(tile, there.offset, there.hashes + root)
            self._push(level + 1, [root], grown)


def _parts(size: int, count: int) -> Iterator[Range]:
    """`count` entries after the first `size`, cut where a tile is full."""
    start = 0
    while start < count:
        end = min(count, start + TILE_WIDTH - (size + start) % TILE_WIDTH)
        yield start, end
        start = end


def _reader(tiles: Mapping[Tile, bytes]) -> HashOf:
    def hash_of(subtree: Subtree) -> bytes:
        place = place_of(subtree)
        return root_of(split(_first(tiles[place.tile], place.end // HASH_BYTES)[place.start :]))

    return hash_of


def _first(hashes: bytes, count: int) -> bytes:
    """Raises ValueError if there are fewer."""
    if len(hashes) < count * HASH_BYTES:
        raise ValueError(f"a tile has {len(hashes)} bytes, and {count} hashes are needed")
    return hashes[: count * HASH_BYTES]
