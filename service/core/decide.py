"""`decide(state, command, caller, now) -> decision`: the events that would make the command true, or why it is refused.

Pure: the time and every random id are arguments. A command that is decided a second time gives `Done`: nothing needs to
be written. The order of the checks comes from the contract (CONTRACT.md sections 8 and 9, D55 and D74).
"""

from typing import assert_never

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
from schemas.values import UnixSeconds
from service.core import documents, drafts, expiry, gaps, issuing, locking, losing, reservations, series_definition
from service.core.decision import Decision
from service.core.state.state import State


def decide(state: State, command: Command, caller: Caller, now: UnixSeconds) -> Decision:
    """The events to append, or `Done`, or the rejection."""
    match command:
        case OpenSeries():
            return series_definition.open_series(state, command, caller)
        case DescribeSeries():
            return series_definition.describe(state, command, caller)
        case MakePrimary():
            return series_definition.make_primary(state, command, caller)
        case LockSeries():
            return locking.lock(state, command, caller)
        case UnlockSeries():
            return locking.unlock(state, command, caller)
        case ReserveNumbers():
            return reservations.reserve(state, command, caller, now)
        case ReleaseReservation():
            return reservations.release(state, command, caller, now)
        case ConsumeReservation():
            return issuing.consume(state, command, caller, now)
        case IssueOnline():
            return issuing.issue(state, command, caller, now)
        case ExpireReservations():
            return expiry.expire(state, command, now)
        case AdvanceSeries():
            return losing.advance(state, command)
        case ReverseDocument():
            return issuing.reverse(state, command, caller, now)
        case VoidDocument() | UnvoidDocument() | ChangeDocument() | DeleteDocument() | EraseDocument():
            return _decide_on_document(state, command, caller)
        case ExplainGap():
            return gaps.explain(state, command, caller)
        case SaveDraft() | VoidDraft() | UnvoidDraft() | ReverseDraft() | DeleteDraft() | EraseDraft():
            return _decide_on_draft(state, command, caller)
        case _:
            assert_never(command)


def _decide_on_document(
    state: State,
    command: VoidDocument | UnvoidDocument | ChangeDocument | DeleteDocument | EraseDocument,
    caller: Caller,
) -> Decision:
    match command:
        case VoidDocument():
            return documents.void(state, command, caller)
        case UnvoidDocument():
            return documents.unvoid(state, command, caller)
        case ChangeDocument():
            return documents.change(state, command, caller)
        case DeleteDocument():
            return documents.delete(state, command, caller)
        case EraseDocument():
            return documents.erase(state, command, caller)
        case _:
            assert_never(command)


def _decide_on_draft(
    state: State, command: SaveDraft | VoidDraft | UnvoidDraft | ReverseDraft | DeleteDraft | EraseDraft, caller: Caller
) -> Decision:
    match command:
        case SaveDraft():
            return drafts.save(state, command, caller)
        case VoidDraft():
            return drafts.void(state, command, caller)
        case UnvoidDraft():
            return drafts.unvoid(state, command, caller)
        case ReverseDraft():
            return drafts.reverse(state, command, caller)
        case DeleteDraft():
            return drafts.delete(state, command, caller)
        case EraseDraft():
            return drafts.erase(state, command, caller)
        case _:
            assert_never(command)
