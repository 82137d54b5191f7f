"""A listing as a workbook of Excel: real dates and numbers, document numbers as texts, a head that filters."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO, Final

import xlsxwriter  # type: ignore[import-untyped]  # it has no types for strict checkers

from schemas.values import UnixSeconds
from service.listings.listing import Cell, Kind, Listing, ListingTooLongError, Row, Where
from service.listings.locale import day, moment, time_text
from service.listings.page_facts import page_facts
from service.listings.words import Language, say
from service.printable import harmless

ROWS_MAX: Final = 1_000_000
"""A sheet of Excel has 1,048,576 rows."""

EARLIEST_YEAR: Final = 1900
"""Excel knows no date before."""

_A4: Final = 9
_OPTIONS: Final = {
    "constant_memory": True,  # each row goes to a temporary file when the next one begins
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


class XlsxWriter:
    """Writes a listing as XLSX into `out`, which `close` fills; the rows wait in a temporary file."""

    def __init__(self, listing: Listing, out: BinaryIO) -> None:
        self._listing = listing
        self._language = listing.surroundings.language
        self._columns = [each for each in listing.columns if each.where is not Where.PAPER]
        self._places = [place for place, each in enumerate(listing.columns) if each.where is not Where.PAPER]
        self._book: Any = xlsxwriter.Workbook(out, _OPTIONS)
        self._sheet: Any = self._book.add_worksheet(_sheet_name(listing.title))
        self._formats = self._all_formats()
        self._row = 0
        self._describe()
        self._set_up_page()
        self._begin()

    def add(self, rows: Iterable[Row]) -> None:
        """Write these rows below those before. Raises ListingTooLongError."""
        for row in rows:
            if self._row - self._head >= ROWS_MAX:
                raise ListingTooLongError(ROWS_MAX, "CSV")
            self._write(row)

    def close(self, totals: Row | None = None) -> None:
        """Write the totals, and the workbook into `out`."""
        self._sheet.autofilter(self._head, 0, max(self._row - 1, self._head), len(self._columns) - 1)
        if totals is not None:
            self._write(totals, is_bold=True)
        for place, line in enumerate(self._listing.below, self._row + 1):
            self._sheet.write_string(place, 0, harmless(line), self._formats[Kind.TEXT, False])
        self._book.close()

    def _all_formats(self) -> dict[tuple[Kind | str, bool], Any]:
        is_romanian = self._language is Language.ROMANIAN
        date = "dd.mm.yyyy" if is_romanian else "yyyy-mm-dd"
        shown = {
            Kind.TEXT: "@",
            Kind.DOCUMENT_NUMBER: "@",
            Kind.NUMBER: "#,##0",
            Kind.AMOUNT: "#,##0.00",
            Kind.DATE: date,
            Kind.TIME: f"{date} hh:mm:ss",
        }
        return {
            (kind, is_bold): self._book.add_format({"num_format": text, "bold": is_bold, "valign": "top"})
            for kind, text in shown.items()
            for is_bold in (False, True)
        }

    def _describe(self) -> None:
        around = self._listing.surroundings
        made = moment(around.listed_at, "UTC")
        properties: dict[str, Any] = {"title": harmless(self._listing.title), "author": around.software}
        if made is not None:
            properties["created"] = made.replace(tzinfo=None)
        self._book.set_properties(properties)

    def _set_up_page(self) -> None:
        around, sheet = self._listing.surroundings, self._sheet
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.6)
        page = say(self._language, "page", page="&P", pages="&N")
        sheet.set_header(f"&L&B{_for_page(self._listing.title, 80)}&R{_for_page(self._listing.entity, 80)}")
        sheet.set_footer(f"&L{_for_page(around.software, 40)}&C{_for_page(self._listing.period, 100)}&R{page}")

    def _begin(self) -> None:
        bold = self._formats[Kind.TEXT, True]
        plain = self._formats[Kind.TEXT, False]
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, max(column.width, len(column.title)) + 2)
        self._sheet.write_string(0, 0, harmless(self._listing.title), bold)
        for fact in page_facts(self._listing):
            self._row += 1
            self._sheet.write_string(self._row, 0, harmless(fact.label), plain)
            self._sheet.write_string(self._row, 1, harmless(fact.value), plain)
        for note in self._listing.notes:
            self._row += 1
            self._sheet.write_string(self._row, 0, harmless(note), plain)
        self._head = self._row + 2
        wrapped = self._book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        for place, column in enumerate(self._columns):
            self._sheet.write_string(self._head, place, harmless(column.title), wrapped)
        self._sheet.freeze_panes(self._head + 1, 0)
        self._sheet.repeat_rows(self._head)
        self._row = self._head + 1

    def _write(self, row: Row, *, is_bold: bool = False) -> None:
        for place, (column, source) in enumerate(zip(self._columns, self._places, strict=True)):
            value = row[source]
            if value is not None:
                self._write_cell(place, column.kind, value, is_bold=is_bold)
        self._row += 1

    def _write_cell(self, place: int, kind: Kind, value: Cell, *, is_bold: bool) -> None:
        shown = self._formats[kind, is_bold]
        if isinstance(value, str):
            found = day(value) if kind is Kind.DATE else None
            if found is not None and found.year >= EARLIEST_YEAR:
                self._sheet.write_datetime(self._row, place, found, shown)
            else:
                self._sheet.write_string(self._row, place, harmless(value), shown)
        elif kind is Kind.TIME and value is not None:
            at = self._clock(UnixSeconds(int(value)))
            if isinstance(at, str):
                self._sheet.write_string(self._row, place, at, shown)
            else:
                self._sheet.write_datetime(self._row, place, at, shown)
        elif isinstance(value, int | Decimal):
            self._sheet.write_number(self._row, place, value, shown)

    def _clock(self, at: UnixSeconds) -> datetime | str:
        """The time on the clocks of the zone, without its distance from UTC: Excel knows none."""
        zone = self._listing.surroundings.zone
        found = moment(at, zone)
        if found is None or found.year < EARLIEST_YEAR:
            return time_text(self._language, at, zone)
        return found.replace(tzinfo=None)


def _sheet_name(title: str) -> str:
    """A name that Excel takes: 31 characters, none of []:*?/\\ and no apostrophe at its ends."""
    name = "".join("-" if each in "[]:*?/\\" else each for each in harmless(title).replace("\n", " "))
    return name[:31].strip("'") or "-"


def _for_page(text: str, length_max: int) -> str:
    """A text for the head or foot of a page, where & begins a command; all parts of one have 255 characters."""
    return harmless(text).replace("\n", " ")[:length_max].replace("&", "&&")
