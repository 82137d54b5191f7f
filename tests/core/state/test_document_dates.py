"""The dates of the documents of a series, by number, compared with a plain dictionary (CONTRACT.md D89)."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.values import IsoDate, Number
from service.core.state.document_dates import SHELF_WIDTH, DocumentDates

DATES = [IsoDate(text) for text in ("0001-01-01", "2027-01-01", "2027-01-02", "9999-12-31")]
NUMBERS = st.one_of(st.integers(1, 12), st.integers(SHELF_WIDTH - 3, SHELF_WIDTH + 3))


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(NUMBERS, st.sampled_from(DATES)), max_size=40))
def test_every_document_has_the_date_that_it_got_last(changes: list[tuple[int, IsoDate]]) -> None:
    dates = DocumentDates()
    expected = dict[int, IsoDate]()
    for number, date in changes:
        dates = dates.put(Number(number), date)
        expected[number] = date
        assert {each: dates.of(Number(each)) for each in expected} == expected


@given(st.lists(st.tuples(st.integers(1, SHELF_WIDTH - 1), st.sampled_from(DATES)), max_size=40))
def test_no_two_neighbouring_runs_have_one_day(changes: list[tuple[int, IsoDate]]) -> None:
    dates = DocumentDates()
    for number, date in changes:
        dates = dates.put(Number(number), date)
        (shelf,) = dates.shelves.values()
        days = [shelf[at + 2 : at + 6] for at in range(0, len(shelf), 6)]
        assert all(day != following for day, following in pairwise(days))


def test_a_busy_year_of_a_series_takes_a_few_bytes_a_day() -> None:
    dates = DocumentDates()
    days = [IsoDate(f"2027-{month:02}-{day:02}") for month in range(1, 13) for day in range(1, 29)]
    for number in range(100 * len(days)):
        dates = dates.put(Number(1 + number), days[number // 100])
    assert sum(len(shelf) for shelf in dates.shelves.values()) < 10 * len(days)


def test_a_date_that_goes_on_changes_nothing_but_the_last_number() -> None:
    dates = DocumentDates().put(Number(1), DATES[1])
    assert dates.put(Number(2), DATES[1]).shelves is dates.shelves
    assert dates.put(Number(1), DATES[1]) is dates
