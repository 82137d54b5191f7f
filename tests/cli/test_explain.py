"""`numbering explain`: the life of a number in words, and the receipt that proves it (CONTRACT.md D115)."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from service.evidence.signatures import Cosigner
from tests.support.domain.commands import (
    NOW,
    OTHER_FIRM,
    SERIES,
    a_device,
    a_document,
    a_key,
    a_lock,
    a_series,
    an_issue,
)
from tests.support.domain.history import History
from tests.support.evidence.receipt_verifier import fates
from tests.support.evidence.receipts import LIVES, SealedLog, a_log, every_life
from tests.support.evidence.sealing import AT, KEYS, LOG
from tests.support.service.command_line import Command, Outcome, printed, refused

TRUSTED = [str(KEYS.verifier_keys(LOG)[0])]
LATER = (an_issue(a_document("inv_9", "2027-01-18")), a_device(), AT + 3_600)
SAME_NAME = a_series(type(SERIES)("other"), "FACT")


@pytest.fixture
def history() -> History:
    """Every kind of life, and a series of another firm that prints the same numbers."""
    history = every_life()
    return history.after((SAME_NAME, a_key(firm=OTHER_FIRM), NOW + 3_600))


def written(database_url: str, directory: Path, history: History, *later: Any) -> None:
    """Append the history, seal and co-sign it, and append what comes later."""

    async def work() -> None:
        async with a_log(database_url, directory) as log:
            await log.append(history)
            await log.seal()
            await _cosigned(log)
            if later:
                await log.append(history.after(*later))

    asyncio.run(work())


async def _cosigned(log: SealedLog) -> None:
    await log.cosign(Cosigner("witness.example/w1", bytes([2]) * 32))


def said(outcome: Outcome) -> str:
    """What a successful command printed, with white space made single."""
    assert outcome.exit_code == 0, outcome.stderr
    return re.sub(r"\s+", " ", outcome.stdout)


def test_a_number_is_told_in_both_languages(
    command: Command, history: History, database_url: str, tmp_path: Path
) -> None:
    written(database_url, tmp_path, history)

    english = said(command("explain", "--series", SERIES, "4", TIME_ZONE="Europe/Bucharest"))
    assert f"4 of FACT ({SERIES} of firm_a, live)" in english
    assert (
        "3 On 2027-01-15 at 10:00:00 (UTC+02:00), device till_1 (user 3) reserved number 4 until 2027-01-15 at 11:00:00"
        " (UTC+02:00), in one block with the numbers 1 to 10."
    ) in english
    assert "Number 4 never was on a document, so it is neither a voided nor a reversed one." in english
    assert "sealed: by the note of 24 events, co-signed by witness.example/w1" in english

    romanian = said(command("explain", "--series", SERIES, "4", "--language", "ro", TIME_ZONE="Europe/Bucharest"))
    assert (
        "3 La 15.01.2027, ora 10:00:00 (UTC+02:00), dispozitivul till_1 (utilizatorul 3) a rezervat numărul 4"
        in romanian
    )
    assert "Numărul 4 nu a fost niciodată pe un document, deci nu este nici anulat, nici stornat." in romanian


def test_a_number_is_found_as_its_document_shows_it(
    command: Command, history: History, database_url: str, tmp_path: Path
) -> None:
    written(database_url, tmp_path, history)

    found = printed(command("explain", "FACT-2027-00013", "--firm", "firm_a", "--json"))
    assert (found["series_id"], found["first"], found["last"]) == (SERIES, 13, 13)
    assert found["fates"] == [{"first": 13, "last": 13, "fate": "withdrawn"}]
    assert {each["is_sealed"] for each in found["events"]} == {True}
    assert [each["type"] for each in found["events"]][:3] == [
        "series-opened/1",
        "numbers-reserved/1",
        "reservation-consumed/1",
    ]

    both = refused(command("explain", "FACT-2027-00013"))
    assert SERIES in both
    assert "other (FACT of firm_b, live)" in both
    assert "no series prints X-1" in refused(command("explain", "X-1"))
    assert "no document shows FACT-2026-00013" in refused(command("explain", "FACT-2026-00013", "--firm", "firm_a"))
    assert "was never taken" in refused(command("explain", "FACT-2027-00900", "--firm", "firm_a"))
    assert "may be of several series" in refused(command("explain", "--series", "FACT", "4"))
    assert "there is no series NONE" in refused(command("explain", "--series", "NONE", "4"))
    for wrong in (
        (),
        ("4", "--range", "1-2", "--series", SERIES),
        ("--range", "1-2"),
        ("--range", "2-1", "--series", SERIES),
    ):
        assert command("explain", *wrong).exit_code == 2


def test_every_life_is_told_and_its_receipt_verifies(
    command: Command, history: History, database_url: str, tmp_path: Path
) -> None:
    written(database_url, tmp_path, history)
    folder = tmp_path / "receipts"
    folder.mkdir()

    for number in (LIVES["expired"], LIVES["a reversal"], LIVES["pending"]):
        found = printed(command("explain", "--series", SERIES, str(number), "--json", "--receipt", str(folder)))
        path = folder / f"receipt-FACT-{number}.json"
        assert found["receipt"] == str(path)
        assert fates(json.loads(path.read_bytes()), TRUSTED) == {number: found["fates"][0]["fate"]}
        assert len(found["life"]["en"]) == len(found["life"]["ro"]) == len(found["events"]) + 2
    again = command("explain", "--series", SERIES, "4", "--receipt", str(folder))
    assert "there is a file" in refused(again)


def test_a_range_is_certified_if_it_is_a_gap(
    command: Command, history: History, database_url: str, tmp_path: Path
) -> None:
    written(database_url, tmp_path, history)
    path = tmp_path / "gap.json"

    gap = ("explain", "--series", SERIES, "--range")
    assert "Numerele de la 3 la 10 nu au fost niciodată pe un document" in said(
        command(*gap, "2-10", "--language", "ro", "--receipt", str(path))
    )
    assert set(fates(json.loads(path.read_bytes()), TRUSTED)) == set(range(2, 11))
    assert "number 1 is no gap" in refused(command(*gap, "1-3", "--receipt", str(tmp_path / "other.json")))
    assert command(*gap, "1-3").exit_code == 0
    assert "number 24 was never taken" in refused(command(*gap, "20-30"))


def test_what_is_not_sealed_is_told_and_gets_no_receipt(
    command: Command, history: History, database_url: str, tmp_path: Path
) -> None:
    written(database_url, tmp_path, history, LATER)

    told = said(command("explain", "--series", SERIES, "24"))
    assert told.count("[not sealed yet]") == 2
    assert "sealed: only the events up to position 24" in told
    path = tmp_path / "none.json"
    assert "event 26 is not sealed yet" in refused(command("explain", "--series", SERIES, "24", "--receipt", str(path)))
    assert not path.exists()


def test_a_log_without_evidence_says_so(command: Command, database_url: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with a_log(database_url, tmp_path) as log:
            await log.append(History().after((a_series(), a_key()), a_lock(), an_issue()))

    asyncio.run(work())
    assert "sealed: nothing" in said(command("explain", "FACT-2027-00001"))
