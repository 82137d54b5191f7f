"""`numbering gaps`, `register` and `explanations` as files to take away (CONTRACT.md D114)."""

import json
from pathlib import Path

import pytest

from schemas.values import Position
from service.listings.csv_writer import Dialect
from tests.cli.test_erase import on
from tests.listings.read_back import csv_rows, fact, pdf_pages, sheet_rows
from tests.listings.test_formats import numbers_in
from tests.support.domain.batches import a_batch
from tests.support.domain.commands import SERIES, a_lock, a_release, a_reservation_of, a_slot
from tests.support.domain.history import a_history
from tests.support.service.command_line import Command, printed

EQUATION = "Equation"


@pytest.fixture
def a_gap(database_url: str) -> str:
    """The id of a series whose number 1 was released; 2 and 3 are pending."""
    history = a_history(a_lock(), a_reservation_of(3), a_release(a_slot(1)))
    on(database_url, lambda log: log.append(Position(0), a_batch(history.records)))
    return SERIES


def test_gaps_are_the_same_in_every_format(command: Command, a_gap: str, tmp_path: Path) -> None:
    (report,) = printed(command("gaps", "--series", a_gap, "--json"))["data"]
    files = {name: tmp_path / f"gaps.{name}" for name in ("json", "csv", "xlsx", "pdf")}
    for name, path in files.items():
        done = command("gaps", "--series", a_gap, "--format", name, "--out", str(path))
        assert done.exit_code == 0, done.stderr
    assert json.loads(files["json"].read_bytes()) == [report]
    csv = csv_rows(files["csv"].read_bytes(), Dialect.ROMANIAN)
    xlsx = sheet_rows(files["xlsx"].read_bytes())
    terms = list(report["equation"].values())
    for rows in (csv, xlsx):
        assert fact(rows, "Digest (SHA-256)") == report["digest"]
        assert numbers_in(fact(rows, EQUATION)) == terms
    (pdf,) = pdf_pages(files["pdf"].read_bytes())
    assert report["digest"] in pdf
    assert fact(csv, EQUATION) in pdf


def test_a_register_and_explanations_are_files_too(command: Command, a_gap: str, tmp_path: Path) -> None:
    for name in ("register", "explanations"):
        path = tmp_path / f"{name}.csv"
        done = command(name, "--series", a_gap, "--format", "csv", "--dialect", "plain", "--out", str(path))
        assert done.exit_code == 0, done.stderr
        assert EQUATION in path.read_text("utf-8")
        assert command(name, "--series", a_gap).exit_code == 0


def test_a_file_that_is_there_stays_as_it_is(command: Command, a_gap: str, tmp_path: Path) -> None:
    path = tmp_path / "gaps.csv"
    path.write_text("mine", "utf-8")
    refused = command("gaps", "--series", a_gap, "--format", "csv", "--out", str(path))
    assert refused.exit_code == 1
    assert "is there already" in refused.stderr
    assert path.read_text("utf-8") == "mine"


def test_what_is_no_text_is_not_written_to_the_screen(command: Command, a_gap: str) -> None:
    refused = command("gaps", "--series", a_gap, "--format", "pdf")
    assert refused.exit_code == 2
    assert "give --out" in refused.stderr
