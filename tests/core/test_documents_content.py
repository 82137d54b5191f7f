"""A change or reversal needs the content that was read; a change without effect writes nothing (CONTRACT.md D76)."""

from msgspec.structs import replace

from schemas.commands import DeleteDraft, DraftSeries, ReverseDraft, SaveDraft, UnvoidDraft
from schemas.events import DocumentChanged, DocumentReversed, DraftSaved
from schemas.outcomes import DeletedOutcome, DocumentOutcome
from schemas.rejections import (
    DateAfterNext,
    DocumentAlreadyVoided,
    DocumentHasChanged,
    DocumentNotReversible,
    DocumentTypeMismatch,
    DocumentUnknown,
    DraftCannotBeUnvoided,
    ReceiptHasNoSeries,
    SeriesUnknown,
)
from schemas.values import DocumentId, DocumentType, IsoDate, Number, SeriesId
from service.core.decision import Append, Decision, Done
from tests.support.domain.commands import (
    NOW,
    OTHER_FIRM,
    TODAY,
    a_change,
    a_deletion,
    a_document,
    a_key,
    a_reversal,
    a_void,
    an_issue,
    digest,
)
from tests.support.domain.history import a_history, verdict

ONE, DRAFT = DocumentId("inv_1"), DocumentId("draft_1")
ISSUE = an_issue()
SAME = a_change(1, "inv_1", to="inv_1")


def test_a_body_that_was_changed_meanwhile_is_not_the_one_that_is_reversed() -> None:
    history = a_history(ISSUE, a_change(1, "inv_1"))
    assert history.decide(a_reversal(1, "inv_1", a_document("storno_2"))) == DocumentHasChanged(ONE)
    of_now = a_reversal(1, "inv_1", a_document("storno_2"), content=digest("changed"))
    assert verdict(history.decide(of_now)) is DocumentReversed


def test_the_same_body_under_the_same_date_is_no_event() -> None:
    history = a_history(ISSUE)
    assert history.decide(SAME) == Done()
    assert history.attempt(SAME) == DocumentOutcome(ONE, history.state.position)


def test_the_same_body_is_refused_where_another_would_be() -> None:
    assert a_history(ISSUE, a_void(1, "inv_1")).decide(SAME) == DocumentAlreadyVoided(ONE)
    dated = a_history(ISSUE, an_issue(a_document("inv_2")))
    late = a_change(1, "inv_1", to="inv_1", date="2027-01-20")
    assert dated.decide(late) == DateAfterNext(IsoDate("2027-01-20"), Number(2), TODAY)


def test_a_draft_saved_as_it_was_is_no_event() -> None:
    history = a_history(SaveDraft(DRAFT, digest("a")))
    assert history.decide(SaveDraft(DRAFT, digest("a"), digest("a"))) == Done()


def test_a_new_draft_never_replaces_one_that_has_its_id_by_chance() -> None:
    history = a_history(SaveDraft(DRAFT, digest("a")))
    for caller in (a_key(), a_key(firm=OTHER_FIRM)):
        assert history.decide(SaveDraft(DRAFT, digest("b")), caller) == DocumentHasChanged(DRAFT)


def test_deleting_says_when() -> None:
    history = a_history(ISSUE, a_void(1, "inv_1"), SaveDraft(DRAFT, digest("a")))
    assert history.attempt(a_deletion(1, "inv_1"), at=NOW + 5) == DeletedOutcome(ONE, history.state.at)
    assert history.attempt(DeleteDraft(DRAFT), at=NOW + 9) == DeletedOutcome(DRAFT, history.state.at)
    assert history.state.at == NOW + 9
    assert history.attempt(DeleteDraft(DRAFT)) == DocumentUnknown(DRAFT)


def test_a_change_that_names_no_date_keeps_the_date_of_another_change_that_came_first() -> None:
    history = a_history(ISSUE, a_change(1, "inv_1", to="inv_1", date="2027-01-31"))
    event = history.decide(replace(a_change(1, "inv_1"), date=None))
    assert isinstance(event, Append)
    [(_, changed)] = event.events
    assert isinstance(changed, DocumentChanged)
    assert (changed.date_before, changed.date) == (IsoDate("2027-01-31"), IsoDate("2027-01-31"))
    assert history.decide(replace(SAME, date=None)) == Done()


def test_no_draft_is_unvoided_or_reversed_not_even_one_that_is_not_there() -> None:
    history = a_history(SaveDraft(DRAFT, digest("a")))
    assert history.decide(UnvoidDraft(DRAFT)) == DraftCannotBeUnvoided(DRAFT)
    assert history.decide(ReverseDraft(DRAFT)) == DocumentNotReversible(DRAFT)
    for command in (UnvoidDraft(ONE), ReverseDraft(ONE)):
        assert history.decide(command) == DocumentUnknown(ONE)


def test_a_draft_names_a_series_of_its_own_kind_or_none() -> None:
    history = a_history()
    series = next(iter(history.state.series.values()))
    other = DocumentType.PROFORMA if series.document_type is DocumentType.FISCAL else DocumentType.FISCAL
    unknown = SeriesId("nowhere")

    def decided(series_id: SeriesId, document_type: DocumentType | None) -> Decision:
        return history.decide(SaveDraft(DRAFT, digest("a"), series=DraftSeries(series_id, document_type)))

    assert verdict(decided(series.series_id, series.document_type)) is DraftSaved
    assert decided(unknown, None) == SeriesUnknown(unknown)
    assert decided(series.series_id, None) == ReceiptHasNoSeries(series.series_id)
    assert decided(series.series_id, other) == DocumentTypeMismatch(
        series.series_id, series.document_type, other, is_by_token=False
    )
