"""The formats of all series, found by how they begin (CONTRACT.md D87)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from schemas.number_formats import can_print_the_same
from schemas.values import DocumentType, FirmId, Mode, SeriesId

TypeKey = tuple[FirmId, Mode, DocumentType]
"""The document type of a partition: formats of two of them never meet."""

_Entry = tuple[str, str, SeriesId]
"""The text of a format before its first placeholder, the format, and its series."""


RECENT_MAX: Final = 256
"""How many formats a look compares one by one before it sorts them in."""


class _OfType:
    """The formats of one key. `put` is for a fold, so it does not sort; a look sorts what has come in numbers."""

    __slots__ = ("_ordered", "recent")

    def __init__(self) -> None:
        self._ordered: list[_Entry] = []
        self.recent: list[_Entry] = []

    def near(self, beginning: str) -> Iterator[_Entry]:
        """The formats whose beginning begins this one, or is begun by it."""
        if len(self.recent) > RECENT_MAX:
            self._ordered += self.recent
            self._ordered.sort()
            self.recent.clear()
        for length in range(len(beginning)):
            yield from self._from(beginning[:length], is_whole=True)
        yield from self._from(beginning, is_whole=False)
        yield from (each for each in self.recent if each[0].startswith(beginning) or beginning.startswith(each[0]))

    def all(self) -> list[_Entry]:
        """All of them, in order."""
        return sorted(self._ordered + self.recent)

    def _from(self, beginning: str, *, is_whole: bool) -> Iterator[_Entry]:
        for place in range(bisect_left(self._ordered, (beginning,)), len(self._ordered)):
            entry = self._ordered[place]
            if entry[0] != beginning if is_whole else not entry[0].startswith(beginning):
                return
            yield entry


class Formats:
    """The formats of each document type, in order of their beginnings; a layer over others, if `below` is given.

    Two formats can print the same only if one of these beginnings begins the other. So few are compared, unless many
    begin with a placeholder.
    """

    __slots__ = ("_below", "_of")

    def __init__(self, below: Formats | None = None) -> None:
        self._below = below
        self._of: dict[TypeKey, _OfType] = {}

    def __eq__(self, other: object) -> bool:
        """Whether the same formats are in both, apart from those below."""
        return isinstance(other, Formats) and self._entries() == other._entries()

    __hash__ = None  # type: ignore[assignment]  # it changes

    def put(self, key: TypeKey, number_format: str, series_id: SeriesId) -> None:
        """Add the format of a new series."""
        of_type = self._of.get(key)
        if of_type is None:
            of_type = self._of[key] = _OfType()
        of_type.recent.append((_beginning(number_format), number_format, series_id))

    def take_over(self, layer: Formats) -> None:
        """Add what a layer over these has of its own."""
        for key, entries in layer._entries().items():
            self._of.setdefault(key, _OfType()).recent.extend(entries)

    def lie_over(self, below: Formats) -> None:
        """Be a layer over others, which are the same as those below until now."""
        self._below = below

    def copy(self) -> Formats:
        """The same formats, apart from those below."""
        copied = Formats()
        copied.take_over(self)
        return copied

    def that_meet(self, key: TypeKey, number_format: str) -> Iterator[SeriesId]:
        """The series that could print a text which `number_format` can print as well."""
        if self._below is not None:
            yield from self._below.that_meet(key, number_format)
        of_type = self._of.get(key)
        for _, other, series_id in of_type.near(_beginning(number_format)) if of_type else ():
            if can_print_the_same(number_format, other):
                yield series_id

    def _entries(self) -> dict[TypeKey, list[_Entry]]:
        return {key: of_type.all() for key, of_type in self._of.items()}


def _beginning(number_format: str) -> str:
    return number_format.partition("{")[0]
