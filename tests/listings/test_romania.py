"""The listings for Romania with texts that mean harm; the fragment of D394 stays XML (CONTRACT.md D117)."""

import io
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from schemas.api.d394 import D394Report, D394Row, D394SeriesWarning
from schemas.api.decision import DecidedSeries, DecisionEntity, FirstNumber, NumberingDecision
from schemas.api.reports import Moment
from schemas.values import DocumentType, FirmId, IsoDate, Mode, Number, Position, SeriesId
from service.listings.csv_writer import FORMULA, Dialect
from service.listings.d394_fragment import NAMESPACE, d394_fragment
from service.listings.d394_listing import d394_listing, d394_listing_rows
from service.listings.decision_listing import BLANK, decision_listing, decision_listing_rows
from service.listings.formats import Format, write_listing
from service.listings.words import Language
from tests.listings.read_back import csv_rows, pdf_pages, sheet_of
from tests.listings.reports_made import AT, HOSTILE, around

WORST: Final = (*HOSTILE, "--><facturi/><!--", "----", "]]>", "\ud800", "\ufffe&#0;", "")
MOMENT: Final = Moment(Position(201), AT)


def a_report(texts: tuple[str, ...]) -> D394Report:
    """A report of series that print these texts, which no format of a series allows."""
    rows = [
        D394Row(part, SeriesId("s"), text, text, "00001", text, text, Number(1), Number(1), 1)
        for text in texts
        for part in ("issued", "voided")
    ]
    return D394Report(
        firm_id=FirmId("firm_x"),
        mode=Mode.LIVE,
        start_date=IsoDate("2026-11-01"),
        end_date=IsoDate("2026-11-30"),
        time_zone="Europe/Bucharest",
        range_size=1000,
        as_of=MOMENT,
        invoices=1,
        invoices_reversed=0,
        invoices_voided=1,
        numbers_not_issued=3,
        warnings=[D394SeriesWarning("d394_text_after_number", "it is", SeriesId("s"), text) for text in texts],
        data=rows,
    )


def a_decision(text: str | None) -> NumberingDecision:
    """A decision in which everything that can be given is this text."""
    row = DecidedSeries(
        1, DocumentType.FISCAL, SeriesId("s"), "FACT", "FACT{number}", Number(1), Number(9), "FACT00001", "FACT00009",
        None, [FirstNumber(2026, Number(1))], text, text, text,
    )  # fmt: skip
    return NumberingDecision(
        firm_id=FirmId("firm_x"),
        mode=Mode.LIVE,
        year=2026,
        time_zone="Europe/Bucharest",
        as_of=MOMENT,
        range_size=9,
        number=text,
        date=None,
        entity=DecisionEntity(text, text, text, text),
        signed_by=text,
        managed_by=text,
        data=[row],
    )


@pytest.mark.parametrize("language", list(Language))
def test_the_fragment_is_xml_whatever_a_series_prints(language: Language) -> None:
    root = ET.fromstring(d394_fragment(a_report(WORST), language))  # noqa: S314 - our own

    names = [each.tag.removeprefix(f"{{{NAMESPACE}}}") for each in root]
    assert names == ["informatii", *["serieFacturi"] * len(WORST), *["facturi"] * len(WORST)]
    kept = [text for text in WORST if text.isprintable() and text.isascii() and text]
    assert {text for text in kept if text not in {each.get("serieI") for each in root}} == set()
    assert [each.attrib for each in root][-1] == {"tip_factura": "2", "nr": "00001"}, "nothing before the number"


@pytest.mark.parametrize("dialect", list(Dialect))
def test_no_cell_of_these_listings_begins_a_formula(dialect: Dialect) -> None:
    out = io.BytesIO()
    made = a_report(HOSTILE)
    write_listing(d394_listing(made, around()), d394_listing_rows(made, around()), Format.CSV, out, dialect=dialect)
    for text in HOSTILE:
        decision = a_decision(text)
        rows = decision_listing_rows(decision, around())
        write_listing(decision_listing(decision, around()), rows, Format.CSV, out, dialect=dialect)
    cells = [cell.lstrip("\ufeff") for row in csv_rows(out.getvalue(), dialect) for cell in row]
    assert len(cells) > 100
    assert [cell for cell in cells if cell.startswith(FORMULA) and not cell.startswith('="0000')] == []


def test_a_workbook_and_a_page_show_hostile_texts_as_texts() -> None:
    for text in HOSTILE:
        decision = a_decision(text)
        for form in (Format.XLSX, Format.PDF):
            out = io.BytesIO()
            rows = decision_listing_rows(decision, around())
            write_listing(decision_listing(decision, around()), rows, form, out)
            if form is Format.XLSX:
                cells = [cell for row in sheet_of(out.getvalue()).iter_rows() for cell in row]
                assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
            else:
                assert "Decizie internă de numerotare" in pdf_pages(out.getvalue())[0]


def test_what_was_not_given_is_a_blank_on_the_page() -> None:
    out = io.BytesIO()
    decision = a_decision(None)
    write_listing(decision_listing(decision, around()), decision_listing_rows(decision, around()), Format.PDF, out)
    assert pdf_pages(out.getvalue())[0].count(BLANK) >= 10
