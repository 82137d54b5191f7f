"""Stepping over numbers that the log has lost (CONTRACT.md D97)."""

import pytest

from schemas.commands import Caller
from schemas.events import NumbersLost, NumberWithdrawn, ReservationConsumed
from schemas.rejections import DocumentNotLast, SeriesExhausted, SeriesUnknown
from schemas.values import NUMBER_MAX, Fate, Number, NumberRange, Position, SeriesId
from service.core.decision import Done
from service.core.state.encoded_state import decode_state, encode_state
from service.core.state.ranges import ranges_of
from tests.support.domain.commands import (
    SERIES,
    a_consumption,
    a_deletion,
    a_device,
    a_document,
    a_key,
    a_lock,
    a_reservation_of,
    a_series,
    a_slot,
    a_void,
    an_advance,
    an_issue,
    the_operator,
)
from tests.support.domain.history import History, Step, a_history, verdict
from tests.support.domain.invariants import check_invariants

ADVANCED: Step = (an_advance(20), the_operator())


def a_lost_range(*before: Step) -> History:
    """A series whose counter was advanced behind 20 after these steps."""
    return a_history(*before, ADVANCED)


def test_the_counter_stands_behind_the_last_lost_number() -> None:
    """CONTRACT.md D97."""
    history = a_lost_range(a_lock(), a_reservation_of(3))

    assert history.events(after=3) == [NumbersLost(Number(4), Number(20), "restored from a copy")]
    assert history.series().next_number == 21
    assert history.series().lost == ranges_of([NumberRange(Number(4), Number(20))])
    assert history.state.lost_at == Position(4)


def test_every_number_is_accounted_for_with_the_term_lost() -> None:
    history = a_lost_range(a_lock(), a_reservation_of(3), an_issue())
    series = history.series()

    assert series.equation() | {Fate.STANDING: 1, Fate.PENDING: 3, Fate.LOST: 16} == series.equation()
    assert sum(series.equation().values()) == series.taken == 20
    check_invariants(history.records)


def test_the_next_document_gets_the_number_after_the_lost_ones() -> None:
    issued = a_lost_range().after(an_issue()).events()[-1]
    assert isinstance(issued, ReservationConsumed)
    assert issued.number == 21


def test_pending_numbers_and_the_lock_stay_as_they_were() -> None:
    history = a_lost_range(a_lock(), a_reservation_of(3))
    assert history.series().lock is not None
    assert verdict(history.decide(a_consumption(a_slot(2)))) is ReservationConsumed
    assert history.after(a_reservation_of(1)).series().next_number == 22


@pytest.mark.parametrize("caller", [the_operator(), a_device(), a_key()])
def test_an_operator_acts_for_no_firm_and_the_event_is_of_the_series_firm(caller: Caller) -> None:
    history = a_history((an_advance(5), caller))
    assert history.records[-1].firm_id == history.series().firm_id


@pytest.mark.parametrize("to", [0, 1, 20])
def test_a_counter_that_stands_there_already_is_left_alone(to: int) -> None:
    assert a_lost_range().decide(an_advance(to), the_operator()) == Done()


def test_a_series_that_the_log_lacks_is_not_advanced() -> None:
    other = SeriesId("nosuch")
    assert a_history().decide(an_advance(5, series_id=other), the_operator()) == SeriesUnknown(other)


def test_no_counter_goes_beyond_the_largest_number() -> None:
    """CONTRACT.md D84."""
    history = a_history()
    assert history.decide(an_advance(NUMBER_MAX + 1), the_operator()) == SeriesExhausted(SERIES, NUMBER_MAX)

    history.after((an_advance(NUMBER_MAX), the_operator()))
    assert history.series().lost == ranges_of([NumberRange(Number(1), NUMBER_MAX)])
    assert history.decide(an_issue()) == SeriesExhausted(SERIES, 0)


def test_no_document_has_a_lost_number() -> None:
    series = a_lost_range(an_issue()).series()
    assert [series.has_document(Number(n)) for n in (1, 2, 20, 21)] == [True, False, False, False]


def test_a_document_before_lost_numbers_is_not_the_last_one() -> None:
    history = a_history(an_issue(a_document("inv_1")), a_void(1, "inv_1"))
    assert verdict(history.decide(a_deletion(1, "inv_1"))) is NumberWithdrawn
    assert isinstance(history.after(ADVANCED).decide(a_deletion(1, "inv_1")), DocumentNotLast)


def test_a_counter_is_advanced_from_any_start_number_and_again() -> None:
    history = History().after((a_series(start_number=500), a_key()), (an_advance(510), the_operator()))
    history.after((an_advance(520), the_operator()))
    assert history.series().lost == ranges_of([NumberRange(Number(500), Number(520))])
    check_invariants(history.records)


def test_a_snapshot_keeps_what_was_lost() -> None:
    state = a_lost_range(a_lock(), a_reservation_of(3)).state
    assert decode_state(encode_state(state)) == state
