"""Texts of listings: complete in each language, and harmless whatever users wrote."""

import io
import re
import string
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.values import IsoDate, UnixSeconds
from service.listings.csv_writer import FORMULA, Dialect
from service.listings.formats import Format, write_listing
from service.listings.listing import Column, Kind, Listing, Row
from service.listings.locale import amount_text, date_text, full_time_text, number_text, time_text
from service.listings.words import WORDS, Language, say
from tests.listings.read_back import csv_rows, pdf_pages, sheet_of, written
from tests.listings.reports_made import HOSTILE, around, report

SOURCES = [path.read_text("utf-8") for path in Path("service/listings").glob("*.py")]


def test_every_text_is_there_in_both_languages_with_the_same_places() -> None:
    for key, texts in WORDS.items():
        places = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts]
        assert all(texts), key
        assert places[0] == places[1], key


def test_romanian_has_commas_below_and_no_cedillas() -> None:
    assert not re.search("[şţŞŢ]", "".join(text for _, text in WORDS.values()))


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    code = "".join(SOURCES)
    used = set(re.findall(r'say\(\s*(?:\w+\.)*(?:_?language),\s*"(\w+)"', code)) | set(
        re.findall(r'^    \("(\w+)", Kind', code, re.MULTILINE)
    )
    used |= {"yes", "no"}
    assert used <= set(WORDS)
    others = {key for key in WORDS if "." not in key} - used
    assert others <= {"period_between"}, others


def test_a_program_of_another_country_writes_numbers_dates_and_times_as_its_people_do() -> None:
    ro, en = Language.ROMANIAN, Language.ENGLISH
    assert (number_text(en, 1234567), number_text(ro, 1234567)) == ("1,234,567", "1.234.567")
    assert (amount_text(en, Decimal("-1234.5")), amount_text(ro, Decimal("-1234.5"))) == ("-1,234.50", "-1.234,50")
    assert (date_text(en, IsoDate("2026-02-01")), date_text(ro, IsoDate("2026-02-01"))) == ("2026-02-01", "01.02.2026")
    assert date_text(ro, "no date") == "no date"
    at = UnixSeconds(1_782_900_000)
    assert time_text(ro, at, "Europe/Bucharest") == "01.07.2026 13:00:00"
    assert full_time_text(en, at, "Europe/Bucharest") == "2026-07-01 13:00:00 +03:00"
    assert full_time_text(en, None, "UTC") == "-"
    assert time_text(ro, UnixSeconds(2**53 - 1), "UTC").endswith("s after 1970")


@pytest.mark.parametrize("dialect", list(Dialect))
def test_no_cell_of_csv_begins_a_formula(dialect: Dialect) -> None:
    rows = csv_rows(written(report(60, HOSTILE), around(), Format.CSV, dialect), dialect)
    assert not [cell for row in rows for cell in row if cell.startswith(FORMULA)]


def test_no_cell_of_a_workbook_is_a_formula_or_a_link() -> None:
    sheet = sheet_of(written(report(60, HOSTILE), around(), Format.XLSX))
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    values = {str(cell.value) for cell in cells}
    assert HOSTILE[0] in values
    assert "_x005F_x0041_ \\u0000\\u001b[31m\\u007f" in values  # what Excel shows as _x0041_


def test_a_pdf_shows_markup_as_it_was_written() -> None:
    text = "\n".join(pdf_pages(written(report(30, HOSTILE), around(), Format.PDF)))
    assert "#strong[bold] *b* $x$" in text
    assert "<b>bold</b>" in text
    assert "\u202e" not in text


def a_listing_of(*kinds: Kind) -> Listing:
    columns = [Column(kind.name, kind, 12) for kind in kinds]
    return Listing(title="T" * 40, entity="&P & Co", period="2026", surroundings=around(), columns=columns)


def table_of(kinds: tuple[Kind, ...], row: Row, dialect: Dialect) -> list[str]:
    out = io.BytesIO()
    write_listing(a_listing_of(*kinds), [row], Format.CSV, out, dialect=dialect)
    rows = csv_rows(out.getvalue(), dialect)
    return rows[rows.index([kind.name for kind in kinds]) + 1]


def test_document_numbers_stay_texts_and_amounts_have_the_sign_of_the_dialect() -> None:
    kinds = (Kind.DOCUMENT_NUMBER, Kind.DOCUMENT_NUMBER, Kind.AMOUNT, Kind.DATE, Kind.NUMBER)
    row: Row = ("00012", "FACT-00012", Decimal("1234.50"), "2026-11-21", 1234)
    assert table_of(kinds, row, Dialect.ROMANIAN) == ['="00012"', "FACT-00012", "1234,50", "21.11.2026", "1234"]
    assert table_of(kinds, row, Dialect.PLAIN) == ["00012", "FACT-00012", "1234.50", "2026-11-21", "1234"]


def test_a_name_with_an_ampersand_is_no_command_in_the_head_of_a_page() -> None:
    out = io.BytesIO()
    write_listing(a_listing_of(Kind.DATE), [("1812-01-01",)], Format.XLSX, out)
    sheet = sheet_of(out.getvalue())
    assert sheet.oddHeader is not None
    assert sheet.oddHeader.right.text == "&&P && Co"
    assert sheet.title == "T" * 31
    assert "1812-01-01" in [cell.value for row in sheet.iter_rows() for cell in row]


def test_a_text_in_place_of_a_value_is_filled_in() -> None:
    assert say(Language.ROMANIAN, "page", page=1, pages=2) == "Pagina 1 din 2"
