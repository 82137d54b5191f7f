"""Blocks and their slots: the effective-status table (CONTRACT.md section 7) and the rules around it."""

import pytest

from schemas.commands import Caller, Command, UnlockSeries
from schemas.events import NumbersReserved, ReservationConsumed, ReservationExpired, ReservationReleased
from schemas.outcomes import ReleasedOutcome, ReservedOutcome
from schemas.rejections import (
    NotYourReservation,
    PendingLimitReached,
    ReservationAlreadyConsumed,
    ReservationHasExpired,
    ReservationNotFound,
    ReservationNotPending,
    ReservationOfOtherDevice,
    ReservationUnknown,
    SeriesExhausted,
    SeriesUnknown,
)
from schemas.values import NUMBER_MAX, DeviceId, Fate, Mode, Number, NumberRange, Position, SeriesId, UnixSeconds
from service.core.decision import Append, Done
from tests.support.domain.commands import (
    HOLD_SECONDS,
    NONCE,
    NOW,
    OTHER_FIRM,
    SERIES,
    a_consumption,
    a_device,
    a_document,
    a_key,
    a_lock,
    a_release,
    a_reservation_of,
    a_series,
    a_session_without_device,
    a_slot,
    a_sweep,
    a_void,
    an_issue,
    the_sweeper,
)
from tests.support.domain.history import History, Step, a_history, verdict

BLOCK = Position(3)
DUE = UnixSeconds(NOW + HOLD_SECONDS)
ONE = Number(1)
CONSUME = a_consumption(a_slot(1), a_document("inv_new"))
RELEASE = a_release(a_slot(1))
CONSUMED = a_consumption(a_slot(1), a_document("inv_old"))
VOIDED = a_void(1, "inv_old")
SWEPT = (a_sweep(), the_sweeper(), DUE)

STATUSES: list[tuple[str, list[Step], int, object, object]] = [
    ("pending", [], DUE - 1, ReservationConsumed, ReservationReleased),
    ("pending at its end", [], DUE, ReservationHasExpired(ONE), ReservationHasExpired(ONE)),
    ("pending after its end", [], DUE + 9, ReservationHasExpired(ONE), ReservationHasExpired(ONE)),
    ("expired", [SWEPT], DUE, ReservationHasExpired(ONE), ReservationHasExpired(ONE)),
    ("released", [RELEASE], NOW, ReservationNotPending(ONE), Done()),
    ("released, after its end", [RELEASE], DUE, ReservationNotPending(ONE), Done()),
    ("consumed", [CONSUMED], NOW, ReservationAlreadyConsumed(ONE), ReservationAlreadyConsumed(ONE)),
    ("consumed, after its end", [CONSUMED], DUE, ReservationAlreadyConsumed(ONE), ReservationAlreadyConsumed(ONE)),
    ("voided", [CONSUMED, VOIDED], NOW, ReservationAlreadyConsumed(ONE), ReservationAlreadyConsumed(ONE)),
]


def a_block_of(count: int, *steps: Step) -> History:
    return a_history(a_lock(), a_reservation_of(count), *steps)


@pytest.mark.parametrize("neighbours", [1, 3], ids=["alone in its block", "among others"])
@pytest.mark.parametrize(
    ("steps", "at", "consumed", "released"), [row[1:] for row in STATUSES], ids=[row[0] for row in STATUSES]
)
def test_the_effective_status_of_a_number_decides(
    neighbours: int, steps: list[Step], at: int, consumed: object, released: object
) -> None:
    history = a_block_of(neighbours, *steps)
    assert verdict(history.decide(CONSUME, at=at)) == consumed
    assert verdict(history.decide(RELEASE, at=at)) == released


STRANGERS = {"another device": a_device("till_2"), "a key": a_key(), "no device": a_session_without_device()}


@pytest.mark.parametrize("caller", STRANGERS.values(), ids=STRANGERS)
@pytest.mark.parametrize(("steps", "at"), [row[1:3] for row in STATUSES], ids=[row[0] for row in STATUSES])
def test_a_strangers_release_is_forbidden_whatever_the_state(caller: Caller, steps: list[Step], at: int) -> None:
    assert a_block_of(1, *steps).decide(RELEASE, caller, at) == NotYourReservation(ONE)


@pytest.mark.parametrize("caller", STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_cannot_consume_and_learns_first_what_became_of_the_number(caller: Caller) -> None:
    assert a_block_of(1).decide(CONSUME, caller) == ReservationOfOtherDevice(ONE)
    assert a_block_of(1).decide(CONSUME, caller, DUE) == ReservationHasExpired(ONE)
    assert a_block_of(1, CONSUMED).decide(CONSUME, caller) == ReservationAlreadyConsumed(ONE)
    assert a_block_of(1, RELEASE).decide(CONSUME, caller) == ReservationNotPending(ONE)


ABROAD = {"another firm": a_device(firm=OTHER_FIRM), "the other mode": a_device(mode=Mode.TEST)}


@pytest.mark.parametrize("caller", ABROAD.values(), ids=ABROAD)
@pytest.mark.parametrize("steps", [[], [CONSUMED], [RELEASE], [SWEPT]])
def test_a_token_of_another_partition_does_not_exist(caller: Caller, steps: list[Step]) -> None:
    history = a_block_of(1, *steps)
    assert history.decide(CONSUME, caller, DUE) == ReservationUnknown()
    assert history.decide(RELEASE, caller, DUE) == ReservationNotFound()


def test_a_token_that_opens_to_nothing_does_not_exist() -> None:
    assert a_history().decide(a_consumption(None)) == ReservationUnknown()
    assert a_history().decide(a_release(None)) == ReservationNotFound()


def test_a_block_is_the_next_numbers_and_moves_the_counter_past_them() -> None:
    history = a_history(a_lock())
    outcome = history.attempt(a_reservation_of(10))
    assert outcome == ReservedOutcome(
        BLOCK,
        SERIES,
        ONE,
        Number(10),
        DeviceId("till_1"),
        NOW,
        DUE,
        "k1",
        NONCE,
    )
    assert history.series().next_number == 11
    assert history.attempt(a_reservation_of(1)) != outcome
    assert history.series().next_number == 12


def test_a_reservation_begins_at_the_series_start_number() -> None:
    history = History().after((a_series(start_number=500), a_key()), a_lock(), a_reservation_of(2))
    assert isinstance(history.events()[-1], NumbersReserved)
    assert history.series().fate(Number(500), BLOCK) is Fate.PENDING


def test_an_unknown_series_is_unknown_before_it_is_not_locked() -> None:
    """CONTRACT.md D41."""
    nowhere = SeriesId("nowhere")
    assert a_history().decide(a_reservation_of(1, nowhere), a_key()) == SeriesUnknown(nowhere)


@pytest.mark.parametrize(("left", "count", "is_refused"), [(5, 5, False), (5, 6, True), (0, 1, True)])
def test_a_counter_at_its_end_gives_what_is_left_and_no_more(left: int, count: int, *, is_refused: bool) -> None:
    start = NUMBER_MAX - 9
    history = History().after((a_series(start_number=start), a_key()), a_lock(), a_reservation_of(10 - left))
    expected = SeriesExhausted(SERIES, left) if is_refused else NumbersReserved
    assert verdict(history.decide(a_reservation_of(count))) == expected
    end = SeriesExhausted(SERIES, 0)
    assert verdict(history.decide(an_issue())) == (ReservationConsumed if left else end)


LIMIT = a_reservation_of(2, pending_max=4)


@pytest.mark.parametrize(
    ("steps", "at", "expected"),
    [
        ([a_reservation_of(2)], NOW, NumbersReserved),
        ([a_reservation_of(3)], NOW, PendingLimitReached(SERIES, 3, 4)),
        ([a_reservation_of(3), RELEASE], NOW, NumbersReserved),
        ([a_reservation_of(3), CONSUMED], NOW, NumbersReserved),
        ([a_reservation_of(3)], DUE, NumbersReserved),
        ([a_reservation_of(3), SWEPT], DUE, NumbersReserved),
    ],
    ids=["up to the limit", "over it", "released", "consumed", "overdue but not swept", "swept"],
)
def test_only_numbers_the_device_can_still_use_count_against_its_limit(
    steps: list[Step], at: int, expected: object
) -> None:
    """CONTRACT.md D42."""
    assert verdict(a_history(a_lock(), *steps).decide(LIMIT, at=at)) == expected


def test_another_devices_numbers_do_not_count_against_the_limit() -> None:
    theirs: list[Step] = [(a_lock(), a_device("till_2")), (a_reservation_of(4), a_device("till_2"))]
    history = a_history(*theirs)
    history.after((UnlockSeries(SERIES, is_forced=True), a_key()), a_lock())
    assert verdict(history.decide(LIMIT)) is NumbersReserved


def test_a_release_of_a_released_number_is_answered_as_the_first_was() -> None:
    """CONTRACT.md D44."""
    history = a_block_of(1)
    first = history.attempt(RELEASE)
    assert first == ReleasedOutcome(BLOCK, ONE)
    assert history.attempt(RELEASE) == first
    assert len(history.records) == 4


def test_numbers_that_ended_are_never_given_again() -> None:
    history = a_block_of(3, RELEASE, SWEPT)
    history.after((a_reservation_of(1), a_device(), DUE))
    event = history.events()[-1]
    assert isinstance(event, NumbersReserved)
    assert event.first == 4


def test_a_sweep_records_what_is_left_of_each_overdue_block_in_one_event_a_block() -> None:
    history = a_block_of(5, a_release(a_slot(3)), a_reservation_of(2), (a_reservation_of(1), a_device(), NOW + 1))
    decision = history.decide(a_sweep(), the_sweeper(), DUE)
    assert decision == Append(
        [
            (SERIES, ReservationExpired(BLOCK, ranges((1, 2), (4, 5)))),
            (SERIES, ReservationExpired(Position(5), ranges((6, 7)))),
        ]
    )


def test_a_sweep_before_the_time_finds_nothing() -> None:
    assert a_block_of(5).decide(a_sweep(), the_sweeper(), DUE - 1) == Done()


def test_a_sweep_after_a_sweep_finds_nothing() -> None:
    assert a_block_of(5, SWEPT).decide(a_sweep(), the_sweeper(), DUE) == Done()


def test_a_sweep_ends_the_blocks_it_was_asked_for_and_no_others() -> None:
    history = a_history(a_lock(), *[a_reservation_of(1)] * 30)
    for first in (3, 13, 23):
        history.after((a_sweep(first, first + 9), the_sweeper(), DUE))
        ended = [e.reservation for e in history.events() if isinstance(e, ReservationExpired)]
        assert ended == list(range(3, first + 10))


def test_a_sweep_acts_for_the_firm_of_each_series() -> None:
    history = a_block_of(1, SWEPT)
    record = history.records[-1]
    assert (record.firm_id, record.mode, record.device_id) == ("firm_a", Mode.LIVE, None)
    assert record.actor == the_sweeper().actor


RACERS: list[Command] = [CONSUME, RELEASE, a_sweep()]


@pytest.mark.parametrize("first", RACERS, ids=["consume", "release", "expire"])
def test_of_consume_release_and_expire_exactly_one_wins(first: Command) -> None:
    history = a_block_of(1)
    at = DUE if first is RACERS[2] else NOW
    history.after((first, a_device(), at))
    before = len(history.records)
    for command in RACERS:
        history.attempt(command, at=DUE)
    assert len(history.records) == before


def ranges(*pairs: tuple[int, int]) -> tuple[NumberRange, ...]:
    return tuple(NumberRange(Number(first), Number(last)) for first, last in pairs)
