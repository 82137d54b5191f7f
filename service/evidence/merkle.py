"""The Merkle tree of RFC 6962 (2.1): its hashes, and proofs that anybody can follow.

A **subtree** is a perfect one: `height` and `index` name the leaves from index * 2**height up to, not including,
(index + 1) * 2**height.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Final

from msgspec import Struct

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256().digest()
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


class Subtree(Struct, frozen=True):
    """A perfect subtree of 2**height leaves."""

    height: int
    index: int

    @property
    def start(self) -> int:
        """The index of its first leaf."""
        return self.index << self.height


Range = tuple[int, int]
"""The leaves from the first index up to, not including, the second."""

HashOf = Callable[[Subtree], bytes]


def entry_of(canonical: bytes) -> bytes:
    """The entry of the record with these canonical bytes."""
    return sha256(canonical).digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(_LEAF + entry).digest()


def leaf_hashes(entries: bytes) -> list[bytes]:
    """The hashes of the leaves of these entries, which stand one after another."""
    return [sha256(_LEAF + entry).digest() for entry in split(entries)]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(_NODE + left + right).digest()


def split(hashes: bytes) -> list[bytes]:
    """Hashes that stand one after another, each by itself."""
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root of a tree with these hashes as leaves, from left to right.

    They may be roots of perfect subtrees of one height, the last one of a smaller tree.
    """
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        rest = level[len(level) & ~1 :]
        pairs = iter(level)
        level = [sha256(_NODE + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
        level += rest
    return level[0]


def cover(start: int, end: int) -> Iterator[Subtree]:
    """The fewest subtrees that are together the leaves from `start` up to `end`, from left to right."""
    while start < end:
        height = (end - start).bit_length() - 1
        if start:
            height = min(height, (start & -start).bit_length() - 1)
        yield Subtree(height, start >> height)
        start += 1 << height


def root_of_range(part: Range, hash_of: HashOf) -> bytes:
    """The root over a range that inclusion and consistency proofs name, whose subtrees fall in height."""
    first, *rest = (hash_of(subtree) for subtree in reversed(list(cover(*part))))
    for left in rest:
        first = node_hash(left, first)
    return first


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The ranges whose roots prove that leaf `index` is in the tree of `size` leaves, in the order of the proof.

    Raises ValueError if it is not in it.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    ranges: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split_of(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The ranges whose roots prove that the tree of `new` leaves continues the one of `old`; none if either is trivial.

    Raises ValueError if `new` is smaller than `old`, or `old` negative.
    """
    if not 0 <= old <= new:
        raise ValueError(f"no tree of {new} continues one of {old}")
    if old in {0, new}:
        return []
    ranges: list[Range] = []
    start, end = 0, new
    while end != old:
        middle = start + _split_of(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        ranges.append((start, end))
    return ranges[::-1]


def is_included(entry: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that `entry` has this index in the tree with this size and root."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf_hash(entry)
    for each in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(each, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, each)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether `proof` shows that the tree of `new` leaves begins with all those of the tree of `old`."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)  # a subtree of the new tree, which the proof leaves out
    if not hashes:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old_found = new_found = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old_found, new_found = node_hash(each, old_found), node_hash(each, new_found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new_found = node_hash(new_found, each)
        at, last = at >> 1, last >> 1
    return last == 0 and old_found == old_root and new_found == new_root


def _split_of(count: int) -> int:
    """The largest power of two that is smaller than `count`, which is 2 or more."""
    return 1 << ((count - 1).bit_length() - 1)
