"""The formats of listings, and writing one in any of them."""

from collections.abc import Iterable
from typing import BinaryIO, Final, Protocol

from schemas.values import Word
from service.listings.csv_writer import CsvWriter, Dialect
from service.listings.listing import Listing, Row
from service.listings.pdf_writer import PdfWriter
from service.listings.xlsx_writer import XlsxWriter


class Format(Word):
    """A format of listings; JSON is the report itself."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


MEDIA_TYPES: Final = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PDF: "application/pdf",
}


class Writer(Protocol):
    """Writes one listing. A thread may do it: nothing of it waits for the event loop."""

    def add(self, rows: Iterable[Row]) -> None:
        """Write these rows below those before. Raises ListingTooLongError."""
        ...

    def close(self, totals: Row | None = None) -> None:
        """Write what comes after the rows; the listing is complete then."""
        ...


def writer(listing: Listing, shown_as: Format, out: BinaryIO, dialect: Dialect = Dialect.ROMANIAN) -> Writer:
    """What writes the listing into `out`. Raises FormatMissingError."""
    match shown_as:
        case Format.CSV:
            return CsvWriter(listing, out, dialect)
        case Format.XLSX:
            return XlsxWriter(listing, out)
        case Format.PDF:
            return PdfWriter(listing, out)
        case Format.JSON:
            raise ValueError("a report as JSON is no listing")


def write_listing(
    listing: Listing,
    rows: Iterable[Row],
    shown_as: Format,
    out: BinaryIO,
    *,
    totals: Row | None = None,
    dialect: Dialect = Dialect.ROMANIAN,
) -> None:
    """Write the whole listing into `out`. Raises FormatMissingError and ListingTooLongError."""
    writing = writer(listing, shown_as, out, dialect)
    writing.add(rows)
    writing.close(totals)
