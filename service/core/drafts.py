"""Documents without a number: kept, replaced, voided, deleted, never numbered (CONTRACT.md D57, D58, section 10)."""

from schemas.commands import Caller, DeleteDraft, SaveDraft, VoidDraft
from schemas.events import DraftDeleted, DraftSaved, DraftVoided
from schemas.rejections import DocumentAlreadyVoided, DocumentChangedMeanwhile, DocumentUnknown
from schemas.values import SeriesId
from service.core.decision import Append, Decision, Done
from service.core.state import State


def save(state: State, command: SaveDraft, caller: Caller) -> Decision:
    """A new draft, or another body for one that was read as `content_before`."""
    if command.content_before is None:
        # Ids are drawn at random: one that is in use, by whomever, must not be replaced.
        if command.document_id in state.drafts:
            return DocumentChangedMeanwhile(command.document_id)
        return _saved(command)
    draft = state.draft_of(caller, command.document_id)
    if draft is None:
        return DocumentUnknown(command.document_id)
    if draft.is_void:
        return DocumentAlreadyVoided(command.document_id)
    if draft.content != command.content_before:
        return DocumentChangedMeanwhile(command.document_id)
    return Done() if command.content == command.content_before else _saved(command)


def _saved(command: SaveDraft) -> Append:
    return Append([(SeriesId(command.document_id), DraftSaved(command.document_id, command.content))])


def void(state: State, command: VoidDraft, caller: Caller) -> Decision:
    """The draft no longer counts; it can be deleted, not brought back (D61)."""
    draft = state.draft_of(caller, command.document_id)
    if draft is None:
        return DocumentUnknown(command.document_id)
    if draft.is_void:
        return DocumentAlreadyVoided(command.document_id)
    return Append([(SeriesId(command.document_id), DraftVoided(command.document_id, command.content))])


def delete(state: State, command: DeleteDraft, caller: Caller) -> Decision:
    """The draft is gone, whatever its state."""
    if state.draft_of(caller, command.document_id) is None:
        return DocumentUnknown(command.document_id)
    return Append([(SeriesId(command.document_id), DraftDeleted(command.document_id))])
