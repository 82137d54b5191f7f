"""The standing neighbours of a document bound its date; they are compared with a look at every number (D89)."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.commands import Command
from schemas.events import DocumentChanged
from schemas.rejections import DateAfterNext, DateBeforePrevious, Rejection
from schemas.values import Fate, IsoDate, Number, Position
from service.core.neighbours import standing_above, standing_below
from service.core.state.state import Series
from tests.support.domain.commands import (
    HOLD_SECONDS,
    NOW,
    a_change,
    a_consumption,
    a_document,
    a_lock,
    a_release,
    a_reservation_of,
    a_reversal,
    a_slot,
    a_sweep,
    a_void,
    an_issue,
    an_unvoid,
    the_sweeper,
)
from tests.support.domain.history import History, Step, a_history, verdict


def a_mixed_series(chance: Random) -> History:
    """A series whose numbers have every fate."""
    history = a_history(a_lock())
    reserved: list[tuple[int, Position]] = []
    for place in range(chance.randrange(1, 40)):
        first, position = history.series().next_number, history.state.position
        count = chance.choice([1, 2, 5])
        commands: list[Command] = [an_issue(a_document(f"inv_{place}")), a_reservation_of(count)]
        if chance.random() < 0.5:
            history.attempt(commands[0])
        else:
            history.attempt(commands[1])
            reserved += [(first + each, Position(position + 1)) for each in range(count)]
    for number, reservation in reserved:
        slot = a_slot(number, reservation)
        choice = chance.random()
        if choice < 0.3:
            history.attempt(a_consumption(slot, a_document(f"token_{number}")))
        elif choice < 0.5:
            history.attempt(a_release(slot))
    for issued in range(1, history.series().next_number):
        if chance.random() < 0.3:
            history.attempt(a_void(issued, f"inv_{issued}"))
    if chance.random() < 0.5:
        assert not isinstance(history.attempt(a_sweep(), the_sweeper(), NOW + HOLD_SECONDS), Rejection)
    return history


def stands(series: Series, number: int) -> bool:
    return series.has_document(Number(number)) and Number(number) not in series.voided


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_the_neighbours_of_a_number_are_the_nearest_standing_documents(seed: int) -> None:
    series = a_mixed_series(Random(seed)).series()  # noqa: S311 - the same series again for the same seed
    standing = [number for number in range(1, series.next_number) if stands(series, number)]
    assert len(standing) == series.equation()[Fate.STANDING]
    for number in range(series.next_number + 1):
        below, above = standing_below(series, Number(number)), standing_above(series, Number(number))
        assert below == max((each for each in standing if each < number), default=None)
        assert above == min((each for each in standing if each > number), default=None)


DAYS = (1, 5, 10, 15, 20)
FIVE: list[Step] = [
    an_issue(a_document(f"inv_{number}", f"2027-01-{day:02}")) for number, day in enumerate(DAYS, start=1)
]


def moved(number: int, day: int) -> Command:
    return a_change(
        number, f"inv_{number}", date=f"2027-01-{day:02}", issued_date=f"2027-01-{(1, 5, 10, 15, 20)[number - 1]:02}"
    )


def before(date: int, number: int, bound: int) -> DateBeforePrevious:
    return DateBeforePrevious(IsoDate(f"2027-01-{date:02}"), Number(number), IsoDate(f"2027-01-{bound:02}"))


def after(date: int, number: int, bound: int) -> DateAfterNext:
    return DateAfterNext(IsoDate(f"2027-01-{date:02}"), Number(number), IsoDate(f"2027-01-{bound:02}"))


NEIGHBOURS: list[tuple[str, list[Step], Command, object]] = [
    ("between its neighbours", FIVE, moved(3, 9), DocumentChanged),
    ("to the day of the one below", FIVE, moved(3, 5), DocumentChanged),
    ("to the day of the one above", FIVE, moved(3, 15), DocumentChanged),
    ("before the one below", FIVE, moved(3, 4), before(4, 2, 5)),
    ("after the one above", FIVE, moved(3, 16), after(16, 4, 15)),
    ("the first after all others", FIVE, moved(1, 25), after(25, 2, 5)),
    (
        "the first before all others",
        FIVE,
        a_change(1, "inv_1", date="2027-01-01", issued_date="2027-01-01"),
        DocumentChanged,
    ),
    ("the last after all others", FIVE, moved(5, 31), DocumentChanged),
    ("the last before the one below", FIVE, moved(5, 14), before(14, 4, 15)),
    ("past one that is voided", [*FIVE, a_void(2, "inv_2")], moved(3, 4), DocumentChanged),
    (
        "past one that is voided, to the next",
        [*FIVE, a_void(2, "inv_2"), a_void(1, "inv_1")],
        moved(3, 1),
        DocumentChanged,
    ),
    ("past one that came back", [*FIVE, a_void(2, "inv_2"), an_unvoid(2, "inv_2")], moved(3, 4), before(4, 2, 5)),
    ("past one that was moved itself", [*FIVE, moved(2, 8)], moved(3, 7), before(7, 2, 8)),
    ("past numbers without documents", [*FIVE, a_lock(), a_reservation_of(3)], moved(5, 31), DocumentChanged),
    (
        "below a late token",
        [*FIVE, a_lock(), a_reservation_of(3), a_consumption(a_slot(7, 13), a_document("inv_7", "2027-01-22"))],
        moved(5, 23),
        after(23, 7, 22),
    ),
    (
        "below a reversal",
        [*FIVE, a_reversal(1, "inv_1", a_document("storno", "2027-01-21"))],
        moved(5, 22),
        after(22, 6, 21),
    ),
]


@pytest.mark.parametrize(
    ("steps", "command", "expected"), [row[1:] for row in NEIGHBOURS], ids=[row[0] for row in NEIGHBOURS]
)
def test_a_date_moves_between_those_of_the_standing_neighbours(
    steps: list[Step], command: Command, expected: object
) -> None:
    """CONTRACT.md D89."""
    assert verdict(a_history(*steps).decide(command)) == expected
