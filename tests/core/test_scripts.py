"""Properties of whole working days, drawn at random."""

from random import Random
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.commands import (
    Command,
    DescribeSeries,
    ExpireReservations,
    LockSeries,
    MakePrimary,
    ReleaseReservation,
    UnlockSeries,
)
from schemas.events import Event
from schemas.rejections import Rejection
from schemas.values import DEFAULT_LOG
from service.core.decision import Append, Done
from service.core.evolve import evolve
from service.core.state.encoded_state import decode_state, encode_state
from service.core.state.state import empty_state
from tests.support.domain.commands import NOW
from tests.support.domain.history import History
from tests.support.domain.invariants import check_invariants
from tests.support.domain.scripts import Script

REPEATABLE = (DescribeSeries, ExpireReservations, LockSeries, MakePrimary, ReleaseReservation, UnlockSeries)
SEEDS = st.integers(0, 2**32)


def a_day(seed: int, commands: int) -> History:
    """A history of random commands; their times mostly increase."""
    chance = Random(seed)  # noqa: S311 - a day must be the same again for the same seed
    script, history, now = Script(chance), History(), int(NOW)
    for _ in range(commands):
        now = max(0, now + chance.choice([0, 0, 1, 5, 60, -30]))
        command, caller = script.draw(history.state)
        before, position = history.state, history.state.position
        refused = isinstance(history.attempt(command, caller, now), Rejection)
        script.learn(history.records[position:])
        assert not (refused and history.state != before), "a refusal changes nothing"
        assert _is_done_if_repeatable(history, command, refused=refused, at=now, position=position)
    return history


def _is_done_if_repeatable(history: History, command: Command, *, refused: bool, at: int, position: int) -> bool:
    if refused or not isinstance(command, REPEATABLE) or history.state.position == position:
        return True
    caller = history.last_caller
    return history.decide(command, caller, max(at, history.state.at)) == Done()


def test_eight_random_days_leave_no_event_type_out() -> None:
    happened = {type(record.event) for seed in range(8) for record in a_day(seed, 800).records}
    never = {kind.__name__ for kind in get_args(Event)} - {kind.__name__ for kind in happened}
    assert never == set(), "let `Script` of tests/support/domain/scripts.py draw the command that causes it"


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_a_snapshot_of_any_day_is_the_state_it_was_made_of(seed: int) -> None:
    state = a_day(seed, 120).state
    assert decode_state(encode_state(state)) == state


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_the_books_balance_after_every_event_of_any_day(seed: int) -> None:
    history = a_day(seed, 120)
    assert check_invariants(history.records) == history.state


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_replaying_the_records_gives_the_state_that_was_carried_along(seed: int) -> None:
    history = a_day(seed, 120)
    state = empty_state(DEFAULT_LOG)
    for record in history.records:
        evolve(state, record)
    assert state == history.state


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_a_partition_ends_with_its_last_event(seed: int) -> None:
    history = a_day(seed, 120)
    ends = {(record.firm_id, record.mode): record.position for record in history.records}
    assert {partition: history.state.partition_end(*partition) for partition in ends} == ends


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_a_decision_is_the_same_whenever_it_is_made(seed: int) -> None:
    history = a_day(seed, 60)
    script = Script(Random(seed))  # noqa: S311 - likewise
    script.learn(history.records)
    for _ in range(20):
        command, caller = script.draw(history.state)
        first = history.decide(command, caller, history.state.at)
        assert history.decide(command, caller, history.state.at) == first
        assert not isinstance(first, Append) or first.events
