"""Reports for people show the time of NUMBERING_TIME_ZONE and read times in it; programs get Unix seconds."""

from datetime import datetime
from typing import Final

import pytest

from schemas.commands import ReleaseReservation
from tests.cli.test_check import append
from tests.support.domain.commands import (
    a_consumption,
    a_device,
    a_document,
    a_lock,
    a_reservation_of,
    a_slot,
)
from tests.support.domain.history import a_history
from tests.support.service.command_line import Command, printed

NIGHT: Final = ("2027-10-30T22:30:00Z", "2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z")
"""At the first of these it is already the 31st in Bucharest; between the other two its clocks are set back."""

TILL: Final = a_device()


def seconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp())


@pytest.fixture
def log(database_url: str) -> None:
    """Positions 3 to 6: numbers 1-3 reserved, 1 put on a document of the 31st, and an hour apart 2 and 3 released."""
    at = [seconds(each) for each in NIGHT]
    night = a_history(
        a_lock(),
        (a_reservation_of(3, hold_seconds=86_400), TILL, at[0]),
        (a_consumption(a_slot(1), a_document("inv_1", "2027-10-31")), TILL, at[0]),
        (ReleaseReservation(a_slot(2)), TILL, at[1]),
        (ReleaseReservation(a_slot(3)), TILL, at[2]),
    )
    append(database_url, night)


@pytest.mark.usefixtures("log")
def test_a_replay_tells_the_night_by_the_firms_clock(command: Command) -> None:
    told = command("replay").stdout.splitlines()

    assert told[2] == (
        "3  2027-10-31 01:30:00+03:00  FACT  numbers 1-3 reserved by device till_1 until 2027-11-01 00:30:00+02:00, "
        "by session:session_7"
    )
    assert told[3].startswith("4  2027-10-31 01:30:00+03:00  FACT  number 1 put on document inv_1 of 2027-10-31")
    assert told[4].startswith("5  2027-10-31 03:30:00+03:00  FACT  number 2 released")
    assert told[5].startswith("6  2027-10-31 03:30:00+02:00  FACT  number 3 released")
    assert "The state at position 6, 2027-10-31 03:30:00+02:00:" in told


@pytest.mark.usefixtures("log")
def test_a_replay_shows_the_zone_that_is_set(command: Command) -> None:
    told = command("replay", TIME_ZONE="Asia/Kolkata").stdout.splitlines()
    assert told[2].startswith("3  2027-10-31 04:00:00+05:30  FACT")
    assert "until 2027-11-01 04:00:00+05:30" in told[2]
    assert command("replay", TIME_ZONE="UTC").stdout.splitlines()[2].startswith("3  2027-10-30 22:30:00Z  FACT")


@pytest.mark.usefixtures("log")
def test_the_state_alone_is_the_same_bytes_in_every_zone(command: Command) -> None:
    said = {command("replay", "--quiet", TIME_ZONE=zone).stdout for zone in ("Asia/Kolkata", "UTC", "")}
    assert len(said) == 1
    assert "The state at position 6, 2027-10-31 01:30:00Z:" in said.pop()


@pytest.mark.usefixtures("log")
def test_gaps_are_told_by_the_firms_clock_and_to_programs_in_seconds(command: Command) -> None:
    told = command("gaps").stdout.splitlines()
    assert told[0].endswith("as of position 6, 2027-10-31 03:30:00+02:00")
    assert told[2].split("  ")[-4:] == [
        "2027-10-31 01:30:00+03:00",
        "2027-10-31 03:30:00+03:00",
        "session:session_7",
        "3, 5",
    ]
    assert "2027-10-31 07:00:00+05:30" in command("gaps", TIME_ZONE="Asia/Kolkata").stdout

    [report] = printed(command("gaps", "--json"))["data"]
    assert report["as_of"] == {"position": 6, "time": seconds(NIGHT[2])}
    assert [gap["ended_at"] for gap in report["data"]] == [seconds(NIGHT[1]), seconds(NIGHT[2])]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("zone", "as_of", "position"),
    [
        ("Europe/Bucharest", "2027-10-31T01:30:00", 4),  # the firm's clock
        ("Europe/Bucharest", "2027-10-31T01:29:59", 2),
        ("Asia/Kolkata", "2027-10-31 04:00", 4),
        ("Asia/Kolkata", "2027-10-31 03:59", 2),
        ("Europe/Bucharest", "2027-10-30T22:30:00Z", 4),  # an offset wins
        ("Asia/Kolkata", "2027-10-31 03:30:00+03:00", 5),  # as a report shows it
        ("Europe/Bucharest", "2027-10-31 03:30:00+02:00", 6),
        ("Europe/Bucharest", "2027-10-30", 2),  # a day is meant to its end
        ("Europe/Bucharest", "2027-10-31", 6),  # it has 25 hours
        ("America/New_York", "2027-10-30", 6),  # in New York it was still the 30th
        ("Pacific/Kiritimati", "2027-10-30", 2),
        ("UTC", "2027-10-30", 4),
        ("Europe/Bucharest", "2027-12-31", 6),
        ("Europe/Bucharest", "9999-12-30", 6),
        ("Europe/Bucharest", "4", 4),
    ],
)
def test_as_of_is_read_by_the_firms_clock(command: Command, zone: str, as_of: str, position: int) -> None:
    [report] = printed(command("gaps", "--json", "--as-of", as_of, TIME_ZONE=zone))["data"]
    assert report["as_of"]["position"] == position


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("as_of", "reason"),
    [
        (
            "2027-10-31T03:30:00",
            "clocks in Europe/Bucharest show 2027-10-31 03:30:00 twice; "
            "write 2027-10-31 03:30:00+03:00 or 2027-10-31 03:30:00+02:00",
        ),
        ("2027-03-28 03:30", "clocks in Europe/Bucharest never show 2027-03-28 03:30:00"),
        ("9999-12-31", "9999-12-31 is not a position, a day such as 2026-11-21, or a time such as"),
        ("2027-02-30", "2027-02-30 is not a position"),
        ("31.10.2027", "31.10.2027 is not a position"),
    ],
)
def test_a_time_that_can_mean_two_instants_or_none_is_refused(command: Command, as_of: str, reason: str) -> None:
    outcome = command("gaps", "--as-of", as_of)
    assert outcome.exit_code == 2
    assert reason in outcome.stderr


def test_a_wrong_zone_is_one_sentence_also_where_a_time_is_read(command: Command) -> None:
    outcome = command("gaps", "--as-of", "2027-10-31", TIME_ZONE="Mars/Olympus")
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("Error: NUMBERING_TIME_ZONE is 'Mars/Olympus'")
