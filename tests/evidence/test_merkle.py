"""The tree against the vectors of RFC 6962, a naive reading of its text, and another author's library."""

import hashlib
from collections.abc import Sequence

import metamorphic_log  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.evidence.merkle import (
    EMPTY_ROOT,
    Subtree,
    consistency_ranges,
    cover,
    inclusion_ranges,
    is_consistent,
    is_included,
    leaf_hash,
    root_of,
    root_of_range,
)
from tests.support.evidence.reference import audit_path, consistency_proof, tree_hash

ALL = 70
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The test data of certificate-transparency, which RFC 6962's authors published with it."""


def an_entry(index: int) -> bytes:
    return hashlib.sha256(index.to_bytes(8, "big")).digest()


ENTRIES = [an_entry(index) for index in range(ALL)]


def proof_of(ranges: Sequence[tuple[int, int]], entries: list[bytes]) -> list[bytes]:
    def hash_of(subtree: Subtree) -> bytes:
        return tree_hash(entries[subtree.start : subtree.start + (1 << subtree.height)])

    return [root_of_range(part, hash_of) for part in ranges]


@pytest.mark.parametrize("size", range(len(CT_ROOTS)))
def test_the_roots_are_those_of_certificate_transparency(size: int) -> None:
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in CT_LEAVES[:size]]
    assert root_of(leaves).hex() == CT_ROOTS[size]


def test_the_root_of_each_small_tree_is_that_of_the_text() -> None:
    hashes = [leaf_hash(entry) for entry in ENTRIES]
    assert [root_of(hashes[:size]) for size in range(ALL)] == [tree_hash(ENTRIES[:size]) for size in range(ALL)]


def test_every_inclusion_proof_of_every_small_tree_holds_for_everybody() -> None:
    for size in range(1, ALL):
        root = tree_hash(ENTRIES[:size])
        for index in range(size):
            proof = proof_of(inclusion_ranges(index, size), ENTRIES)
            assert proof == audit_path(index, ENTRIES[:size])
            assert is_included(ENTRIES[index], index, size, proof, root)
            metamorphic_log.verify_inclusion(index, size, leaf_hash(ENTRIES[index]), proof, root)


def test_every_consistency_proof_of_every_small_tree_holds_for_everybody() -> None:
    for new in range(1, ALL):
        new_root = tree_hash(ENTRIES[:new])
        for old in range(1, new + 1):
            old_root = tree_hash(ENTRIES[:old])
            proof = proof_of(consistency_ranges(old, new), ENTRIES)
            assert proof == consistency_proof(old, ENTRIES[:new])
            assert is_consistent(old, new, proof, old_root, new_root)
            metamorphic_log.verify_consistency(old, new, proof, old_root, new_root)


def test_any_tree_continues_the_empty_one() -> None:
    assert is_consistent(0, 5, [], EMPTY_ROOT, tree_hash(ENTRIES[:5]))
    assert not is_consistent(0, 5, [], an_entry(0), tree_hash(ENTRIES[:5]))


@given(st.integers(1, ALL - 1), st.data())
def test_a_wrong_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root = tree_hash(ENTRIES[:size])
    proof = proof_of(inclusion_ranges(index, size), ENTRIES)
    assert not is_included(an_entry(ALL), index, size, proof, root)
    assert not is_included(ENTRIES[index], index, size, [*proof, an_entry(0)], root)
    other = data.draw(st.integers(0, size + 2).filter(lambda found: found != index))
    assert not is_included(ENTRIES[index], other, size, proof, root)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not is_included(ENTRIES[index], index, size, proof[:at] + proof[at + 1 :], root)
        assert not is_included(ENTRIES[index], index, size, [*proof[:at], an_entry(ALL), *proof[at + 1 :]], root)


@given(st.integers(2, ALL - 1), st.data())
def test_a_fork_is_never_consistent(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new - 1))
    changed = data.draw(st.integers(0, old - 1))
    forked = [*ENTRIES[:changed], an_entry(ALL), *ENTRIES[changed + 1 : new]]
    old_root, new_root = tree_hash(ENTRIES[:old]), tree_hash(forked)
    for proof in (proof_of(consistency_ranges(old, new), ENTRIES), proof_of(consistency_ranges(old, new), forked), []):
        assert not is_consistent(old, new, proof, old_root, new_root)


@given(st.integers(1, 1 << 60), st.data())
def test_a_cover_is_whole_and_the_largest_that_fits(end: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, end))
    at = start
    for subtree in cover(start, end):
        assert subtree.start == at
        at += 1 << subtree.height
        is_aligned_above = subtree.start % (2 << subtree.height) == 0
        assert not (is_aligned_above and subtree.start + (2 << subtree.height) <= end)
    assert at == end


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 3)])
def test_a_leaf_that_is_not_there_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_ranges(index, size)
    assert not is_included(an_entry(0), index, size, [], leaf_hash(an_entry(0)))


def test_no_tree_continues_a_larger_one() -> None:
    with pytest.raises(ValueError, match="no tree"):
        consistency_ranges(6, 5)
    assert not is_consistent(6, 5, [], EMPTY_ROOT, EMPTY_ROOT)
