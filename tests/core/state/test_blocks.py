"""Blocks with pending numbers, compared with a plain dictionary: look up, walk through, remove."""

from functools import reduce
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.values import Number, Position, UnixSeconds
from service.core.state.blocks import SHELF_WIDTH, Block, Blocks

COUNTS = st.lists(st.sampled_from([1, 2, 50, SHELF_WIDTH - 1, SHELF_WIDTH, SHELF_WIDTH + 1, 1000]), max_size=30)


def a_block(position: int, first: int, count: int) -> Block:
    """A block of `count` numbers, all pending."""
    last = Number(first + count - 1)
    pending = (1 << count) - 1
    return Block(Position(position), Number(first), last, None, UnixSeconds(1), UnixSeconds(2), None, pending)


def in_a_row(counts: list[int], first: int) -> list[Block]:
    """Blocks one after the other, beginning at the number `first`."""
    found: list[Block] = []
    for position, count in enumerate(counts, start=1):
        found.append(a_block(position, first, count))
        first += count
    return found


@given(COUNTS, st.integers(1, 2 * SHELF_WIDTH), st.randoms())
def test_blocks_are_found_by_their_numbers_until_they_are_gone(counts: list[int], first: int, chance: Random) -> None:
    left = {block.position: block for block in in_a_row(counts, first)}
    blocks = reduce(Blocks.put, left.values(), Blocks())
    for block in chance.sample(list(left.values()), len(left)):
        for number in {block.first, block.last, Number((block.first + block.last) // 2)}:
            assert blocks.holding(number) == block
        fewer = replace(block, pending=block.pending & ~1)
        blocks = blocks.put(fewer)
        left[block.position] = fewer
        assert {each.position: each for each in blocks.values()} == left
        assert len(list(blocks.values())) == len(left), "each once"
        blocks = blocks.without(fewer)
        del left[block.position]
        assert blocks.holding(block.first) is blocks.holding(block.last) is None
    assert blocks == Blocks()
