"""Sets of numbers as ranges that neither overlap nor touch: small while neighbours have the same fate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from schemas.values import Number, NumberRange
from service.core.state.sorted_map import SortedMap, sorted_map


class Ranges(Struct, frozen=True):
    """A set of numbers: an immutable value. `lasts` has each range's last number by its first; `count` is exact."""

    lasts: SortedMap[Number, Number] = SortedMap()
    count: int = 0

    def __iter__(self) -> Iterator[NumberRange]:
        """The ranges, ascending."""
        return (NumberRange(first, last) for first, last in self.lasts.items())

    def __contains__(self, number: Number) -> bool:
        """Whether `number` is in the set."""
        found = self.lasts.at_or_below(number)
        return found is not None and number <= found[1]

    def holding(self, number: Number) -> NumberRange | None:
        """The range that holds `number`; None if it is not in the set."""
        found = self.lasts.at_or_below(number)
        return NumberRange(*found) if found is not None and number <= found[1] else None

    def put(self, new: NumberRange) -> Ranges:
        """The set and `new`, joined with its neighbours. `new` must not overlap the set."""
        first, last, lasts = new.first, new.last, self.lasts
        below, above = lasts.at_or_below(first), lasts.above(first)
        assert below is None or below[1] < first, "a number cannot end twice"
        assert above is None or last < above[0], "a number cannot end twice"
        if above is not None and last + 1 == above[0]:
            lasts, last = lasts.without(above[0]), above[1]
        if below is not None and below[1] + 1 == first:
            first = below[0]
        return Ranges(lasts.put(first, last), self.count + len(new))

    def without(self, number: Number) -> Ranges:
        """The set without `number`, which must be in it."""
        found = self.lasts.at_or_below(number)
        assert found is not None, "the number is in the set"
        first, last = found
        assert number <= last, "the number is in the set"
        lasts = self.lasts.put(first, Number(number - 1)) if first < number else self.lasts.without(first)
        if number < last:
            lasts = lasts.put(Number(number + 1), last)
        return Ranges(lasts, self.count - 1)


def ranges_of(items: Iterable[NumberRange]) -> Ranges:
    """The set of ranges that neither overlap nor touch."""
    lasts = sorted_map((item.first, item.last) for item in items)
    return Ranges(lasts, sum(last - first + 1 for first, last in lasts.items()))
