"""Tiles: their paths, what grows, and that roots and proofs come out of them right at every size."""

import hashlib
from functools import cached_property
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.evidence.merkle import consistency_ranges, inclusion_ranges, is_consistent, is_included, leaf_hashes
from service.evidence.merkle import root_of as tree_root
from service.evidence.tiles import (
    AskedTile,
    Edge,
    Tile,
    asked_tile,
    edge_tiles,
    entry_bundle,
    roots_of,
    tile_path,
    tiles_of,
)
from tests.support.evidence.reference import audit_path

MANY = 66_000
"""More than 256 tiles, so that level 2 has a hash."""

ENTRIES = b"".join(hashlib.sha256(index.to_bytes(8, "big")).digest() for index in range(MANY))


class Kept:
    """Tiles as a store keeps them: each only grows."""

    def __init__(self) -> None:
        self.tiles: dict[Tile, bytes] = {}
        self.edge = Edge(0, {})

    def grow(self, to: int) -> None:
        for hashes in self.edge.grow(ENTRIES[self.edge.size * 32 : to * 32]):
            there = self.tiles.get(hashes.tile, b"")
            assert len(there) == hashes.offset * 32, "hashes follow what is there"
            self.tiles[hashes.tile] = there + hashes.hashes

    @cached_property
    def shown(self) -> dict[Tile, bytes]:
        """With leaf hashes in level 0, as they are served."""
        return {tile: hashes if tile.level else b"".join(leaf_hashes(hashes)) for tile, hashes in self.tiles.items()}


@pytest.fixture(scope="module")
def large() -> Kept:
    kept = Kept()
    for size in (1, 5, 255, 256, 257, 511, 1024, 40_000, 65_536, MANY):
        kept.grow(size)
    return kept


@pytest.mark.parametrize(
    ("tile", "width", "path"),
    [
        (Tile(0, 0), 256, "tile/0/000"),
        (Tile(0, 1234067), 256, "tile/0/x001/x234/067"),
        (Tile(2, 1000), 17, "tile/2/x001/000.p/17"),
        (Tile(7, 999), 1, "tile/7/999.p/1"),
    ],
)
def test_a_path_is_written_and_read_as_c2sp_says(tile: Tile, width: int, path: str) -> None:
    assert tile_path(tile, width) == path
    assert asked_tile(*path.split("/", 2)[1:]) == AskedTile(tile, width, is_entries=False)


@pytest.mark.parametrize(
    "path",
    ["00/000", "8/000", "64/000", "-1/000", "0/0", "0/00", "0/1000", "0/x000/001", "0/x001", "0/000/001", "0/000.p/0",
     "0/000.p/256", "0/000.p/01", "0/000.p/", "0/000.p/1/2", "0/x1/000", "Entries/000", "0/\u0661\u0661\u0661",
     "0/x001/x001/x001/x001/x001/x001/001"],
)  # fmt: skip
def test_what_is_no_path_of_a_tile_asks_for_none(path: str) -> None:
    assert asked_tile(*path.split("/", 1)) is None


@given(st.integers(0, 999_999_999_999), st.integers(1, 256))
def test_every_path_is_read_back(index: int, width: int) -> None:
    path = tile_path(Tile(0, index), width, is_entries=True)
    assert asked_tile(*path.split("/", 2)[1:]) == AskedTile(Tile(0, index), width, is_entries=True)


def test_the_example_of_c2sp_has_its_tiles() -> None:
    size = 70_000
    assert list(edge_tiles(size)) == [Tile(0, 273), Tile(1, 1), Tile(2, 0)]
    assert [tile.width(size) for tile in edge_tiles(size)] == [112, 17, 1]
    assert list(edge_tiles(256)) == [Tile(1, 0)]
    assert Tile(0, 272).width(size) == 256
    assert Tile(0, 274).width(size) == 0


def test_the_tiles_are_those_of_the_text(large: Kept) -> None:
    leaves = leaf_hashes(ENTRIES)
    shown = large.shown
    assert shown[Tile(0, 3)] == b"".join(leaves[768:1024])
    assert shown[Tile(1, 0)][:64] == tree_root(leaves[:256]) + tree_root(leaves[256:512])
    assert shown[Tile(2, 0)] == tree_root(leaves[:65_536])
    assert sorted(shown) == sorted([Tile(0, n) for n in range(MANY // 256 + 1)] + [Tile(1, 0), Tile(1, 1), Tile(2, 0)])


def test_however_a_tree_grew_its_root_is_the_same() -> None:
    leaves = leaf_hashes(ENTRIES[: 1300 * 32])
    stepwise, tiles = Kept(), Kept()
    for size in range(1, 1300):
        stepwise.grow(size)
        assert stepwise.edge.root() == tree_root(leaves[:size])
    tiles.grow(1299)
    assert tiles.tiles == stepwise.tiles


def test_an_edge_that_is_read_again_goes_on_as_before(large: Kept) -> None:
    for before, after in pairwise([1, 255, 256, 300, 65_535, 65_536, 65_792, MANY]):
        edge = Edge(before, large.shown)
        assert edge.root() == tree_root(leaf_hashes(ENTRIES[: before * 32]))
        edge.grow(ENTRIES[before * 32 : after * 32])
        assert edge.root() == tree_root(leaf_hashes(ENTRIES[: after * 32]))


@given(st.integers(1, MANY), st.data())
def test_proofs_come_out_of_the_tiles(large: Kept, size: int, data: st.DataObject) -> None:
    shown = large.shown
    root = Edge(size, shown).root()
    index = data.draw(st.integers(0, size - 1))
    ranges = inclusion_ranges(index, size)
    needed = {tile: shown[tile][: tile.width(size) * 32] for tile in tiles_of(ranges)}
    assert is_included(ENTRIES[index * 32 : index * 32 + 32], index, size, roots_of(ranges, needed), root)
    old = data.draw(st.integers(1, size))
    proof = roots_of(consistency_ranges(old, size), shown)
    assert is_consistent(old, size, proof, Edge(old, shown).root(), root)


def test_a_proof_across_tiles_is_that_of_the_text(large: Kept) -> None:
    size = 700
    entries = [ENTRIES[at : at + 32] for at in range(0, size * 32, 32)]
    for index in (0, 255, 256, 511, 512, 699):
        assert roots_of(inclusion_ranges(index, size), large.shown) == audit_path(index, entries)


def test_a_tile_that_is_missing_or_short_is_no_proof(large: Kept) -> None:
    with pytest.raises(KeyError):
        Edge(300, {})
    with pytest.raises(ValueError, match="are needed"):
        Edge(300, {**large.shown, Tile(1, 0): b""})


def test_a_bundle_has_each_entry_after_its_length() -> None:
    assert entry_bundle(ENTRIES[:64]) == b"\x00\x20" + ENTRIES[:32] + b"\x00\x20" + ENTRIES[32:64]
