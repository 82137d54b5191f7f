"""`numbering decision`: what is given is printed, what is not is left blank, and no person reaches a message."""

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import pytest

from service.listings.csv_writer import Dialect
from service.log.postgres_log import PostgresLog
from tests.listings.read_back import csv_rows, pdf_pages, sheet_rows
from tests.projections.dated_history import DatedHistory
from tests.support.domain.batches import a_batch
from tests.support.domain.commands import FIRM, SECOND
from tests.support.service.command_line import Command, printed, refused

ASKED: Final = ("decision", "--firm", FIRM, "--year", "2026")
DETAILS: Final[dict[str, Any]] = {
    "entity": {
        "name": "Țesătoria „Șoimii” SRL",
        "tax_id": "RO123",
        "register_number": "J40/1/2026",
        "address": "Iași, str. 1",
    },
    "signed_by": "Ana Ștefan",
    "managed_by": "Ion Pop",
    "every_series": {"responsible": "Ion Pop", "work_point": "Sediu"},
    "series": {"SHOP": {"work_point": "=1+2", "remarks": "casa 3", "range_size": 50}},
}


@pytest.fixture
def log(database_url: str) -> None:
    """FACT, of which two numbers are taken, and SHOP, of which none is."""
    book = DatedHistory().at("2026-11-10 10:00")
    book.open("SHOP/{number}", SECOND, "SHOP", start_number=11)
    book.reserve(2)
    book.use(1, "2026-11-10")

    async def append() -> None:
        log = await PostgresLog.open(database_url)
        await log.append(await log.head(), a_batch(book.records))
        await log.close()

    asyncio.run(append())


@pytest.fixture
def details(tmp_path: Path) -> Path:
    """A file of details."""
    path = tmp_path / "details.json"
    path.write_text(json.dumps(DETAILS), "utf-8")
    return path


@pytest.mark.usefixtures("log")
def test_programs_get_the_numbers_and_what_was_given(command: Command, details: Path) -> None:
    found = printed(command(*ASKED, "--number", "7", "--date", "2026-01-05", "--details", str(details)))

    fact, shop = found["data"]
    assert (fact["first_text"], fact["last_text"], fact["taken"]) == ("FACT-2026-00001", "FACT-2026-10000", 2)
    assert (shop["first_text"], shop["last_text"], shop["taken"]) == ("SHOP/00011", "SHOP/00060", None)
    assert (fact["responsible"], fact["work_point"], fact["remarks"]) == ("Ion Pop", "Sediu", None)
    assert (shop["responsible"], shop["work_point"], shop["remarks"]) == ("Ion Pop", "=1+2", "casa 3")
    assert (found["number"], found["date"], found["signed_by"]) == ("7", "2026-01-05", "Ana Ștefan")
    assert found["entity"] == DETAILS["entity"]


@pytest.mark.usefixtures("log")
def test_what_is_not_given_is_null(command: Command) -> None:
    found = printed(command(*ASKED, "--range-size", "5"))

    assert {found[name] for name in ("number", "date", "signed_by", "managed_by")} == {None}
    assert set(found["entity"].values()) == {None}
    assert [row["last"] for row in found["data"]] == [5, 15]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("language", ["ro", "en"])
def test_the_page_to_sign_has_what_was_given_and_blanks(
    command: Command, details: Path, tmp_path: Path, language: str
) -> None:
    said = DETAILS["entity"]
    content: dict[str, bytes] = {}
    for form in ("pdf", "xlsx", "csv"):
        out = tmp_path / f"decision.{form}"
        asked = ("--number", "7", "--details", str(details), "--format", form, "--language", language)
        assert command(*ASKED, *asked, "--out", str(out)).exit_code == 0
        content[form] = out.read_bytes()

    page = " ".join(" ".join(pdf_pages(content["pdf"])).split())
    sheet, rows = sheet_rows(content["xlsx"]), csv_rows(content["csv"], Dialect.ROMANIAN)
    title = "Decizie internă de numerotare" if language == "ro" else "Internal decision on numbering"
    for text in (title, *said.values(), "Ana Ștefan", "Ion Pop", "FACT-2026-00001", "SHOP/00060", "=1+2", "____"):
        assert text in page, text
    assert ("OMFP nr. 2634/2015" if language == "ro" else "OMFP no. 2634/2015") in page
    assert "=1+2" in {cell for row in sheet for cell in row}, "a cell of text"
    assert [row[6] for row in rows if row[2:3] == ["SHOP"]] == ["'=1+2"], "a spreadsheet computes nothing"
    assert [row[:1] for row in rows].count([title]) == 1
    assert "2026: 1" in {cell for row in rows for cell in row}


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"signed_by": "Ana\u202eecret"}, "$.signed_by must be at most 255 printable characters"),
        ({"managed_by": "secret" * 50}, "$.managed_by must be at most 255 printable characters"),
        ({"series": {"SHOP": {"remarks": "sec\u0000ret"}}}, "$.series.SHOP.remarks must be"),
        ({"signed_by": ["secret"]}, "$.signed_by"),
        ({"secret": "x"}, "unknown field"),
        ({"series": {"NONE": {"responsible": "secret"}}}, "names NONE, which is no series of the decision"),
        ("secret", "is not a file of details"),
        ({"every_series": {"range_size": 0}}, "$.every_series.range_size"),
    ],
)
def test_a_wrong_file_is_refused_by_its_place_and_not_by_what_it_says(
    command: Command, tmp_path: Path, said: object, why: str
) -> None:
    path = tmp_path / "details.json"
    path.write_text(json.dumps(said), "utf-8")

    sentence = refused(command(*ASKED, "--details", str(path)))

    assert why in sentence
    assert "secretsecret" not in sentence
    assert "Ana" not in sentence


def test_a_file_that_is_not_there_is_named(command: Command, tmp_path: Path) -> None:
    assert "No such file" in refused(command(*ASKED, "--details", str(tmp_path / "none.json")))


@pytest.mark.parametrize("more", [("--range-size", "0"), ("--date", "5.1.2026"), ("--number", "a\nb")])
def test_wrong_usage_exits_with_2(command: Command, more: tuple[str, str]) -> None:
    assert command(*ASKED, *more).exit_code == 2
