"""Sets of numbers as ranges, compared with plain sets."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import Number, NumberRange
from service.core.ranges import Ranges, has, with_range, without

LAST = 40
PIECES = st.lists(st.tuples(st.integers(1, LAST), st.integers(0, 5)), max_size=12)


def built(pieces: list[tuple[int, int]]) -> tuple[Ranges, set[int]]:
    """The pieces that do not overlap an earlier one, as ranges and as a set."""
    ranges: Ranges = ()
    numbers = set[int]()
    for first, more in pieces:
        new = set(range(first, first + more + 1))
        if not new & numbers:
            ranges = with_range(ranges, NumberRange(Number(first), Number(first + more)))
            numbers |= new
    return ranges, numbers


def is_canonical(ranges: Ranges) -> bool:
    return all(item.first <= item.last for item in ranges) and all(
        left.last + 1 < right.first for left, right in pairwise(ranges)
    )


@given(PIECES)
def test_ranges_hold_what_was_put_in_and_are_as_few_as_can_be(pieces: list[tuple[int, int]]) -> None:
    ranges, numbers = built(pieces)
    assert {n for n in range(LAST + 9) if has(ranges, Number(n))} == numbers
    assert sum(len(item) for item in ranges) == len(numbers)
    assert is_canonical(ranges)


@given(PIECES)
def test_what_is_taken_out_is_out_and_nothing_else(pieces: list[tuple[int, int]]) -> None:
    ranges, numbers = built(pieces)
    for number in sorted(numbers):
        left = without(ranges, Number(number))
        assert {n for n in range(LAST + 9) if has(left, Number(n))} == numbers - {number}
        assert is_canonical(left)
        assert with_range(left, NumberRange(Number(number), Number(number))) == ranges


@given(PIECES, st.integers(1, LAST))
def test_a_number_ends_once(pieces: list[tuple[int, int]], number: int) -> None:
    ranges, numbers = built(pieces)
    if number in numbers:
        with pytest.raises(AssertionError, match="cannot end twice"):
            with_range(ranges, NumberRange(Number(number), Number(number)))
    else:
        with pytest.raises(AssertionError, match="is in the set"):
            without(ranges, Number(number))


@given(PIECES, st.integers(1, LAST), st.integers(1, 6))
def test_a_range_that_touches_a_number_of_the_set_is_refused(
    pieces: list[tuple[int, int]], first: int, more: int
) -> None:
    ranges, numbers = built(pieces)
    if numbers & set(range(first, first + more + 1)):
        with pytest.raises(AssertionError, match="cannot end twice"):
            with_range(ranges, NumberRange(Number(first), Number(first + more)))
