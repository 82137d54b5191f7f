"""Changes, reversals, withdrawals and drafts (CONTRACT.md section 10, D54, D76, D83)."""

import pytest

from schemas.commands import Caller, Command, DeleteDraft, OpenSeries, SaveDraft, UnlockSeries, VoidDraft
from schemas.events import (
    DocumentChanged,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
    DraftSaved,
    DraftVoided,
    NumberWithdrawn,
    ReservationConsumed,
)
from schemas.rejections import (
    ChronologyViolated,
    DateAfterNext,
    DocumentAlreadyReversed,
    DocumentAlreadyVoided,
    DocumentHasChanged,
    DocumentIsReversal,
    DocumentNotDeletable,
    DocumentNotLast,
    DocumentNotReversible,
    DocumentUnknown,
    ReversalOfVoided,
    SeriesExhausted,
    SeriesLockedToDevice,
    SeriesLockedToOtherDevice,
    YearFixed,
)
from schemas.values import NUMBER_MAX, DocumentId, DocumentType, Fate, IsoDate, Mode, Number
from tests.support.domain.commands import (
    OTHER_FIRM,
    SERIES,
    TODAY,
    a_change,
    a_consumption,
    a_deletion,
    a_device,
    a_document,
    a_key,
    a_lock,
    a_reservation_of,
    a_reversal,
    a_series,
    a_slot,
    a_void,
    an_issue,
    an_unvoid,
    digest,
    shown,
)
from tests.support.domain.history import History, Step, a_history, verdict
from tests.support.domain.invariants import check_invariants

ONE = DocumentId("inv_1")
ISSUE = an_issue()
REVERSE = a_reversal(1, "inv_1", a_document("storno_2"))
REVERSE_AGAIN = a_reversal(1, "inv_1", a_document("storno_3"))
DELETE = a_deletion(1, "inv_1")
EARLY, LATE = IsoDate("2027-01-10"), IsoDate("2027-01-20")

REVERSING: list[tuple[str, list[Step], Caller, object]] = [
    ("a standing one", [ISSUE], a_key(), DocumentReversed),
    ("a voided one", [ISSUE, a_void(1, "inv_1")], a_key(), DocumentNotReversible(ONE)),
    ("a reversed one", [ISSUE, REVERSE], a_key(), DocumentAlreadyReversed(ONE)),
    ("one whose reversal was voided", [ISSUE, REVERSE, a_void(2, "storno_2")], a_key(), DocumentReversed),
    (
        "one whose reversal was deleted",
        [ISSUE, REVERSE, a_void(2, "storno_2"), a_deletion(2, "storno_2")],
        a_key(),
        DocumentReversed,
    ),
    (
        "one whose first reversal stands again after the second was voided",
        [ISSUE, REVERSE, a_void(2, "storno_2"), REVERSE_AGAIN, a_void(3, "storno_3"), an_unvoid(2, "storno_2")],
        a_key(),
        DocumentAlreadyReversed(ONE),
    ),
    ("without the lock", [ISSUE, a_lock()], a_key(), SeriesLockedToDevice(SERIES)),
    ("under another's lock", [ISSUE, a_lock()], a_device("till_2"), SeriesLockedToOtherDevice(SERIES)),
    ("under one's own lock", [ISSUE, a_lock()], a_device(), DocumentReversed),
    ("that is voided, without the lock", [ISSUE, a_void(1, "inv_1"), a_lock()], a_key(), DocumentNotReversible(ONE)),
    ("of another firm", [ISSUE], a_key(firm=OTHER_FIRM), DocumentUnknown(ONE)),
    ("that was withdrawn", [ISSUE, a_void(1, "inv_1"), DELETE], a_key(), DocumentUnknown(ONE)),
    ("dated later", [an_issue(a_document("inv_1", "2099-01-01"))], a_key(), DocumentReversed),
]


@pytest.mark.parametrize(
    ("steps", "caller", "expected"), [row[1:] for row in REVERSING], ids=[row[0] for row in REVERSING]
)
def test_reversing_a_document(steps: list[Step], caller: Caller, expected: object) -> None:
    command = a_reversal(1, "inv_1", a_document("storno_new"))
    assert verdict(a_history(*steps).decide(command, caller)) == expected


def test_a_reversal_takes_the_next_number_and_both_documents_say_so() -> None:
    history = a_history(ISSUE, an_issue(a_document("inv_2")), a_reversal(1, "inv_1", a_document("storno_3")))
    consumed, reversed_by = history.events()[-2:]
    assert isinstance(consumed, ReservationConsumed)
    assert isinstance(reversed_by, DocumentReversed)
    assert (consumed.number, consumed.reverses) == (3, ONE)
    assert (reversed_by.document_id, reversed_by.reversal_id, reversed_by.reversal_number) == (ONE, "storno_3", 3)
    check_invariants(history.records)


def test_a_reversal_and_a_proforma_are_not_reversed() -> None:
    history = a_history(ISSUE, REVERSE)
    of_reversal = a_reversal(2, "storno_2", a_document("storno_3"))
    assert history.decide(of_reversal) == DocumentNotReversible(DocumentId("storno_2"))
    proforma = History().after((a_series(document_type=DocumentType.PROFORMA), a_key()))
    proforma.after(an_issue(a_document("inv_1", document_type=DocumentType.PROFORMA)))
    assert proforma.decide(REVERSE) == DocumentNotReversible(ONE)


def test_a_reversal_needs_a_number_that_is_left() -> None:
    history = History().after((a_series(start_number=NUMBER_MAX), a_key()), ISSUE)
    command = a_reversal(NUMBER_MAX, "inv_1", a_document("storno"))
    assert history.decide(command) == SeriesExhausted(SERIES, 0)


@pytest.mark.parametrize(
    ("returning", "name", "expected"),
    [(2, "storno_2", DocumentAlreadyReversed(DocumentId("storno_2"))), (3, "storno_3", DocumentUnvoided)],
)
def test_of_two_reversals_of_a_document_one_may_stand(returning: int, name: str, expected: object) -> None:
    history = a_history(ISSUE, REVERSE, a_void(2, "storno_2"), REVERSE_AGAIN)
    if returning == 3:
        history.after(a_void(3, "storno_3"))
    assert verdict(history.decide(an_unvoid(returning, name))) == expected


def test_after_two_voided_reversals_either_returns_and_then_the_other_does_not() -> None:
    history = a_history(ISSUE, REVERSE, a_void(2, "storno_2"), REVERSE_AGAIN, a_void(3, "storno_3"))
    history.after(an_unvoid(2, "storno_2"))
    assert history.decide(an_unvoid(3, "storno_3")) == DocumentAlreadyReversed(DocumentId("storno_3"))


VOID_BOTH: list[Step] = [ISSUE, REVERSE, a_void(2, "storno_2"), a_void(1, "inv_1")]
SALES: list[tuple[str, list[Step], Command, object]] = [
    ("void of a reversed document", [ISSUE, REVERSE], a_void(1, "inv_1"), DocumentAlreadyReversed(ONE)),
    ("void of a reversal", [ISSUE, REVERSE], a_void(2, "storno_2"), DocumentVoided),
    (
        "void of a document whose reversal is voided",
        [ISSUE, REVERSE, a_void(2, "storno_2")],
        a_void(1, "inv_1"),
        DocumentVoided,
    ),
    (
        "void of a document whose second reversal stands",
        [ISSUE, REVERSE, a_void(2, "storno_2"), REVERSE_AGAIN],
        a_void(1, "inv_1"),
        DocumentAlreadyReversed(ONE),
    ),
    (
        "void of a document whose reversal was deleted",
        [ISSUE, REVERSE, a_void(2, "storno_2"), a_deletion(2, "storno_2")],
        a_void(1, "inv_1"),
        DocumentVoided,
    ),
    (
        "unvoid of a reversal whose source is voided",
        VOID_BOTH,
        an_unvoid(2, "storno_2"),
        ReversalOfVoided(DocumentId("storno_2")),
    ),
    ("unvoid of that source", VOID_BOTH, an_unvoid(1, "inv_1"), DocumentUnvoided),
    (
        "unvoid of a reversal whose source came back",
        [*VOID_BOTH, an_unvoid(1, "inv_1")],
        an_unvoid(2, "storno_2"),
        DocumentUnvoided,
    ),
    ("reversal of a voided document", [ISSUE, a_void(1, "inv_1")], REVERSE, DocumentNotReversible(ONE)),
]


@pytest.mark.parametrize(("steps", "command", "expected"), [row[1:] for row in SALES], ids=[row[0] for row in SALES])
def test_a_sale_is_taken_back_once(steps: list[Step], command: Command, expected: object) -> None:
    """CONTRACT.md D93."""
    assert verdict(a_history(*steps).decide(command)) == expected


DELETING: list[tuple[str, list[Step], object]] = [
    ("standing", [ISSUE], DocumentNotDeletable(ONE)),
    ("voided and last", [ISSUE, a_void(1, "inv_1")], NumberWithdrawn),
    (
        "voided, before a document",
        [ISSUE, a_void(1, "inv_1"), an_issue(a_document("inv_2"))],
        DocumentNotLast(ONE, shown(1), "FACT"),
    ),
    (
        "voided, before a pending number",
        [ISSUE, a_void(1, "inv_1"), a_lock(), a_reservation_of(1)],
        DocumentNotLast(ONE, shown(1), "FACT"),
    ),
    ("deleted", [ISSUE, a_void(1, "inv_1"), DELETE], DocumentUnknown(ONE)),
    ("voided under another's lock", [ISSUE, a_void(1, "inv_1"), (a_lock(), a_device("till_2"))], NumberWithdrawn),
]


@pytest.mark.parametrize(("steps", "expected"), [row[1:] for row in DELETING], ids=[row[0] for row in DELETING])
def test_deleting_a_document_that_is(steps: list[Step], expected: object) -> None:
    assert verdict(a_history(*steps).decide(DELETE)) == expected


def test_a_withdrawn_number_is_an_explained_gap_and_is_not_given_again() -> None:
    history = a_history(ISSUE, a_void(1, "inv_1"), DELETE, an_issue(a_document("inv_2")))
    equation = history.series().equation()
    assert (equation[Fate.WITHDRAWN], equation[Fate.STANDING], history.series().next_number) == (1, 1, 3)
    check_invariants(history.records)


CHANGED = digest("changed")
CHANGES: list[tuple[str, list[Step], Command, object]] = [
    ("its body", [ISSUE], a_change(1, "inv_1"), DocumentChanged),
    ("its date, the only one", [ISSUE], a_change(1, "inv_1", date=EARLY), DocumentChanged),
    (
        "its date, the first of two, to an earlier one",
        [ISSUE, an_issue(a_document("inv_2", LATE))],
        a_change(1, "inv_1", date=EARLY),
        DocumentChanged,
    ),
    (
        "its date, the first of two, to one after the second",
        [ISSUE, an_issue(a_document("inv_2"))],
        a_change(1, "inv_1", date=LATE),
        DateAfterNext(LATE, Number(2), TODAY),
    ),
    (
        "its date though it is late, if so asked",
        [ISSUE, an_issue(a_document("inv_2"))],
        a_change(1, "inv_1", date=LATE, is_chronology_checked=False),
        DocumentChanged,
    ),
    (
        "its body under the early date it has",
        [ISSUE, an_issue(a_document("inv_2", LATE))],
        a_change(1, "inv_1"),
        DocumentChanged,
    ),
    (
        "its year",
        [ISSUE],
        a_change(1, "inv_1", date="2028-01-01"),
        YearFixed(IsoDate("2028-01-01"), IsoDate("2027-01-15")),
    ),
    ("when voided", [ISSUE, a_void(1, "inv_1")], a_change(1, "inv_1"), DocumentAlreadyVoided(ONE)),
    ("when reversed", [ISSUE, REVERSE], a_change(1, "inv_1"), DocumentAlreadyReversed(ONE)),
    (
        "when a reversal",
        [ISSUE, REVERSE],
        a_change(2, "storno_2"),
        DocumentIsReversal(DocumentId("storno_2")),
    ),
    ("when unknown", [], a_change(1, "inv_1"), DocumentUnknown(ONE)),
    (
        "from a body that was replaced",
        [ISSUE, a_change(1, "inv_1")],
        a_change(1, "inv_1", to="other"),
        DocumentHasChanged(ONE),
    ),
    (
        "from the body it has",
        [ISSUE, a_change(1, "inv_1")],
        a_change(1, "inv_1", before=CHANGED, to="other"),
        DocumentChanged,
    ),
]


@pytest.mark.parametrize(
    ("steps", "command", "expected"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES]
)
def test_changing_a_document(steps: list[Step], command: Command, expected: object) -> None:
    assert verdict(a_history(*steps).decide(command)) == expected


def test_the_year_may_change_where_the_number_does_not_show_it() -> None:
    plain = OpenSeries(SERIES, "FACT", DocumentType.FISCAL, 2027, format="FACT-{number}")
    history = History().after((plain, a_key()), ISSUE)
    assert verdict(history.decide(a_change(1, "inv_1", date="2028-01-01"))) is DocumentChanged


def test_a_state_that_is_behind_what_the_caller_read_refuses_and_does_not_break() -> None:
    history = a_history(an_issue(a_document("another", EARLY)), a_void(1, "another"))
    assert history.decide(a_deletion(1, "inv_1", LATE)) == DocumentUnknown(ONE)
    history.after(an_unvoid(1, "another"))
    assert history.decide(a_change(1, "inv_1", issued_date=LATE, date=LATE)) == DocumentUnknown(ONE)


def test_a_changed_date_is_the_one_that_counts() -> None:
    history = a_history(ISSUE, a_change(1, "inv_1", date=LATE))
    assert history.decide(an_issue(a_document("inv_2"))) == ChronologyViolated(IsoDate("2027-01-15"), LATE)
    history.after(a_void(1, "inv_1"), DELETE)
    assert verdict(history.decide(an_issue(a_document("inv_2", EARLY)))) is ReservationConsumed
    check_invariants(history.records)


DRAFT = DocumentId("draft_1")
SAVE = SaveDraft(DRAFT, digest("a"))
DRAFTS: list[tuple[str, list[Step], Command, object]] = [
    ("a new one is saved", [], SAVE, DraftSaved),
    ("it is replaced", [SAVE], SaveDraft(DRAFT, digest("b"), digest("a")), DraftSaved),
    (
        "another caller replaced it",
        [SAVE, SaveDraft(DRAFT, digest("b"), digest("a"))],
        SaveDraft(DRAFT, digest("c"), digest("a")),
        DocumentHasChanged(DRAFT),
    ),
    ("what is not there is not replaced", [], SaveDraft(DRAFT, digest("b"), digest("a")), DocumentUnknown(DRAFT)),
    ("it is voided", [SAVE], VoidDraft(DRAFT), DraftVoided),
    ("it is voided once", [SAVE, VoidDraft(DRAFT)], VoidDraft(DRAFT), DocumentAlreadyVoided(DRAFT)),
    (
        "a voided one is not replaced",
        [SAVE, VoidDraft(DRAFT)],
        SaveDraft(DRAFT, digest("b"), digest("a")),
        DocumentAlreadyVoided(DRAFT),
    ),
    ("it is deleted", [SAVE], DeleteDraft(DRAFT), DraftDeleted),
    ("a voided one is deleted", [SAVE, VoidDraft(DRAFT)], DeleteDraft(DRAFT), DraftDeleted),
    ("it is deleted once", [SAVE, DeleteDraft(DRAFT)], DeleteDraft(DRAFT), DocumentUnknown(DRAFT)),
    ("a deleted one is not voided", [SAVE, DeleteDraft(DRAFT)], VoidDraft(DRAFT), DocumentUnknown(DRAFT)),
]


@pytest.mark.parametrize(("steps", "command", "expected"), [row[1:] for row in DRAFTS], ids=[row[0] for row in DRAFTS])
def test_a_draft_is_a_stream_of_its_own_and_takes_no_number(
    steps: list[Step], command: Command, expected: object
) -> None:
    history = a_history(*steps, (a_lock(), a_device("till_2")))
    assert verdict(history.decide(command, a_key())) == expected
    assert history.series().taken == 0


@pytest.mark.parametrize("caller", [a_key(firm=OTHER_FIRM), a_key(mode=Mode.TEST)])
def test_a_draft_of_another_partition_does_not_exist(caller: Caller) -> None:
    history = a_history(SAVE)
    for command in (SaveDraft(DRAFT, digest("b"), digest("a")), VoidDraft(DRAFT), DeleteDraft(DRAFT)):
        assert history.decide(command, caller) == DocumentUnknown(DRAFT)


def test_whoever_lost_the_lock_may_still_change_void_and_consume() -> None:
    history = a_history(a_lock(), a_reservation_of(1), a_consumption(a_slot(1)))
    history.after((UnlockSeries(SERIES, is_forced=True), a_key()), (a_lock(), a_device("till_2")))
    assert verdict(history.decide(a_change(1, "inv_1"))) is DocumentChanged
    assert verdict(history.decide(a_void(1, "inv_1"))) is DocumentVoided
