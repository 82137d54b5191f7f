"""Reads listings back with the programs of others, as an auditor would."""

import csv
import io
from collections.abc import Sequence
from functools import partial

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet
from pypdf import PdfReader

from schemas.api.reports import GapReport
from service.listings.csv_writer import Dialect
from service.listings.formats import Format, write_listing
from service.listings.gap_listing import gap_listing, gap_rows, gap_totals
from service.listings.listing import Surroundings

Table = list[list[str]]


def written(report: GapReport, around: Surroundings, shown_as: Format, dialect: Dialect = Dialect.ROMANIAN) -> bytes:
    """The listing of the gaps of one series."""
    out = io.BytesIO()
    totals = gap_totals([report], around)
    write = partial(write_listing, gap_listing([report], around), gap_rows([report], around), shown_as, out)
    write(totals=totals, dialect=dialect)
    return out.getvalue()


def csv_rows(content: bytes, dialect: Dialect) -> Table:
    """The rows of a CSV file."""
    text = content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if dialect is Dialect.ROMANIAN else ","))


def sheet_of(content: bytes) -> Worksheet:
    """The only sheet of a workbook."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert isinstance(sheet, Worksheet)
    return sheet


def sheet_rows(content: bytes) -> Table:
    """The rows of the only sheet of a workbook, as texts."""
    rows = sheet_of(content).iter_rows(values_only=True)
    return [["" if value is None else str(value) for value in row] for row in rows]


def pdf_pages(content: bytes, pages: Sequence[int] | None = None) -> list[str]:
    """The text of these pages of a PDF, or of all; below 0 they count from the last."""
    found = PdfReader(io.BytesIO(content)).pages
    return [found[page].extract_text() for page in (range(len(found)) if pages is None else pages)]


def fact(rows: Table, label: str) -> str:
    """The value beside this label."""
    return next(row[1] for row in rows if row and row[0] == label)
