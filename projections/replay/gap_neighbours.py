"""The documents nearest to a gap, found in one pass over gaps and documents (CONTRACT.md D113)."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from schemas.api.reports import Gap, Neighbour
from schemas.values import NUMBER_MAX


class Stretch(Struct, frozen=True, gc=False):
    """The numbers between two gaps that do not touch, both bounds exclusive. All that ended there carry documents."""

    after: int
    before: int


class Ends(Struct, frozen=True, gc=False):
    """The documents with the lowest and the highest number of a stretch; none in one without documents."""

    lowest: Neighbour | None
    highest: Neighbour | None


def stretches(gaps: Iterable[Gap]) -> list[Stretch]:
    """The stretches before, between and after these gaps, which come in the order of their numbers."""
    found, after = list[Stretch](), 0
    for gap in gaps:
        if gap.first > after + 1 or not found:
            found.append(Stretch(after, gap.first))
        after = gap.last
    return [*found, Stretch(after, NUMBER_MAX + 1)]


def ends_of(documents: Iterable[Neighbour], between: Iterable[Stretch]) -> Iterator[Ends]:
    """The ends of each stretch; documents and stretches come in the order of their numbers."""
    waiting = iter(documents)
    document = next(waiting, None)
    for stretch in between:
        lowest = highest = None
        while document is not None and document.number < stretch.before:
            if document.number > stretch.after:
                lowest, highest = lowest or document, document
            document = next(waiting, None)
        yield Ends(lowest, highest)


def with_neighbours(gaps: Sequence[Gap], ends: Sequence[Ends]) -> list[Gap]:
    """The gaps, in the order of their numbers, each with its neighbours; `ends` are those of their stretches."""
    below = list[Neighbour | None]()
    for each in ends:
        below.append(each.highest or (below[-1] if below else None))
    above = list[Neighbour | None]()
    for each in reversed(ends):
        above.append(each.lowest or (above[-1] if above else None))
    above.reverse()
    found, place, after = list[Gap](), -1, 0
    for gap in gaps:
        if gap.first > after + 1 or place < 0:
            place += 1
        found.append(replace(gap, below=below[place], above=above[place + 1]))
        after = gap.last
    return found
