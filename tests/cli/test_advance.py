"""`numbering advance` steps over numbers that the log lost, and nobody is ever given one of them (CONTRACT.md D97)."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from schemas.commands import OpenSeries
from schemas.events import NumbersLost
from schemas.values import NUMBER_MAX, DocumentType, Mode, Position, SeriesId
from service.log.postgres_log import PostgresLog
from tests.support.domain.batches import a_batch
from tests.support.domain.commands import FIRM, OTHER_FIRM, a_document, a_key, a_lock, a_reservation_of, an_issue
from tests.support.domain.history import History, a_history
from tests.support.domain.invariants import check_invariants
from tests.support.service.command_line import Command, Outcome, printed, refused, run_here

WHY = ("--reason", "restored from the copy of 2026-11-25")
OTHER = SeriesId("otherfirm1")
TESTS = SeriesId("testseries")


def on(database_url: str, work: Callable[[PostgresLog], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        log = await PostgresLog.open(database_url)
        try:
            return await work(log)
        finally:
            await log.close()

    return asyncio.run(run())


def lost_events(database_url: str) -> list[NumbersLost]:
    """What was stepped over; asserts that the log is sound."""
    records = on(database_url, lambda log: log.read(Position(0), 1000))
    check_invariants(records)
    return [stored.record.event for stored in records if isinstance(stored.record.event, NumbersLost)]


@pytest.fixture
def history(database_url: str) -> History:
    """Series FACT, locked, with 1 to 5 pending and 6 issued; a FACT of another firm, and STORE of the test mode."""
    history = a_history(
        a_lock(),
        a_reservation_of(5),
        an_issue(a_document("inv_1")),
        (OpenSeries(OTHER, "FACT", DocumentType.FISCAL, 2027), a_key(firm=OTHER_FIRM)),
        (OpenSeries(TESTS, "STORE", DocumentType.FISCAL, 2027), a_key(mode=Mode.TEST)),
    )
    on(database_url, lambda log: log.append(Position(0), a_batch(history.records)))
    return history


def advance(command: Command, *arguments: str) -> Outcome:
    return command("advance", *arguments, *WHY)


def equation(command: Command, series: str) -> dict[str, int]:
    (report,) = printed(command("gaps", "--series", series, "--json"))["data"]
    found: dict[str, int] = report["equation"]
    return found


@pytest.mark.usefixtures("history")
def test_the_counter_goes_on_behind_the_last_printed_number(command: Command, database_url: str) -> None:
    """CONTRACT.md D97: on a locked series, with pending numbers."""
    outcome = advance(command, "--series", "seriesaaaa", "--to", "20")

    assert printed(outcome) == {
        "log": 1,
        "position": 8,
        "is_dry_run": False,
        "numbers_lost": 14,
        "halted_because": None,
        "series": [
            {
                "series_id": "seriesaaaa",
                "series_name": "FACT",
                "firm_id": FIRM,
                "mode": "live",
                "to": 20,
                "next_number": 21,
                "lost_first": 7,
                "lost_last": 20,
            }
        ],
    }
    assert "numbers 7 to 20 lost, the next number is 21" in outcome.stderr
    assert lost_events(database_url) == [NumbersLost(7, 20, WHY[1])]  # type: ignore[arg-type]
    assert equation(command, "seriesaaaa") == {
        "taken": 20,
        "standing": 1,
        "voided": 0,
        "withdrawn": 0,
        "pending": 5,
        "released": 0,
        "expired": 0,
        "lost": 14,
    }


@pytest.mark.usefixtures("history")
def test_reports_and_the_replay_give_the_reason(command: Command) -> None:
    advance(command, "--series", "seriesaaaa", "--to", "20")

    for _ in range(2):
        (report,) = printed(command("gaps", "--series", "seriesaaaa", "--json"))["data"]
        (gap,) = report["data"]
        assert (gap["first"], gap["last"], gap["count"], gap["reason"]) == (7, 20, 14, "lost")
        assert (gap["reason_text"], gap["device_id"], gap["ended_by"]) == (WHY[1], None, "system:operator")
        assert gap["positions"] == [8, 8]
        assert command("rebuild", "all").exit_code == 0  # from the log the first time, from projections the second

    said = command("gaps", "--series", "seriesaaaa").stdout
    assert WHY[1] in said
    replayed = command("replay", "--series", "seriesaaaa").stdout
    assert f"numbers 7-20 lost and stepped over: {WHY[1]}, by system:operator" in replayed
    assert "20 taken = 1 standing + 0 voided + 0 withdrawn + 5 pending + 0 released + 0 expired + 14 lost" in replayed


@pytest.mark.usefixtures("history")
def test_a_dry_run_says_what_would_be_done_and_does_nothing(command: Command, database_url: str) -> None:
    dry = advance(command, "--series", "seriesaaaa", "--to", "20", "--dry-run")
    assert (printed(dry)["is_dry_run"], printed(dry)["position"], printed(dry)["numbers_lost"]) == (True, 7, 14)
    assert "would be done: FACT (seriesaaaa of firm_a, live): numbers 7 to 20 lost" in dry.stderr
    assert lost_events(database_url) == []

    done = printed(advance(command, "--series", "seriesaaaa", "--to", "20"))
    assert done["series"] == printed(dry)["series"]


@pytest.mark.usefixtures("history")
def test_a_second_time_there_is_nothing_to_do(command: Command, database_url: str) -> None:
    advance(command, "--series", "seriesaaaa", "--to", "20")
    again = advance(command, "--series", "seriesaaaa", "--to", "20")
    assert (printed(again)["numbers_lost"], printed(again)["position"]) == (0, 8)
    assert "nothing to do, the next number is 21 already" in again.stderr
    assert len(lost_events(database_url)) == 1


@pytest.mark.usefixtures("history")
def test_many_series_are_advanced_from_a_list_in_one_step(command: Command, database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "last.csv"
    path.write_text(f"\ufeffseries,last_number\r\nSTORE, 00007\r\n\r\n{OTHER},1042\r\nseriesaaaa,3\r\n", "utf-8")

    dry = advance(command, "--from-file", str(path), "--dry-run")
    report = printed(advance(command, "--from-file", str(path)))

    assert report["series"] == printed(dry)["series"]
    assert [(each["series_id"], each["lost_first"], each["next_number"]) for each in report["series"]] == [
        (TESTS, 1, 8),
        (OTHER, 1, 1043),
        ("seriesaaaa", None, 7),
    ]
    assert report["numbers_lost"] == 1049
    assert len(lost_events(database_url)) == 2


@pytest.mark.usefixtures("history")
def test_a_name_that_several_series_have_needs_the_firm(command: Command) -> None:
    told = refused(advance(command, "--series", "FACT", "--to", "20"))
    assert "several series are named FACT; use the id of one: otherfirm1 of firm_b, live, fiscal, seriesaaaa of" in told
    report = printed(advance(command, "--series", "FACT", "--to", "20", "--firm", OTHER_FIRM))
    assert report["series"][0]["series_id"] == OTHER


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--series", "nosuch", "--to", "20"), "there is no series nosuch"),
        (("--series", "seriesaaaa", "--to", "5"), "the next number of series seriesaaaa is 7 already"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(
    command: Command, database_url: str, arguments: tuple[str, ...], why: str
) -> None:
    assert why in refused(advance(command, *arguments))
    assert lost_events(database_url) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("--series", "seriesaaaa", "--to", "0", *WHY),
        ("--series", "seriesaaaa", "--to", "-1", *WHY),
        ("--series", "seriesaaaa", "--to", str(NUMBER_MAX + 1), *WHY),
        ("--series", "seriesaaaa", "--to", "twenty", *WHY),
        ("--series", "seriesaaaa", *WHY),
        ("--to", "20", *WHY),
        (*WHY,),
        ("--series", "seriesaaaa", "--to", "20"),
        ("--series", "seriesaaaa", "--to", "20", "--reason", " "),
        ("--series", "seriesaaaa", "--to", "20", "--reason", "a\nb"),
        ("--series", "seriesaaaa", "--to", "20", "--reason", "a\x1b[1m"),
        ("--series", "seriesaaaa", "--to", "20", "--reason", "x" * 256),
    ],
)
def test_options_that_cannot_be_meant_are_refused(arguments: tuple[str, ...]) -> None:
    """Before any database is asked."""
    outcome = run_here(("advance", *arguments), os.environ)
    assert outcome.exit_code == 2
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("seriesaaaa,20\nseriesaaaa,21\n", "line 2: series seriesaaaa is named before"),
        ("seriesaaaa,20\nSTORE\n", "line 2: a line must be SERIES,LAST_NUMBER"),
        ("seriesaaaa,20\nSTORE,5,6\n", "line 2: a line must be"),
        ("seriesaaaa,20\n,5\n", "line 2: a line must be"),
        ("seriesaaaa,20\nSTORE,STORE-2027-00005\n", "line 2: 'STORE-2027-00005' is not a number"),
        ("seriesaaaa,20\nSTORE,0\n", "line 2: '0' is not a number"),
        ("seriesaaaa,20\nSTORE,-3\n", "line 2: '-3' is not a number"),
        ("seriesaaaa,20\nSTORE,1e3\n", "line 2: '1e3' is not a number"),
        (f"seriesaaaa,20\nSTORE,{NUMBER_MAX + 1}\n", "line 2: "),
        ("\n\n", "names no series"),
        ("series,last_number\n", "names no series"),
    ],
)
def test_a_line_that_cannot_be_meant_is_named(tmp_path: Path, text: str, why: str) -> None:
    """Before any database is asked."""
    path = tmp_path / "last.csv"
    path.write_text(text, "utf-8")
    assert why in refused(run_here(("advance", "--from-file", str(path), *WHY), os.environ))


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("seriesaaaa,20\nnosuch,5\n", "line 2: there is no series nosuch"),
        ("seriesaaaa,20\nFACT,5\n", "line 2: several series are named FACT"),
    ],
)
def test_a_list_with_one_wrong_series_changes_nothing(
    command: Command, database_url: str, tmp_path: Path, text: str, why: str
) -> None:
    path = tmp_path / "last.csv"
    path.write_text(text, "utf-8")
    assert why in refused(advance(command, "--from-file", str(path)))
    assert lost_events(database_url) == []


@pytest.mark.usefixtures("history")
def test_a_halted_log_takes_the_operator_s_word_and_stays_halted(command: Command, database_url: str) -> None:
    """So nobody issues a lost number between a restore and the step over it."""
    on(database_url, lambda log: log.halt("the log lost its tail"))

    outcome = advance(command, "--series", "seriesaaaa", "--to", "20")

    assert printed(outcome)["halted_because"] == "the log lost its tail"
    assert "it issues again after `numbering resume`" in outcome.stderr
    assert on(database_url, lambda log: log.halted()) == "the log lost its tail"
    assert len(lost_events(database_url)) == 1


@pytest.mark.usefixtures("history")
def test_the_largest_number_can_be_stepped_over_and_nothing_follows(command: Command) -> None:
    """CONTRACT.md D84."""
    report = printed(advance(command, "--series", "STORE", "--to", str(NUMBER_MAX)))
    assert report["numbers_lost"] == NUMBER_MAX
    assert command("rebuild", "all").exit_code == 0
    assert equation(command, TESTS)["lost"] == NUMBER_MAX


@pytest.mark.usefixtures("history")
def test_no_role_of_the_service_can_put_a_lost_number_on_a_document(command: Command, database_url: str) -> None:
    advance(command, "--series", "seriesaaaa", "--to", "20")

    async def forge() -> None:
        connection = await asyncpg.connect(database_url, server_settings={"role": "numbering_owner"})
        try:
            await connection.execute("INSERT INTO log.allocation VALUES ('seriesaaaa', 10, 12)")
        finally:
            await connection.close()

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        asyncio.run(forge())


def test_the_json_of_the_event_names_its_range_and_reason(
    command: Command, database_url: str, history: History
) -> None:
    del history
    advance(command, "--series", "seriesaaaa", "--to", "20")
    last = on(database_url, lambda log: log.record_at(Position(8)))
    assert json.loads(last.canonical)["event"] == {
        "type": "numbers-lost/1",
        "first": 7,
        "last": 20,
        "reason": WHY[1],
    }
