"""Sets of numbers as ranges, compared with plain sets."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import Number, NumberRange
from service.core.state import sorted_map as sorted_maps
from service.core.state.ranges import Ranges, ranges_of
from service.core.state.sorted_map import SHELF_WIDTH, SortedMap, sorted_map

LAST = 40
PIECES = st.lists(st.tuples(st.integers(1, LAST), st.integers(0, 5)), max_size=12)


def built(pieces: list[tuple[int, int]]) -> tuple[Ranges, set[int]]:
    """The pieces that do not overlap an earlier one, as ranges and as a set."""
    ranges = Ranges()
    numbers = set[int]()
    for first, more in pieces:
        new = set(range(first, first + more + 1))
        if not new & numbers:
            ranges = ranges.put(NumberRange(Number(first), Number(first + more)))
            numbers |= new
    return ranges, numbers


def is_canonical(ranges: Ranges) -> bool:
    return all(item.first <= item.last for item in ranges) and all(
        left.last + 1 < right.first for left, right in pairwise(ranges)
    )


@given(PIECES)
def test_ranges_hold_what_was_put_in_and_are_as_few_as_can_be(pieces: list[tuple[int, int]]) -> None:
    ranges, numbers = built(pieces)
    assert {n for n in range(LAST + 9) if Number(n) in ranges} == numbers
    assert sum(len(item) for item in ranges) == ranges.count == len(numbers)
    assert ranges_of(ranges) == ranges
    assert is_canonical(ranges)


@given(PIECES)
def test_what_is_taken_out_is_out_and_nothing_else(pieces: list[tuple[int, int]]) -> None:
    ranges, numbers = built(pieces)
    for number in sorted(numbers):
        left = ranges.without(Number(number))
        assert {n for n in range(LAST + 9) if Number(n) in left} == numbers - {number}
        assert is_canonical(left)
        assert left.put(NumberRange(Number(number), Number(number))) == ranges


@given(PIECES, st.integers(1, LAST))
def test_a_number_ends_once(pieces: list[tuple[int, int]], number: int) -> None:
    ranges, numbers = built(pieces)
    if number in numbers:
        with pytest.raises(AssertionError, match="cannot end twice"):
            ranges.put(NumberRange(Number(number), Number(number)))
    else:
        with pytest.raises(AssertionError, match="is in the set"):
            ranges.without(Number(number))


@given(PIECES, st.integers(1, LAST), st.integers(1, 6))
def test_a_range_that_touches_a_number_of_the_set_is_refused(
    pieces: list[tuple[int, int]], first: int, more: int
) -> None:
    ranges, numbers = built(pieces)
    if numbers & set(range(first, first + more + 1)):
        with pytest.raises(AssertionError, match="cannot end twice"):
            ranges.put(NumberRange(Number(first), Number(first + more)))


ENTRIES = st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=60)


@given(ENTRIES, st.integers(1, 4))
def test_a_sorted_map_is_a_map_in_order(changes: list[tuple[bool, int]], width: int) -> None:
    """With shelves so narrow that they are split and emptied all the time."""
    found: SortedMap[int, str] = SortedMap()
    plain: dict[int, str] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_maps, "SHELF_WIDTH", width)
        for is_put, key in changes:
            before, kept = found, list(found.items())
            if is_put:
                found, plain[key] = found.put(key, f"{len(plain)}"), f"{len(plain)}"
            elif key in plain:
                found = found.without(key)
                del plain[key]
            assert list(before.items()) == kept, "a map is a value"
        entries = sorted(plain.items())
        assert list(found.items()) == list(sorted_map(plain.items()).items()) == entries
        assert all(1 <= len(keys) <= width for keys in found.keys)
        for key in range(-1, 32):
            assert found.at_or_below(key) == max((each for each in entries if each[0] <= key), default=None)
            assert list(found.items_above(key)) == [each for each in entries if each[0] > key]
            assert found.above(key) == min((each for each in entries if each[0] > key), default=None)


def test_what_comes_in_order_fills_its_shelves() -> None:
    found: SortedMap[int, None] = SortedMap()
    for number in range(3 * SHELF_WIDTH):
        found = found.put(number, None)
    assert [len(keys) for keys in found.keys] == [SHELF_WIDTH] * 3
