"""Every format of a listing says the same as the report as JSON (CONTRACT.md D114)."""

import json
import re
from datetime import UTC, datetime

import msgspec
import pytest

from schemas.api.reports import GapReport
from schemas.values import Fate
from service.listings.csv_writer import Dialect
from service.listings.formats import Format
from service.listings.listing import ListingTooLongError, Surroundings
from service.listings.pdf_writer import ROWS_MAX
from service.listings.words import Language, say
from tests.listings.read_back import Table, csv_rows, fact, pdf_pages, sheet_of, sheet_rows, written
from tests.listings.reports_made import AT, around, report

BOTH = list(Language)
SIZES = [(0, Language.ENGLISH), (0, Language.ROMANIAN), (3, Language.ENGLISH), (5000, Language.ROMANIAN)]
TABLES = ["csv-plain", "csv-ro", "xlsx"]


def table(name: str, made: GapReport, of: Surroundings) -> Table:
    """The rows of the listing in this format."""
    if name == "xlsx":
        return sheet_rows(written(made, of, Format.XLSX))
    dialect = Dialect(name.removeprefix("csv-"))
    return csv_rows(written(made, of, Format.CSV, dialect), dialect)


def numbers_in(equation: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", equation)]


def terms_of(made: GapReport) -> list[int]:
    said = json.loads(msgspec.json.encode(made))["equation"]
    return [said["taken"], *(said[fate] for fate in Fate)]


@pytest.mark.parametrize(("gaps", "language"), SIZES)
@pytest.mark.parametrize("shown_as", TABLES)
def test_tables_have_the_equation_the_digest_and_the_rows_of_the_json(
    shown_as: str, gaps: int, language: Language
) -> None:
    made, of = report(gaps), around(language)
    rows = table(shown_as, made, of)
    assert numbers_in(fact(rows, say(language, "equation"))) == terms_of(made)
    assert fact(rows, say(language, "digest")) == made.digest
    firsts = say(language, "first")
    head = next(place for place, row in enumerate(rows) if firsts in row)
    column = rows[head].index(firsts)
    shown = [row[column] for row in rows[head + 1 :] if len(row) > column and row[column]]
    explained_last = sorted(made.data, key=lambda gap: gap.is_explained)
    assert shown == [str(gap.first) for gap in explained_last]


@pytest.mark.parametrize(("gaps", "language"), SIZES)
def test_a_pdf_has_the_equation_and_the_digest_of_the_json(gaps: int, language: Language) -> None:
    made, of = report(gaps), around(language)
    first, last = pdf_pages(written(made, of, Format.PDF), [0, -1])
    equation = next(line for line in first.splitlines() if line.startswith(f"{made.equation.taken} "))
    assert numbers_in(equation) == terms_of(made)
    assert made.digest in first
    if gaps:
        assert max(made.data, key=lambda gap: (gap.is_explained, gap.first)).printed_last in last
        assert say(language, "total") in last
    else:
        assert say(language, "gap_none") in first


@pytest.mark.parametrize("language", BOTH)
def test_what_the_law_asks_of_a_listing_is_on_each_page(language: Language) -> None:
    of = around(language)
    pages = pdf_pages(written(report(60), of, Format.PDF))
    assert len(pages) > 1
    for number, text in enumerate(pages, 1):
        for due in (
            say(language, "gap_title"),
            "Brutăria Țăranului Ștefan SRL (firm_nzrimoutto)",
            of.software,
            say(language, "page", page=number, pages=len(pages)),
            say(language, "listed", time="").strip(),
        ):
            assert due in text
    assert say(language, "gap_note")[:60] in pages[0]


def test_a_number_that_never_was_a_document_is_said_to_be_neither() -> None:
    for shown_as in TABLES:
        rows = table(shown_as, report(3), around(Language.ROMANIAN))
        assert any("nici „anulat”, nici „stornat”" in cell for row in rows for cell in row)


def test_a_workbook_has_real_times_a_head_that_stays_and_a_filter() -> None:
    sheet = sheet_of(written(report(3), around(Language.ROMANIAN), Format.XLSX))
    head = next(row[0].row for row in sheet.iter_rows() if row[4].value == "De la numărul")
    assert head is not None
    assert sheet.freeze_panes == f"A{head + 1}"
    assert sheet.auto_filter.ref == f"A{head}:Z{head + 3}"
    assert sheet.print_title_rows == f"${head}:${head}"
    assert sheet.oddFooter is not None
    assert "&P" in str(sheet.oddFooter.right.text)
    allocated = next(cell for cell in sheet[head] if cell.value == "Alocat la")
    value = sheet.cell(head + 1, allocated.column).value
    assert value == datetime.fromtimestamp(AT - 7200, UTC).replace(tzinfo=None, hour=9)
    assert sheet.cell(head + 1, allocated.column).number_format == "dd.mm.yyyy hh:mm:ss"
    number = sheet.cell(head + 1, 5)
    assert (number.data_type, number.number_format) == ("s", "@")
    assert sheet.cell(head + 4, 7).value == sum(gap.count for gap in report(3).data)


def test_romanian_csv_opens_in_a_romanian_spreadsheet() -> None:
    content = written(report(3), around(Language.ROMANIAN), Format.CSV)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == content.count(b"\n")
    assert ";21.11.2026 10:39:25;" in content.decode()


def test_plain_csv_begins_with_its_head_and_has_times_of_iso_8601() -> None:
    content = written(report(3), around(Language.ENGLISH), Format.CSV, Dialect.PLAIN).decode()
    assert content.startswith("Series,")
    assert ",2026-11-21T10:39:25+02:00," in content


def test_a_pdf_of_too_many_rows_is_refused_and_names_formats_that_can() -> None:
    with pytest.raises(ListingTooLongError, match="CSV or XLSX") as refused:
        written(report(ROWS_MAX + 1), around(), Format.PDF)
    assert refused.value.rows_max == ROWS_MAX
