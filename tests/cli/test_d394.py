"""`numbering d394`: what it prints is read back, and what is hostile stays harmless (CONTRACT.md D117)."""

import asyncio
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest

from service.listings.csv_writer import Dialect
from service.log.postgres_log import PostgresLog
from tests.listings.read_back import csv_rows, fact, pdf_pages, sheet_rows
from tests.projections.dated_history import DatedHistory
from tests.support.domain.batches import a_batch
from tests.support.domain.commands import FIRM, SECOND
from tests.support.service.command_line import Command, printed

D394: Final = "{mfp:anaf:dgti:d394:declaratie:v5}"
ASKED: Final = ("d394", "--firm", FIRM, "--period", "2026-11")


@pytest.fixture
def log(database_url: str) -> None:
    """FACT: 1 and 3 issued, 2 released, 4 voided, 5 the reversal of 1. Series B prints what looks like a formula."""
    book = DatedHistory().at("2026-11-10 10:00")
    book.reserve(3)
    book.use(1, "2026-11-10")
    book.release(2)
    book.use(3, "2026-11-10")
    book.issue("2026-11-11")
    book.void(4)
    book.reverse(1, "2026-11-12")
    book.open("=A--B<&\"'>{number}/{year}", SECOND, "A--B")
    book.issue("2026-11-12", SECOND)

    async def append() -> None:
        log = await PostgresLog.open(database_url)
        await log.append(await log.head(), a_batch(book.records))
        await log.close()

    asyncio.run(append())


@pytest.mark.usefixtures("log")
def test_the_xml_has_the_elements_of_the_declaration_in_their_order(command: Command) -> None:
    outcome = command(*ASKED, "--format", "xml")

    root = ET.fromstring(outcome.stdout)  # noqa: S314 - our own
    assert root.tag == f"{D394}declaratie394"
    assert [(each.tag.removeprefix(D394), each.attrib) for each in root] == [
        ("informatii", {"nrFacturi": "5"}),
        ("serieFacturi", {"tip": "1", "serieI": "FACT-2026-", "nrI": "00001", "nrF": "00005"}),
        ("serieFacturi", {"tip": "2", "serieI": "FACT-2026-", "nrI": "00001", "nrF": "00001"}),
        ("serieFacturi", {"tip": "2", "serieI": "FACT-2026-", "nrI": "00003", "nrF": "00005"}),
        ("serieFacturi", {"tip": "1", "serieI": "=A--B<&\"'>", "nrI": "00001", "nrF": "00001"}),
        ("serieFacturi", {"tip": "2", "serieI": "=A--B<&\"'>", "nrI": "00001", "nrF": "00001"}),
        ("facturi", {"tip_factura": "1", "serie": "FACT-2026-", "nr": "00005"}),
        ("facturi", {"tip_factura": "2", "serie": "FACT-2026-", "nr": "00004"}),
    ]
    assert "nu se depune ca atare" in outcome.stdout
    assert "Nu sunt facturi anulate și nici stornate" in outcome.stdout
    assert "seria A- -B: D394 nu are loc" in outcome.stdout, "a comment has no two hyphens beside each other"
    assert outcome.stderr.startswith("series A--B: D394 has no place for what is printed behind the number")
    assert "cannot be filed" in command(*ASKED, "--format", "xml", "--language", "en").stdout


NOT_ISSUED: Final = ["no invoice in the period", "FACT", "FACT-{year}-", "00002"]


@pytest.mark.usefixtures("log")
def test_every_format_of_the_listing_says_the_same(command: Command, tmp_path: Path) -> None:
    content: dict[str, bytes] = {}
    for name in ("plain.csv", "ro.csv", "xlsx", "pdf"):
        dialect, _, form = name.rpartition(".")
        out = tmp_path / f"out.{name}"
        command(*ASKED, "--format", form, "--language", "en", "--dialect", dialect or "ro", "--out", str(out))
        content[name] = out.read_bytes()

    plain = csv_rows(content["plain.csv"], Dialect.PLAIN)
    romanian = csv_rows(content["ro.csv"], Dialect.ROMANIAN)
    sheet = sheet_rows(content["xlsx"])
    assert plain[1] == ["allocated", "FACT", "FACT-2026-", "00001", "00005", "", "5", "", "", ""]
    assert [row[3] for row in romanian if row[:1] == ["allocated"]] == ['="00001"', '="00001"'], "zeros stay"
    for rows in (plain, romanian, sheet):
        assert fact(rows, "Invoices dated in the period (nrFacturi)") == "5"
        assert [row[:3] for row in rows if row[:1] == NOT_ISSUED[:1]] == [NOT_ISSUED[:3]]
        assert any("neither cancelled (anulată) nor reversed (stornată)" in row[0] for row in rows if row)
    for rows in (plain, romanian):
        assert {row[2] for row in rows if row[1:2] == ["A--B"]} == {"'=A--B<&\"'>"}, "a spreadsheet computes nothing"
    assert {row[2] for row in sheet if row[1] == "A--B"} == {"=A--B<&\"'>"}, "a cell of text"
    pages = " ".join(pdf_pages(content["pdf"]))
    assert "Ranges of invoice numbers for D394" in pages
    assert "FACT-{year}-" in pages


@pytest.mark.usefixtures("log")
def test_programs_get_the_report_and_the_moment_can_be_chosen(command: Command) -> None:
    def of(*more: str) -> dict[str, Any]:
        found: dict[str, Any] = printed(command("d394", "--firm", FIRM, *more))
        return found

    whole = of("--from", "2026-11-01", "--to", "2026-11-30")
    assert whole == of("--period", "2026-11")
    assert (whole["invoices"], whole["invoices_voided"], whole["numbers_not_issued"]) == (5, 1, 1)
    assert of("--period", "2026-11", "--as-of", "6")["invoices"] == 2
    assert of("--period", "2026-11", "--mode", "test")["data"] == []
    [fact, _] = [row for row in of("--period", "2026-Q4", "--range-size", "500")["data"] if row["part"] == "allocated"]
    assert (fact["first"], fact["last"]) == (1, 500)


@pytest.mark.parametrize(
    "more",
    [
        ("--period", "2026-13"),
        ("--period", "2026-11", "--from", "2026-11-01"),
        ("--from", "2026-11-01"),
        ("--from", "2026-11-30", "--to", "2026-11-01"),
        ("--from", "1999-11-30", "--to", "2026-11-01"),
        ("--range-size", "0"),
    ],
)
def test_a_period_that_is_none_is_wrong_usage(command: Command, more: tuple[str, ...]) -> None:
    outcome = command("d394", "--firm", FIRM, *more)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
