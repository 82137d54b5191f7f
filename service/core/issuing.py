"""Puts a number on a document: a reserved one, or the next one of the series (CONTRACT.md section 9)."""

from msgspec.structs import replace

from schemas.commands import Caller, ConsumeReservation, Document, IssueOnline, ReverseDocument, Slot
from schemas.events import DocumentReversed, NumbersReserved, ReservationConsumed
from schemas.rejections import (
    ChronologyViolated,
    DocumentAlreadyReversed,
    DocumentHasChanged,
    DocumentNotReversible,
    DocumentTypeMismatch,
    DocumentUnknown,
    NoPrimarySeries,
    Rejection,
    ReservationAlreadyConsumed,
    ReservationHasExpired,
    ReservationNotPending,
    ReservationOfOtherDevice,
    ReservationOfOtherSeries,
    ReservationUnknown,
    SeriesExhausted,
    SeriesUnknown,
)
from schemas.values import DocumentType, Fate, Number, Position, UnixSeconds
from service.core.decision import Append, Decision
from service.core.full_number import full_number
from service.core.locking import lock_refusal
from service.core.state.state import Series, State


def consume(state: State, command: ConsumeReservation, caller: Caller, now: UnixSeconds) -> Decision:
    """The document gets the reserved number; the counter stays, and a lock of another device does not matter (D51)."""
    named = _named_series(state, command, caller)
    if named is not None and not isinstance(named, Series):
        return named
    slot = command.slot
    series = None if slot is None else state.of(caller, slot.series_id)
    if slot is None or series is None:
        return ReservationUnknown()
    refusal = _token_refusal(series, named, slot, command.document, caller, now)
    refusal = refusal or _chronology_refusal(series, command)
    if refusal is not None:
        return refusal
    return Append([(series.series_id, _consumed(series, slot.reservation, slot.number, command.document))])


def issue(state: State, command: IssueOnline, caller: Caller, now: UnixSeconds) -> Decision:
    """The document gets the next number: one append takes and consumes it, so every number has the same life."""
    series = _named_series(state, command, caller) or _primary_series(state, command.document, caller)
    if not isinstance(series, Series):
        return series
    refusal = lock_refusal(series, caller) or _chronology_refusal(series, command)
    if refusal is not None:
        return refusal
    if not series.numbers_left:
        return SeriesExhausted(series.series_id, numbers_left=0)
    number = series.next_number
    consumed = _consumed(series, _next(state), number, command.document)
    return Append([(series.series_id, _online(number, caller, now)), (series.series_id, consumed)])


def reverse(state: State, command: ReverseDocument, caller: Caller, now: UnixSeconds) -> Decision:
    """The reversal gets the next number of the series; its date is never refused (D54a, D71, D83)."""
    series = state.of(caller, command.series_id)
    if series is None or not series.has_document(command.number):
        return DocumentUnknown(command.document_id)
    is_reversal = command.number in series.reversal_of
    if series.document_type is not DocumentType.FISCAL or is_reversal or command.number in series.voided:
        return DocumentNotReversible(command.document_id)
    if series.standing_reversal(command.number) is not None:
        return DocumentAlreadyReversed(command.document_id)
    refusal = lock_refusal(series, caller)
    if refusal is not None:
        return refusal
    if not series.has_content(command.number, command.content):
        return DocumentHasChanged(command.document_id)
    if not series.numbers_left:
        return SeriesExhausted(series.series_id, numbers_left=0)
    number = series.next_number
    consumed = replace(_consumed(series, _next(state), number, command.reversal), reverses=command.document_id)
    reversed_by = DocumentReversed(
        number=command.number,
        full_number=command.full_number,
        document_id=command.document_id,
        reversal_number=number,
        reversal_full_number=consumed.full_number,
        reversal_id=command.reversal.document_id,
    )
    return Append([(series.series_id, event) for event in (_online(number, caller, now), consumed, reversed_by)])


def _named_series(state: State, command: ConsumeReservation | IssueOnline, caller: Caller) -> Series | Rejection | None:
    """The series that the caller named, None if it named no series, or why it cannot be that one."""
    if command.series_id is None:
        return None
    series = state.of(caller, command.series_id)
    if series is None:
        return SeriesUnknown(command.series_id)
    return _type_refusal(series, command.document, is_by_token=False) or series


def _primary_series(state: State, document: Document, caller: Caller) -> Series | Rejection:
    series_id = state.primaries.get((caller.firm_id, caller.mode, document.document_type))
    return NoPrimarySeries(document.document_type) if series_id is None else state.series[series_id]


def _type_refusal(series: Series, document: Document, *, is_by_token: bool) -> Rejection | None:
    if series.document_type is document.document_type:
        return None
    return DocumentTypeMismatch(series.series_id, series.document_type, document.document_type, is_by_token)


def _token_refusal(
    series: Series, named: Series | None, slot: Slot, document: Document, caller: Caller, now: UnixSeconds
) -> Rejection | None:
    """Why the token cannot be used, None if it can; the order of the contract: series, status, expiry, device."""
    if named is not None and named.series_id != series.series_id:
        return ReservationOfOtherSeries(series.series_id)
    if named is None and (refusal := _type_refusal(series, document, is_by_token=True)):
        return refusal
    fate = series.fate(slot.number, slot.reservation)
    if fate is Fate.RELEASED:
        return ReservationNotPending(slot.number)
    if fate is Fate.EXPIRED:
        return ReservationHasExpired(slot.number)
    if fate is not Fate.PENDING:
        return ReservationAlreadyConsumed(slot.number)
    block = series.blocks.holding(slot.number)
    assert block is not None, "a pending number is in a block"
    if now >= block.expires_at:
        return ReservationHasExpired(slot.number)
    if slot.device_id is None or slot.device_id != caller.device_id:
        return ReservationOfOtherDevice(slot.number)
    return None


def _chronology_refusal(series: Series, command: ConsumeReservation | IssueOnline) -> Rejection | None:
    """Why the date is refused: a standing document has a later one, and the caller did not allow that (D59, D88)."""
    date = command.document.date
    if not command.is_chronology_checked or series.latest_date is None or date >= series.latest_date:
        return None
    return ChronologyViolated(date, series.latest_date)


def _online(number: Number, caller: Caller, now: UnixSeconds) -> NumbersReserved:
    """The block of a number that a document gets in the same append."""
    return NumbersReserved(number, number, caller.device_id, expires_at=now, token_key=None)


def _next(state: State) -> Position:
    """The position that the first event of this decision gets: the block, which the next event consumes."""
    return Position(state.position + 1)


def _consumed(series: Series, reservation: Position, number: Number, document: Document) -> ReservationConsumed:
    return ReservationConsumed(
        reservation=reservation,
        number=number,
        full_number=full_number(series.format, number, document.date),
        document_id=document.document_id,
        date=document.date,
        content=document.content,
        client_local_uuid=document.client_local_uuid,
    )
