"""Blocks that have pending numbers, found by any of their numbers: immutable values, cheap to copy."""

from __future__ import annotations  # rpds' maps are generic to type checkers only

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from rpds import HashTrieMap

from schemas.values import DeviceId, Number, NumberRange, Position, TokenNonce, UnixSeconds

SHELF_WIDTH: Final = 128
"""How many numbers lie on one shelf."""


class Block(Struct, frozen=True, gc=False):
    """The numbers of one NumbersReserved; bit i of `pending` is set while first + i has not ended."""

    position: Position
    first: Number
    last: Number
    device_id: DeviceId | None
    reserved_at: UnixSeconds
    expires_at: UnixSeconds
    token_key: str | None
    pending: int
    token_nonce: TokenNonce | None = None

    def is_pending(self, number: Number) -> bool:
        """Whether `number` belongs to this block and has not ended."""
        return self.first <= number <= self.last and bool(self.pending >> (number - self.first) & 1)

    def numbers(self) -> Iterator[Number]:
        """The numbers that have not ended, ascending."""
        return (Number(n) for n in range(self.first, self.last + 1) if self.pending >> (n - self.first) & 1)

    def ranges(self) -> tuple[NumberRange, ...]:
        """The numbers that have not ended, as ranges."""
        found: list[NumberRange] = []
        for number in self.numbers():
            if found and found[-1].last + 1 == number:
                found[-1] = NumberRange(found[-1].first, number)
            else:
                found.append(NumberRange(number, number))
        return tuple(found)


class Blocks(Struct, frozen=True):
    """The unsettled blocks of one series; none shares a number with another.

    A shelf holds, in ascending order, each block that has one of its SHELF_WIDTH numbers. So a look-up reads one shelf,
    and a walk over all blocks takes a step in the map for each shelf, not for each block. A step costs 2.5 us, and all
    requests of the process wait during the walk.
    """

    shelves: HashTrieMap[int, tuple[Block, ...]] = HashTrieMap()

    def holding(self, number: Number) -> Block | None:
        """The block that took `number`, unless all its numbers have ended."""
        shelf = self.shelves.get(number // SHELF_WIDTH, ())
        place = bisect_right(shelf, number, key=_first) - 1
        return shelf[place] if place >= 0 and number <= shelf[place].last else None

    def values(self) -> Iterator[Block]:
        """All the blocks, each once."""
        for index, shelf in self.shelves.items():
            # Only the first block of a shelf can have begun on the shelf before it.
            yield from shelf[shelf[0].first // SHELF_WIDTH != index :]

    def put(self, block: Block) -> Blocks:
        """These blocks and `block`; it replaces the block with the same first number."""
        shelves = self.shelves
        for index in _shelves_of(block):
            shelves = shelves.insert(index, _with(shelves.get(index, ()), block))
        return Blocks(shelves)

    def without(self, block: Block) -> Blocks:
        """These blocks without `block`, which must be one of them."""
        shelves = self.shelves
        for index in _shelves_of(block):
            left = tuple(each for each in shelves[index] if each.first != block.first)
            shelves = shelves.insert(index, left) if left else shelves.remove(index)
        return Blocks(shelves)


def _shelves_of(block: Block) -> range:
    return range(block.first // SHELF_WIDTH, block.last // SHELF_WIDTH + 1)


def _with(shelf: tuple[Block, ...], block: Block) -> tuple[Block, ...]:
    if not shelf or shelf[-1].last < block.first:
        return (*shelf, block)
    place = bisect_left(shelf, block.first, key=_first)
    after = place + 1 if place < len(shelf) and shelf[place].first == block.first else place
    return (*shelf[:place], block, *shelf[after:])


def _first(block: Block) -> Number:
    return block.first
