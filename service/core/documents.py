"""What can happen to a numbered document. Nothing here frees a number or uses it again (CONTRACT.md section 10)."""

from schemas.commands import Caller, ChangeDocument, DeleteDocument, EraseDocument, UnvoidDocument, VoidDocument
from schemas.events import DocumentChanged, DocumentErased, DocumentUnvoided, DocumentVoided, NumberWithdrawn
from schemas.rejections import (
    DateAfterNext,
    DateBeforePrevious,
    DocumentAlreadyReversed,
    DocumentAlreadyVoided,
    DocumentHasChanged,
    DocumentIsReversal,
    DocumentNotDeletable,
    DocumentNotLast,
    DocumentNotVoided,
    DocumentUnknown,
    Rejection,
    ReversalOfVoided,
    YearFixed,
)
from schemas.values import IsoDate, Number, SeriesId
from service.core.decision import Append, Decision, Done
from service.core.neighbours import standing_above, standing_below
from service.core.state.state import NO_CONTENT, Series, State


def void(state: State, command: VoidDocument, caller: Caller) -> Decision:
    """The document keeps its number and no longer counts (D61), unless a reversal takes its sale back already (D93)."""
    series = _series_of(state, caller, command.series_id, command.number)
    if series is None:
        return DocumentUnknown(command.document_id)
    if command.number in series.voided:
        return DocumentAlreadyVoided(command.document_id)
    if series.standing_reversal(command.number) is not None:
        return DocumentAlreadyReversed(command.document_id)
    return Append(
        [(series.series_id, DocumentVoided(command.number, command.full_number, command.document_id, command.content))]
    )


def unvoid(state: State, command: UnvoidDocument, caller: Caller) -> Decision:
    """The document counts again, even if others were issued since (D62).

    A reversal counts again only if its source stands and has no other standing reversal (D83, D93).
    """
    series = _series_of(state, caller, command.series_id, command.number)
    if series is None:
        return DocumentUnknown(command.document_id)
    if command.number not in series.voided:
        return DocumentNotVoided(command.document_id)
    source = series.reversal_of.get(command.number)
    if source is not None and series.standing_reversal(source) is not None:
        return DocumentAlreadyReversed(command.document_id)
    if source is not None and source in series.voided:
        return ReversalOfVoided(command.document_id)
    return Append([(series.series_id, DocumentUnvoided(command.number, command.full_number, command.document_id))])


def change(state: State, command: ChangeDocument, caller: Caller) -> Decision:
    """The document gets another content if it still has `content_before`; its number stays (D76)."""
    series = _series_of_dated(state, caller, command)
    if series is None:
        return DocumentUnknown(command.document_id)
    number = command.number
    if number in series.voided:
        return DocumentAlreadyVoided(command.document_id)
    if number in series.reversal_of:
        return DocumentIsReversal(command.document_id)
    if series.standing_reversal(number) is not None:
        return DocumentAlreadyReversed(command.document_id)
    if not series.has_content(number, command.content_before):
        return DocumentHasChanged(command.document_id)
    date_before = series.dates.of(number)
    date = command.date or date_before
    if (date, command.content) == (date_before, command.content_before):
        return Done()
    refusal = _date_refusal(series, date_before, date, command)
    if refusal is not None:
        return refusal
    event = DocumentChanged(number, command.full_number, command.document_id, date_before, date, command.content)
    return Append([(series.series_id, event)])


def delete(state: State, command: DeleteDocument, caller: Caller) -> Decision:
    """The voided document is deleted and its number, the last one taken, is withdrawn; the counter stays (D54)."""
    series = _series_of_dated(state, caller, command)
    if series is None:
        return DocumentUnknown(command.document_id)
    if command.number not in series.voided:
        return DocumentNotDeletable(command.document_id)
    if command.number + 1 != series.next_number:
        return DocumentNotLast(command.document_id, command.full_number, series.name)
    date = series.dates.of(command.number)
    return Append([(series.series_id, NumberWithdrawn(command.number, command.full_number, command.document_id, date))])


def erase(state: State, command: EraseDocument, caller: Caller) -> Decision:
    """What the document said is gone, also if it is voided or deleted; its number and dates stay (D111)."""
    series = state.of(caller, command.series_id)
    number = command.number
    if series is None or not (series.has_document(number) or number in series.withdrawn):
        return DocumentUnknown(command.document_id)
    # Of a document of which nothing is left, the reason of a later void may be erased: no content can stand against it.
    is_of_present = series.has_content(number, command.content_before) or series.has_content(number, NO_CONTENT)
    if not is_of_present:
        return DocumentHasChanged(command.document_id)
    if command.content == command.content_before:
        return Done()
    event = DocumentErased(number, command.full_number, command.document_id, command.content, command.reason)
    return Append([(series.series_id, event)])


def _series_of(state: State, caller: Caller, series_id: SeriesId, number: Number) -> Series | None:
    """The series of the document, if the caller's partition has such a document."""
    series = state.of(caller, series_id)
    return None if series is None or not series.has_document(number) else series


def _series_of_dated(state: State, caller: Caller, command: ChangeDocument | DeleteDocument) -> Series | None:
    """The same, for commands that need the date of the document.

    In a state that is older than what the caller has read, the number may be on another document with another date. The
    refusal does not last: the writer decides again at the head.
    """
    series = _series_of(state, caller, command.series_id, command.number)
    if series is None or command.number in series.changed:
        return series
    return series if series.dates.of(command.number) == command.issued_date else None


def _date_refusal(series: Series, date_before: IsoDate, date: IsoDate, command: ChangeDocument) -> Rejection | None:
    """Why the document cannot have this date between those of its neighbours; None if it can (D76, D89)."""
    if date == date_before:
        return None
    if "{year}" in series.format and date[:4] != command.issued_date[:4]:
        return YearFixed(date, command.issued_date)
    if not command.is_chronology_checked:
        return None
    below, above = standing_below(series, command.number), standing_above(series, command.number)
    if below is not None and date < series.dates.of(below):
        return DateBeforePrevious(date, below, series.dates.of(below))
    if above is not None and date > series.dates.of(above):
        return DateAfterNext(date, above, series.dates.of(above))
    return None
