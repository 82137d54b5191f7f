"""The formats of all series, found by how they begin (CONTRACT.md D87)."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

from schemas.number_formats import can_print_the_same
from schemas.values import DocumentType, FirmId, Mode, SeriesId

TypeKey = tuple[FirmId, Mode, DocumentType]
"""The document type of a partition: formats of two of them never meet."""

_Entry = tuple[str, str, SeriesId]
"""The text of a format before its first placeholder, the format, and its series."""


class Formats:
    """The formats of each document type, in order of their beginnings; a layer over others, if `below` is given.

    Two formats can print the same only if one of these beginnings begins the other. So few are compared, unless many
    begin with a placeholder.
    """

    __slots__ = ("_below", "_of")

    def __init__(self, below: Formats | None = None) -> None:
        self._below = below
        self._of: dict[TypeKey, list[_Entry]] = {}

    def __eq__(self, other: object) -> bool:
        """Whether the same formats are in both, apart from those below."""
        return isinstance(other, Formats) and self._of == other._of

    __hash__ = None  # type: ignore[assignment]  # it changes

    def put(self, key: TypeKey, number_format: str, series_id: SeriesId) -> None:
        """Add the format of a new series."""
        insort(self._of.setdefault(key, []), _entry(number_format, series_id))

    def put_all(self, key: TypeKey, formats: Iterable[tuple[str, SeriesId]]) -> None:
        """Add the formats of many series, sorted once."""
        entries = self._of.setdefault(key, [])
        entries.extend(_entry(*each) for each in formats)
        entries.sort()

    def take_over(self, layer: Formats) -> None:
        """Add what a layer over these has of its own."""
        for key, entries in layer._of.items():
            for entry in entries:
                insort(self._of.setdefault(key, []), entry)

    def copy(self) -> Formats:
        """The same formats, apart from those below."""
        copied = Formats()
        copied._of = {key: [*entries] for key, entries in self._of.items()}
        return copied

    def that_meet(self, key: TypeKey, number_format: str) -> Iterator[SeriesId]:
        """The series that could print a text which `number_format` can print as well."""
        if self._below is not None:
            yield from self._below.that_meet(key, number_format)
        for _, other, series_id in self._near(self._of.get(key, []), _beginning(number_format)):
            if can_print_the_same(number_format, other):
                yield series_id

    def _near(self, entries: list[_Entry], beginning: str) -> Iterator[_Entry]:
        for length in range(len(beginning)):
            shorter = beginning[:length]
            for place in range(bisect_left(entries, (shorter,)), len(entries)):
                if entries[place][0] != shorter:
                    break
                yield entries[place]
        for place in range(bisect_left(entries, (beginning,)), len(entries)):
            if not entries[place][0].startswith(beginning):
                break
            yield entries[place]


def _entry(number_format: str, series_id: SeriesId) -> _Entry:
    return _beginning(number_format), number_format, series_id


def _beginning(number_format: str) -> str:
    return number_format.partition("{")[0]
