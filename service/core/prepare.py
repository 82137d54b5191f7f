"""Decides one command on one state: the records that it would write, its outcome, and the state after it. Pure."""

from collections.abc import Sequence
from typing import assert_never

from msgspec import UNSET, Struct

from schemas.commands import (
    AdvanceSeries,
    Caller,
    ChangeDocument,
    Command,
    ConsumeReservation,
    DeleteDocument,
    DeleteDraft,
    DescribeSeries,
    EraseDocument,
    EraseDraft,
    ExpireReservations,
    ExplainGap,
    IssueOnline,
    LockSeries,
    MakePrimary,
    OpenSeries,
    ReleaseReservation,
    ReserveNumbers,
    ReverseDocument,
    ReverseDraft,
    SaveDraft,
    UnlockSeries,
    UnvoidDocument,
    UnvoidDraft,
    VoidDocument,
    VoidDraft,
)
from schemas.events import Event, NumbersReserved, ReservationExpired, SeriesOpened
from schemas.outcomes import (
    DeletedOutcome,
    DocumentOutcome,
    ExpiredOutcome,
    ExplainedOutcome,
    Outcome,
    ReleasedOutcome,
    ReservedOutcome,
    SeriesOutcome,
)
from schemas.record import Record
from schemas.rejections import Rejection
from schemas.traceparent import TraceParent
from schemas.values import CommandId, Position, SeriesId, UnixSeconds, Version
from service.core.decide import decide
from service.core.decision import Append, Done
from service.core.evolve import evolve
from service.core.state.state import Draft, Series, State


class Prepared(Struct, frozen=True):
    """What a command would do; `records` is empty if it was done already."""

    records: Sequence[Record]
    outcome: Outcome


class Cause(Struct, frozen=True):
    """What every record says about the command that caused it."""

    caller: Caller
    command_id: CommandId
    idempotency_key: str | None
    traceparent: TraceParent | None = None


def prepare(state: State, command: Command, cause: Cause, now: UnixSeconds) -> Prepared | Rejection:
    """Decide at `now`, or at the last time of the log if the clock is behind it: times never decrease along a log.

    The state is brought forward by what is decided; a rejection leaves it as it is.
    """
    at = max(now, state.at)
    decision = decide(state, command, cause.caller, at)
    if isinstance(decision, Append):
        records: list[Record] = []
        for stream, event in decision.events:
            records.append(_record(state, stream, event, cause, at))
            evolve(state, records[-1])
        return Prepared(records, _outcome(state, command, records))
    if isinstance(decision, Done):
        return Prepared((), _outcome(state, command, ()))
    return decision


def _record(state: State, stream: SeriesId, event: Event, cause: Cause, at: UnixSeconds) -> Record:
    end = state.stream_end(stream)
    caller = cause.caller
    return Record(
        log=state.log_id,
        position=Position(state.position + 1),
        stream=stream,
        series_name=_series_name(event, end),
        version=Version(1 if end is None else end.version + 1),
        previous=Position(0 if end is None else end.position),
        firm_id=caller.firm_id if end is None else end.firm_id,
        mode=caller.mode if end is None else end.mode,
        at=at,
        actor=caller.actor,
        device_id=caller.device_id,
        command_id=cause.command_id,
        idempotency_key=cause.idempotency_key,
        event=event,
        traceparent=UNSET if cause.traceparent is None else cause.traceparent,
    )


def _series_name(event: Event, end: Series | Draft | None) -> str | None:
    if isinstance(event, SeriesOpened):
        return event.name
    return end.name if isinstance(end, Series) else None


def _outcome(state: State, command: Command, records: Sequence[Record]) -> Outcome:
    match command:
        case OpenSeries() | DescribeSeries() | MakePrimary() | LockSeries() | UnlockSeries() | AdvanceSeries():
            return SeriesOutcome(state.series[command.series_id].view(state.position))
        case ReserveNumbers():
            return _reserved(records[0])
        case ConsumeReservation() | IssueOnline():
            return DocumentOutcome(command.document.document_id, state.position)
        case VoidDocument() | UnvoidDocument() | ChangeDocument() | EraseDocument():
            return DocumentOutcome(command.document_id, state.position)
        case SaveDraft() | VoidDraft() | EraseDraft():
            return DocumentOutcome(command.document_id, state.position)
        case ExplainGap():
            return ExplainedOutcome(state.position, state.at)
        case DeleteDocument() | DeleteDraft():
            return DeletedOutcome(command.document_id, state.at)
        case ReverseDocument():
            return DocumentOutcome(command.reversal.document_id, state.position)
        case ReleaseReservation():
            assert command.slot is not None, "only a slot that exists is released"
            return ReleasedOutcome(command.slot.reservation, command.slot.number)
        case ExpireReservations():
            return _expired(records)
        case UnvoidDraft() | ReverseDraft():
            raise AssertionError("these commands are always rejected")
        case _:
            assert_never(command)


def _reserved(record: Record) -> ReservedOutcome:
    event = record.event
    assert isinstance(event, NumbersReserved), "a reservation begins with its block"
    assert event.device_id is not None, "only a device reserves"
    assert event.token_key is not None, "its tokens are sealed"
    return ReservedOutcome(
        position=record.position,
        series_id=record.stream,
        first=event.first,
        last=event.last,
        device_id=event.device_id,
        reserved_at=record.at,
        expires_at=event.expires_at,
        token_key=event.token_key,
        token_nonce=event.token_nonce,
    )


def _expired(records: Sequence[Record]) -> ExpiredOutcome:
    numbers = sum(
        len(item) for record in records if isinstance(record.event, ReservationExpired) for item in record.event.ranges
    )
    return ExpiredOutcome(blocks=len(records), numbers=numbers)
