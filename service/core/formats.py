"""The formats of the series of one document type, found by how they begin (CONTRACT.md D87)."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from schemas.number_formats import can_print_the_same
from schemas.values import SeriesId
from service.core.sorted_map import SortedMap


class Formats(Struct, frozen=True):
    """An immutable value: each format and its series, by the text of the format before its first placeholder.

    Two formats can print the same only if one of these beginnings begins the other. So few are compared, unless many
    begin with a placeholder.
    """

    by_beginning: SortedMap[str, tuple[tuple[str, SeriesId], ...]] = SortedMap()

    def put(self, number_format: str, series_id: SeriesId) -> Formats:
        """These formats and the one of a new series."""
        beginning = _beginning(number_format)
        return Formats(self.by_beginning.put(beginning, (*self._at(beginning), (number_format, series_id))))

    def that_meet(self, number_format: str) -> Iterator[SeriesId]:
        """The series that could print a text which `number_format` can print as well."""
        return (
            series_id
            for formats in self._near(_beginning(number_format))
            for other, series_id in formats
            if can_print_the_same(number_format, other)
        )

    def _near(self, beginning: str) -> Iterator[tuple[tuple[str, SeriesId], ...]]:
        for length in range(len(beginning) + 1):
            yield self._at(beginning[:length])
        for longer, formats in self.by_beginning.items_above(beginning):
            if not longer.startswith(beginning):
                return
            yield formats

    def _at(self, beginning: str) -> tuple[tuple[str, SeriesId], ...]:
        found = self.by_beginning.at_or_below(beginning)
        return found[1] if found is not None and found[0] == beginning else ()


def _beginning(number_format: str) -> str:
    return number_format.partition("{")[0]
