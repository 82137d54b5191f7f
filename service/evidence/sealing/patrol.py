"""The patrol: looks again at what was sealed long ago, one tile after another, and begins again at the first."""

from schemas.values import Position
from service.evidence.merkle import HASH_BYTES, root_of, split
from service.evidence.sealing.store import EvidenceStore, shown
from service.evidence.sealing.tree import EventNotSealedError, EvidenceBrokenError, Tree, first_that_differs, last_tile
from service.evidence.tiles import TILE_WIDTH, Tile, edge_tiles


class Patrol:
    """Hashes the records of one tile again, and follows the tile up to the edge of the signed tree."""

    def __init__(self, store: EvidenceStore) -> None:
        self._store = store
        self._next = 0

    async def look(self, tree: Tree) -> None:
        """Look at the next tile, if there is one. Raises EvidenceBrokenError and LogUnavailableError."""
        if not tree.edge.size:
            return
        count = last_tile(tree.edge.size).index + 1
        index = self._next if self._next < count else 0
        await self.look_at(tree, index)
        self._next = index + 1

    async def look_at(self, tree: Tree, index: int) -> None:
        """Look at one tile of level 0. Raises as `look`."""
        path = _path(tree, index)
        stored = await self._store.stored(path)
        start, width = index * TILE_WIDTH, path[0].width(tree.edge.size)
        found = await self._store.entries(Position(start), Position(start + width))
        sealed = stored.get(path[0], b"")[: width * HASH_BYTES]
        if found.entries != sealed or not found.are_whole:
            raise EventNotSealedError(first_that_differs(start, sealed, found.entries))
        _require_signed(tree, path, [shown(stored).get(tile, b"") for tile in path])


def _path(tree: Tree, index: int) -> list[Tile]:
    """The tile and those above it, up to the first one that is not full."""
    path = [Tile(0, index)]
    while path[-1].width(tree.edge.size) == TILE_WIDTH:
        path.append(Tile(path[-1].level + 1, path[-1].index // TILE_WIDTH))
    return path


def _require_signed(tree: Tree, path: list[Tile], hashes: list[bytes]) -> None:
    """Return if each full tile is a hash of the one above it, and the last one is of the edge that was signed."""
    for below, above, tile in zip(hashes, hashes[1:], path, strict=False):
        at = tile.index % TILE_WIDTH * HASH_BYTES
        if root_of(split(below)) != above[at : at + HASH_BYTES]:
            raise EvidenceBrokenError(f"tile {tile.index} of level {tile.level} is not the one that was signed")
    last = path[-1]
    width = last.width(tree.edge.size)
    if last in edge_tiles(tree.edge.size) and hashes[-1][: width * HASH_BYTES] != tree.edge.hashes(last):
        raise EvidenceBrokenError(f"tile {last.index} of level {last.level} is not the one that was signed")
