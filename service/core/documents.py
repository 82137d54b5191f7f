"""Voiding documents and bringing them back; neither frees or takes a number (contract.md section 10)."""

from schemas.commands import Caller, UnvoidDocument, VoidDocument
from schemas.events import DocumentUnvoided, DocumentVoided
from schemas.rejections import DocumentAlreadyVoided, DocumentNotVoided, DocumentUnknown
from service.core.decision import Append, Decision
from service.core.ranges import has
from service.core.state import State


def void(state: State, command: VoidDocument, caller: Caller) -> Decision:
    """The document keeps its number and no longer counts (D61)."""
    series = state.of(caller, command.series_id)
    if series is None or not series.has_document(command.number):
        return DocumentUnknown(command.document_id)
    if has(series.voided, command.number):
        return DocumentAlreadyVoided(command.document_id)
    return Append([(series.series_id, DocumentVoided(command.number, command.document_id, command.content))])


def unvoid(state: State, command: UnvoidDocument, caller: Caller) -> Decision:
    """The document counts again, whatever was issued since (D62)."""
    series = state.of(caller, command.series_id)
    if series is None or not series.has_document(command.number):
        return DocumentUnknown(command.document_id)
    if not has(series.voided, command.number):
        return DocumentNotVoided(command.document_id)
    return Append([(series.series_id, DocumentUnvoided(command.number, command.document_id))])
