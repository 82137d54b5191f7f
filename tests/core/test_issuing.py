"""How documents get numbers (CONTRACT.md section 9): which series, which check comes first, which dates."""

import pytest

from schemas.commands import Caller, Command, UnlockSeries
from schemas.events import NumbersReserved, ReservationConsumed
from schemas.outcomes import DocumentOutcome
from schemas.rejections import (
    ChronologyViolated,
    DocumentTypeMismatch,
    NoPrimarySeries,
    ReservationHasExpired,
    ReservationOfOtherDevice,
    ReservationOfOtherSeries,
    ReservationUnknown,
    SeriesLockedToOtherDevice,
    SeriesUnknown,
)
from schemas.values import DocumentId, DocumentType, IsoDate, Mode, Number, Position, SeriesId
from service.core.decision import Append
from service.core.full_number import full_number
from tests.support.domain.commands import (
    HOLD_SECONDS,
    NOW,
    OTHER_FIRM,
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
    an_issue,
    an_unvoid,
)
from tests.support.domain.history import History, Step, a_history, verdict

FISCAL, PROFORMA = DocumentType.FISCAL, DocumentType.PROFORMA
SECOND, THIRD, NOWHERE = SeriesId("second"), SeriesId("third"), SeriesId("nowhere")
A_PROFORMA = a_document("pro_1", document_type=PROFORMA)
EARLY, LATE = "2027-01-10", "2027-01-20"
DUE = NOW + HOLD_SECONDS


def three_series(*steps: Step) -> History:
    """FACT (fiscal, primary, locked to till_1, numbers 1 to 3 reserved at position 5), OTHER (fiscal), PRO."""
    opening: list[Step] = [
        (a_series(SECOND, "OTHER"), a_key()),
        (a_series(THIRD, "PRO", PROFORMA), a_key()),
        a_lock(),
        a_reservation_of(3),
    ]
    return a_history(*opening, *steps)


SLOT = a_slot(1, reservation=5)

CHECKS: list[tuple[str, Command, Caller, int, object]] = [
    ("a named series must exist", an_issue(series_id=NOWHERE), a_device(), NOW, SeriesUnknown(NOWHERE)),
    (
        "a named series must number documents of the type",
        an_issue(A_PROFORMA, SERIES),
        a_device(),
        NOW,
        DocumentTypeMismatch(SERIES, FISCAL, PROFORMA, is_by_token=False),
    ),
    ("without a series the primary one of the type is taken", an_issue(A_PROFORMA, None), a_key(), NOW, THIRD),
    ("without a series the token chooses", a_consumption(SLOT), a_device(), NOW, SERIES),
    ("naming the token's series changes nothing", a_consumption(SLOT, series_id=SERIES), a_device(), NOW, SERIES),
    (
        "a named series must exist before the token is looked at",
        a_consumption(None, series_id=NOWHERE),
        a_device(),
        NOW,
        SeriesUnknown(NOWHERE),
    ),
    (
        "the type of a named series comes before the token",
        a_consumption(None, A_PROFORMA, SERIES),
        a_device(),
        NOW,
        DocumentTypeMismatch(SERIES, FISCAL, PROFORMA, is_by_token=False),
    ),
    ("a token must exist", a_consumption(None, series_id=SERIES), a_device(), NOW, ReservationUnknown()),
    (
        "a token must be of the named series, before its status counts",
        a_consumption(SLOT, series_id=SECOND),
        a_device("till_2"),
        DUE,
        ReservationOfOtherSeries(SERIES),
    ),
    (
        "a token must be of a series of the document's type",
        a_consumption(SLOT, A_PROFORMA),
        a_device("till_2"),
        DUE,
        DocumentTypeMismatch(SERIES, FISCAL, PROFORMA, is_by_token=True),
    ),
    ("expiry comes before the device", a_consumption(SLOT), a_device("till_2"), DUE, ReservationHasExpired(Number(1))),
    ("the device comes last", a_consumption(SLOT), a_device("till_2"), NOW, ReservationOfOtherDevice(Number(1))),
    ("a key never consumes", a_consumption(SLOT), a_key(), NOW, ReservationOfOtherDevice(Number(1))),
]


@pytest.mark.parametrize(
    ("command", "caller", "at", "expected"), [row[1:] for row in CHECKS], ids=[row[0] for row in CHECKS]
)
def test_checks_stop_at_the_first_failure_in_the_documented_order(
    command: Command, caller: Caller, at: int, expected: object
) -> None:
    """CONTRACT.md D55."""
    decision = three_series().decide(command, caller, at)
    if isinstance(decision, Append):
        assert {series_id for series_id, _ in decision.events} == {expected}
    else:
        assert decision == expected


@pytest.mark.parametrize(
    "caller", [a_key(firm=OTHER_FIRM), a_key(mode=Mode.TEST)], ids=["another firm", "the other mode"]
)
def test_a_partition_without_a_primary_series_must_name_one(caller: Caller) -> None:
    assert three_series().decide(an_issue(series_id=None), caller) == NoPrimarySeries(FISCAL)


def test_issuing_online_takes_and_consumes_the_next_number_in_one_append() -> None:
    history = a_history()
    outcome = history.attempt(an_issue(a_document("inv_7")), a_key())
    assert outcome == DocumentOutcome(DocumentId("inv_7"), Position(3))
    taken, put = history.events(after=1)
    assert taken == NumbersReserved(Number(1), Number(1), None, NOW, None)
    assert isinstance(put, ReservationConsumed)
    assert (put.reservation, put.number) == (2, 1)


def test_a_consumed_token_leaves_the_counter_where_it_was() -> None:
    history = three_series(a_consumption(SLOT))
    assert history.series().next_number == 4
    assert history.series().is_used


def test_tokens_are_consumed_in_any_order_and_after_higher_numbers() -> None:
    history = three_series(an_issue(a_document("inv_4")), a_consumption(a_slot(3, 5)), a_consumption(SLOT, A2))
    assert [e.number for e in history.events() if isinstance(e, ReservationConsumed)] == [4, 3, 1]


A2 = a_document("inv_2")


def test_a_valid_token_passes_the_lock_of_another_device_and_an_issue_does_not() -> None:
    """CONTRACT.md D51."""
    till_2 = a_device("till_2")
    history = three_series((UnlockSeries(SERIES, is_forced=True), a_key()), (a_lock(), till_2))
    assert verdict(history.decide(a_consumption(SLOT))) is ReservationConsumed
    assert history.decide(an_issue()) == SeriesLockedToOtherDevice(SERIES)


CHRONOLOGY: list[tuple[str, list[Step], str, bool, str | None]] = [
    ("the first document may have any date", [], "1999-01-01", True, None),
    ("an earlier date is refused", [an_issue(a_document("a", LATE))], EARLY, True, LATE),
    ("an equal date is fine", [an_issue(a_document("a", LATE))], LATE, True, None),
    ("a later and a future date is fine", [an_issue(a_document("a", EARLY))], "2099-12-31", True, None),
    ("who says so may be earlier", [an_issue(a_document("a", LATE))], EARLY, False, None),
    (
        "the greatest date counts, not the latest issued",
        [
            an_issue(a_document("a", LATE)),
            an_issue(a_document("b", EARLY), is_chronology_checked=False),
        ],
        "2027-01-15",
        True,
        LATE,
    ),
    (
        "a voided document does not count",
        [an_issue(a_document("a", LATE)), a_void(1, "a")],
        EARLY,
        True,
        None,
    ),
    (
        "the latest of those that stand counts",
        [an_issue(a_document("a", "2027-01-12")), an_issue(a_document("b", LATE)), a_void(2, "b")],
        EARLY,
        True,
        "2027-01-12",
    ),
    (
        "one of two on the latest day is voided",
        [an_issue(a_document("a", LATE)), an_issue(a_document("b", LATE)), a_void(2, "b")],
        EARLY,
        True,
        LATE,
    ),
    (
        "a document that came back counts again",
        [an_issue(a_document("a", LATE)), a_void(1, "a"), an_unvoid(1, "a")],
        EARLY,
        True,
        LATE,
    ),
]


@pytest.mark.parametrize("how", ["online", "by token"])
@pytest.mark.parametrize(
    ("steps", "date", "is_checked", "latest"), [row[1:] for row in CHRONOLOGY], ids=[row[0] for row in CHRONOLOGY]
)
def test_chronology(steps: list[Step], date: str, is_checked: bool, latest: str | None, how: str) -> None:
    """CONTRACT.md D59 and D88."""
    history = a_history(*steps, a_lock(), a_reservation_of(1))
    slot = a_slot(history.series().next_number - 1, history.state.position)
    document = a_document("new", date)
    command = (
        an_issue(document, is_chronology_checked=is_checked)
        if how == "online"
        else a_consumption(slot, document, is_chronology_checked=is_checked)
    )
    expected = ReservationConsumed if latest is None else ChronologyViolated(IsoDate(date), IsoDate(latest))
    assert verdict(history.decide(command)) == expected


def test_a_withdrawn_document_bounds_no_dates_and_leaves_the_series_used() -> None:
    void = a_void(1, "a")
    history = a_history(an_issue(a_document("a", LATE)), void, a_deletion(1, "a", LATE))
    assert verdict(history.decide(an_issue(a_document("b", EARLY)))) is ReservationConsumed
    assert history.series().is_used
    assert history.series().next_number == 2


def test_chronology_is_of_one_series() -> None:
    history = a_history(an_issue(a_document("a", LATE)), (a_series(SECOND, "OTHER"), a_key()))
    assert verdict(history.decide(an_issue(a_document("b", EARLY), SECOND))) is ReservationConsumed


REFUSED = [an_issue(a_document("b", EARLY)), an_issue(A_PROFORMA), an_issue(series_id=NOWHERE)]


@pytest.mark.parametrize("refused", REFUSED, ids=["its date", "its type", "its series"])
def test_a_refused_issue_spends_no_number(refused: Command) -> None:
    history = a_history(an_issue(a_document("a", LATE)))
    before = history.state
    history.attempt(refused)
    assert history.state == before


def test_voiding_and_unvoiding_move_no_counter_and_no_number() -> None:
    void = a_void(1, "inv_1")
    history = a_history(an_issue(), an_issue(A2), void)
    assert history.series().next_number == 3
    history.after((an_unvoid(1, "inv_1"), a_key()))
    assert history.series().next_number == 3


def test_a_number_is_printed_with_five_digits_or_as_many_as_it_has() -> None:
    """CONTRACT.md D18."""
    printed = [full_number("F-{number}", Number(number), IsoDate(EARLY)) for number in (1, 99_999, 100_000, 9_999_999)]

    assert printed == ["F-00001", "F-99999", "F-100000", "F-9999999"]
