"""A listing as CSV (RFC 4180): `ro` as Romanian spreadsheets open it, `plain` for programs."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import BinaryIO, Final

from schemas.values import UnixSeconds, Word
from service.listings.listing import Cell, Kind, Listing, Row, Where
from service.listings.locale import date_text, moment, time_text
from service.listings.page_facts import page_facts
from service.listings.words import Language
from service.printable import harmless


class Dialect(Word):
    """How CSV is written. Each file says what it is about: `ro` above the table, `plain` below it.

    `ro`: semicolons, decimal commas, dates as 21.11.2026, and a byte order mark, without which ș and ț break.
    `plain`: commas, decimal points, dates and times as ISO 8601; the first line is the head of the table.
    """

    ROMANIAN = "ro"
    PLAIN = "plain"


FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a text that begins so; an apostrophe before it makes it a text again."""

_LIKE_A_NUMBER: Final = re.compile(r"[0-9][0-9 .,/:eE+-]*")
"""What a spreadsheet would make a number or a date of, and lose zeros."""


class CsvWriter:
    """Writes a listing as CSV into `out`, row by row; nothing of it stays in memory."""

    def __init__(self, listing: Listing, out: BinaryIO, dialect: Dialect) -> None:
        self._listing = listing
        self._dialect = dialect
        self._is_plain = dialect is Dialect.PLAIN
        self._out = out
        self._columns = [each for each in listing.columns if each.where is not Where.PAPER]
        self._places = [place for place, each in enumerate(listing.columns) if each.where is not Where.PAPER]
        if not self._is_plain:
            self._out.write("\ufeff".encode())
            self._write([*self._facts(), []])
        self._write([[self._text(each.title) for each in self._columns]])

    def add(self, rows: Iterable[Row]) -> None:
        """Write these rows below those before."""
        self._write(self._cells(row) for row in rows)

    def close(self, totals: Row | None = None) -> None:
        """Write the totals and, in `plain`, what the listing is about."""
        if totals is not None and not self._is_plain:
            self._write([self._cells(totals)])
        if self._listing.below:
            self._write([[], *([self._text(line)] for line in self._listing.below)])
        if self._is_plain:
            self._write([[], *self._facts()])

    def _write(self, rows: Iterable[list[str]]) -> None:
        text = io.StringIO()
        csv.writer(text, delimiter="," if self._is_plain else ";", lineterminator="\r\n").writerows(rows)
        self._out.write(text.getvalue().encode())

    def _facts(self) -> Iterator[list[str]]:
        yield [self._text(self._listing.title)]
        for fact in page_facts(self._listing):
            yield [self._text(fact.label), self._text(fact.value)]
        for note in self._listing.notes:
            yield [self._text(note)]

    def _cells(self, row: Row) -> list[str]:
        return [self._cell(column.kind, row[place]) for column, place in zip(self._columns, self._places, strict=True)]

    def _cell(self, kind: Kind, value: Cell) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            if kind is Kind.DATE:
                return self._text(value if self._is_plain else date_text(Language.ROMANIAN, value))
            is_numeric = kind is Kind.DOCUMENT_NUMBER and _LIKE_A_NUMBER.fullmatch(value) is not None
            return f'="{value}"' if is_numeric and not self._is_plain else self._text(value)
        if kind is Kind.TIME:
            return self._time(UnixSeconds(int(value)))
        text = f"{value:f}" if isinstance(value, Decimal) else str(value)
        return text if self._is_plain else text.replace(".", ",")

    def _time(self, at: UnixSeconds) -> str:
        zone = self._listing.surroundings.zone
        found = moment(at, zone)
        if found is not None and self._is_plain:
            return found.isoformat()
        return time_text(Language.ROMANIAN, at, zone)

    def _text(self, text: str) -> str:
        shown = harmless(text).replace("\n", " ")
        return f"'{shown}" if shown.startswith(FORMULA) else shown
