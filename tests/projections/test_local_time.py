"""A time in a report for people is that of the firm's clock, and says how far from UTC it is."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from projections.replay.local_time import local_time
from schemas.values import UnixSeconds


def shown(utc: str, zone: str) -> str:
    return local_time(UnixSeconds(int(datetime.fromisoformat(utc).timestamp())), ZoneInfo(zone))


@pytest.mark.parametrize(
    ("utc", "zone", "local"),
    [
        ("2026-11-25T22:58:10Z", "Europe/Bucharest", "2026-11-26 00:58:10+02:00"),  # the next day
        ("2026-11-25T22:58:10Z", "Asia/Kolkata", "2026-11-26 04:28:10+05:30"),  # half an hour
        ("2026-11-25T22:58:10Z", "Asia/Kathmandu", "2026-11-26 04:43:10+05:45"),
        ("2026-11-26T02:58:10Z", "America/St_Johns", "2026-11-25 23:28:10-03:30"),  # the day before
        ("2026-12-31T22:30:00Z", "Europe/Bucharest", "2027-01-01 00:30:00+02:00"),  # the next year
        ("2027-01-01T00:30:00Z", "America/New_York", "2026-12-31 19:30:00-05:00"),
        ("2026-03-29T00:59:59Z", "Europe/Bucharest", "2026-03-29 02:59:59+02:00"),  # clocks are set forward
        ("2026-03-29T01:00:00Z", "Europe/Bucharest", "2026-03-29 04:00:00+03:00"),
        ("2026-10-25T00:30:00Z", "Europe/Bucharest", "2026-10-25 03:30:00+03:00"),  # clocks are set back
        ("2026-10-25T01:30:00Z", "Europe/Bucharest", "2026-10-25 03:30:00+02:00"),
        ("2026-04-04T15:15:00Z", "Australia/Lord_Howe", "2026-04-05 01:45:00+10:30"),  # by half an hour
        ("2026-11-25T22:58:10Z", "UTC", "2026-11-25 22:58:10Z"),
        ("2026-11-25T22:58:10Z", "Europe/London", "2026-11-25 22:58:10+00:00"),  # not UTC, though now it agrees
        ("1970-01-01T00:00:00Z", "America/New_York", "1969-12-31 19:00:00-05:00"),
    ],
)
def test_it_is_the_time_on_the_firms_clock(utc: str, zone: str, local: str) -> None:
    assert shown(utc, zone) == local
    assert datetime.fromisoformat(local) == datetime.fromisoformat(utc)


def test_no_time_is_a_dash() -> None:
    assert local_time(None, ZoneInfo("UTC")) == "-"


@pytest.mark.parametrize("at", [253_402_300_799, 2**63 - 1, -(2**63)])
def test_what_no_calendar_holds_is_shown_in_seconds(at: int) -> None:
    """A forged event in the stream may say anything, and `adopt-tail` shows it."""
    assert local_time(UnixSeconds(at), ZoneInfo("Europe/Bucharest")) == f"{at} s after 1970"
