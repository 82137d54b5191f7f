"""Sets of numbers as ordered ranges that neither overlap nor touch: small while neighbours have the same fate."""

from bisect import bisect_right

from schemas.values import Number, NumberRange

Ranges = tuple[NumberRange, ...]


def has(ranges: Ranges, number: Number) -> bool:
    """Whether `number` is in the set."""
    return range_of(ranges, number) is not None


def range_of(ranges: Ranges, number: Number) -> NumberRange | None:
    """The range of the set that holds `number`; None if it is not in the set."""
    at = bisect_right(ranges, number, key=_first) - 1
    return ranges[at] if at >= 0 and number <= ranges[at].last else None


def with_range(ranges: Ranges, new: NumberRange) -> Ranges:
    """The set and `new`, joined with its neighbours. `new` must not overlap the set."""
    at = bisect_right(ranges, new.first, key=_first)
    before, after = ranges[:at], ranges[at:]
    first, last = new.first, new.last
    assert not before or before[-1].last < first, "a number cannot end twice"
    assert not after or last < after[0].first, "a number cannot end twice"
    if before and before[-1].last + 1 == first:
        first, before = before[-1].first, before[:-1]
    if after and last + 1 == after[0].first:
        last, after = after[0].last, after[1:]
    return (*before, NumberRange(first, last), *after)


def without(ranges: Ranges, number: Number) -> Ranges:
    """The set without `number`, which must be in it."""
    at = bisect_right(ranges, number, key=_first) - 1
    assert at >= 0, "the number is in the set"
    found = ranges[at]
    assert number <= found.last, "the number is in the set"
    left = (NumberRange(found.first, Number(number - 1)),) if found.first < number else ()
    right = (NumberRange(Number(number + 1), found.last),) if number < found.last else ()
    return (*ranges[:at], *left, *right, *ranges[at + 1 :])


def _first(item: NumberRange) -> Number:
    return item.first
