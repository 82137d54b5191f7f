"""Documents without a number: kept, replaced, voided, deleted, never numbered (CONTRACT.md D57, D58, section 10)."""

from schemas.commands import (
    Caller,
    DeleteDraft,
    DraftSeries,
    EraseDraft,
    ReverseDraft,
    SaveDraft,
    UnvoidDraft,
    VoidDraft,
)
from schemas.events import DraftDeleted, DraftErased, DraftSaved, DraftVoided
from schemas.rejections import (
    DocumentAlreadyVoided,
    DocumentHasChanged,
    DocumentNotReversible,
    DocumentTypeMismatch,
    DocumentUnknown,
    DraftCannotBeUnvoided,
    ReceiptHasNoSeries,
    Rejection,
    SeriesUnknown,
)
from schemas.values import SeriesId
from service.core.decision import Append, Decision, Done
from service.core.state.state import NO_CONTENT, State


def save(state: State, command: SaveDraft, caller: Caller) -> Decision:
    """A new draft, or another content for a draft that still has `content_before`."""
    if command.content_before is None:
        if (refusal := _series_refusal(state, command.series, caller)) is not None:
            return refusal
        # The id was drawn at random: an existing draft with this id, of any firm, must not be replaced.
        if command.document_id in state.drafts:
            return DocumentHasChanged(command.document_id)
        return _saved(command)
    draft = state.draft_of(caller, command.document_id)
    if draft is None:
        return DocumentUnknown(command.document_id)
    if (refusal := _series_refusal(state, command.series, caller)) is not None:
        return refusal
    if draft.is_void:
        return DocumentAlreadyVoided(command.document_id)
    if draft.content != command.content_before:
        return DocumentHasChanged(command.document_id)
    return Done() if command.content == command.content_before else _saved(command)


def _saved(command: SaveDraft) -> Append:
    return Append([(SeriesId(command.document_id), DraftSaved(command.document_id, command.content))])


def void(state: State, command: VoidDraft, caller: Caller) -> Decision:
    """The draft no longer counts; it can be deleted, but it cannot count again (D61)."""
    draft = state.draft_of(caller, command.document_id)
    if draft is None:
        return DocumentUnknown(command.document_id)
    if draft.is_void:
        return DocumentAlreadyVoided(command.document_id)
    return Append([(SeriesId(command.document_id), DraftVoided(command.document_id, command.content))])


def unvoid(state: State, command: UnvoidDraft, caller: Caller) -> Decision:
    """Always refused: a voided draft stays voided (D61)."""
    is_known = state.draft_of(caller, command.document_id) is not None
    return DraftCannotBeUnvoided(command.document_id) if is_known else DocumentUnknown(command.document_id)


def reverse(state: State, command: ReverseDraft, caller: Caller) -> Decision:
    """Always refused: only a document with a number can be reversed (D83)."""
    is_known = state.draft_of(caller, command.document_id) is not None
    return DocumentNotReversible(command.document_id) if is_known else DocumentUnknown(command.document_id)


def delete(state: State, command: DeleteDraft, caller: Caller) -> Decision:
    """The draft is gone, whether it was voided or not."""
    if state.draft_of(caller, command.document_id) is None:
        return DocumentUnknown(command.document_id)
    return Append([(SeriesId(command.document_id), DraftDeleted(command.document_id))])


def erase(state: State, command: EraseDraft, caller: Caller) -> Decision:
    """What the draft said is gone; the draft stays, and can only be deleted if nothing is left of it (D111)."""
    draft = state.draft_of(caller, command.document_id)
    if draft is None:
        return DocumentUnknown(command.document_id)
    if draft.content not in {command.content_before, NO_CONTENT}:
        return DocumentHasChanged(command.document_id)
    if command.content == command.content_before:
        return Done()
    event = DraftErased(command.document_id, command.content, command.reason)
    return Append([(SeriesId(command.document_id), event)])


def _series_refusal(state: State, named: DraftSeries | None, caller: Caller) -> Rejection | None:
    """Why the draft cannot name this series; None if it can.

    The series must belong to the caller's partition and have the document type of the draft (D85).
    """
    if named is None:
        return None
    series = state.of(caller, named.series_id)
    if series is None:
        return SeriesUnknown(named.series_id)
    if named.document_type is None:
        return ReceiptHasNoSeries(named.series_id)
    if series.document_type is not named.document_type:
        return DocumentTypeMismatch(named.series_id, series.document_type, named.document_type, is_by_token=False)
    return None
