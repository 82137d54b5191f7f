"""Kept answers against the events that they tell of.

An event names the request that made it, so the key of its answer can be made again, and most of what the answer says.
What cannot be known from events: the digest of the request, the answer to a request that wrote nothing, and the
description, the counter and the rank of a series in the answer that shows it.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

import asyncpg
import msgspec

from projections.keeping.one_moment import Connection
from schemas.events import (
    DocumentErased,
    DocumentUnvoided,
    DocumentVoided,
    DraftErased,
    DraftSaved,
    DraftVoided,
    GapExplained,
    NumbersReserved,
    ReservationConsumed,
    ReservationReleased,
    SeriesLocked,
    SeriesOpened,
    SeriesUnlocked,
)
from schemas.outcomes import (
    AnswerLost,
    DocumentOutcome,
    ExplainedOutcome,
    LockView,
    Outcome,
    ReleasedOutcome,
    ReservedOutcome,
    SeriesOutcome,
)
from schemas.record import Record, decode_record
from schemas.values import LogId, Position
from service.access.reservation_tokens import TokenSealer, UnknownTokenKeyError
from service.api.lost_keys import scopes_of
from service.checking.faults import EVENTS_OF_A_STEP, Fault, FaultKind, Step, at_position
from service.statements import statement

_decoder: Final[msgspec.json.Decoder[Outcome]] = msgspec.json.Decoder(Outcome)


class Answers:
    """Looks at the answers of one log. Without a `sealer` those to released reservations cannot be found."""

    def __init__(self, log_id: LogId, sealer: TokenSealer | None) -> None:
        self._log_id = log_id
        self._sealer = sealer

    async def faults(self, connection: Connection, records: Sequence[Record]) -> list[Fault]:
        """What is wrong with the answers to the requests that made these events. Raises asyncpg's errors."""
        scopes = [(record, await self._scopes(connection, record)) for record in records if record.idempotency_key]
        keys = [scope for _, each in scopes for scope in each]
        if not keys:
            return []
        rows = {row["key"]: row for row in await connection.fetch(statement("check_answers"), keys)}
        found: list[Fault] = []
        for record, each in scopes:
            kept = [rows[scope] for scope in each if scope in rows]
            if each and not kept:
                says = f"the answer to the request that made it is gone; its key began with {each[0].hex()[:16]}"
                found.append(Fault(FaultKind.ANSWER_MISSING, at_position(record.position), says))
            if kept and not any(self._tells_of(row, record) for row in kept):
                says = f"the answer {kept[0]['key'].hex()[:16]} does not say what the event says"
                found.append(Fault(FaultKind.ANSWER_CHANGED, at_position(record.position), says))
        return found

    def _tells_of(self, row: asyncpg.Record, record: Record) -> bool:
        outcome = _outcome(row)
        is_placed = row["log_id"] == self._log_id and row["position"] >= record.position
        return outcome is not None and is_placed and tells_of(outcome, record)

    async def _scopes(self, connection: Connection, record: Record) -> list[bytes]:
        async def record_at(position: Position) -> Record | None:
            written = await connection.fetchval(statement("log_record_at"), record.log, position)
            return None if written is None else decode_record(written)

        if isinstance(record.event, ReservationReleased) and self._sealer is None:
            return []
        try:
            return await scopes_of(record, self._sealer, record_at)
        except (UnknownTokenKeyError, AssertionError):  # a key that is gone, or a block that is: found elsewhere
            return []


async def check_answers(pool: asyncpg.Pool, log_id: LogId) -> AsyncIterator[Step]:
    """Every kept answer: it must be one, and what it names must be there. Raises asyncpg's errors."""
    after = b""
    while True:
        async with pool.acquire() as connection:
            rows = await connection.fetch(statement("check_all_answers"), after, EVENTS_OF_A_STEP)
            if not rows:
                return
            head = Position(await connection.fetchval(statement("log_head"), log_id))
            faults = [each async for each in _strange(connection, rows, log_id, head)]
        yield Step(len(rows), faults)
        after = rows[-1]["key"]


async def _strange(
    connection: Connection, rows: Sequence[asyncpg.Record], log_id: LogId, head: Position
) -> AsyncIterator[Fault]:
    outcomes = {row["key"]: _outcome(row) for row in rows}
    named = {each.position for each in outcomes.values() if isinstance(each, ReservedOutcome | ExplainedOutcome)}
    found = await connection.fetch(statement("check_records"), log_id, sorted(named))
    records = {row["position"]: decode_record(row["record"]) for row in found}
    documents = {each.document_id for each in outcomes.values() if isinstance(each, DocumentOutcome)}
    known = {row["document_id"] for row in await connection.fetch(statement("check_documents"), sorted(documents))}
    for row in rows:
        outcome = outcomes[row["key"]]
        why = _why_strange(row, outcome, head)
        if isinstance(outcome, ReservedOutcome | ExplainedOutcome) and why is None:
            record = records.get(outcome.position)
            why = None if record is not None and tells_of(outcome, record) else "no event says what it says"
        if isinstance(outcome, DocumentOutcome) and outcome.document_id not in known:
            why = "no event is about its document"
        if why is not None:
            yield Fault(FaultKind.ANSWER_CHANGED, f"answer {row['key'].hex()}", why)


def _why_strange(row: asyncpg.Record, outcome: Outcome | None, head: Position) -> str | None:
    if outcome is None:
        return "it is no outcome of a request"
    if not 0 <= row["position"] <= head:
        return f"it was kept at position {row['position']}, and the log ends at {head}"
    return None


def _outcome(row: asyncpg.Record) -> Outcome | None:
    try:
        return _decoder.decode(row["outcome"])
    except msgspec.MsgspecError:
        return None


def tells_of(outcome: Outcome, record: Record) -> bool:
    """Whether the outcome can be that of the request that made this event."""
    event, position = record.event, record.position
    match outcome:
        case AnswerLost():
            return outcome.position <= position
        case ReservedOutcome():
            return isinstance(event, NumbersReserved) and outcome == _reserved(record, event)
        case ReleasedOutcome(reservation=reservation, number=number):
            return isinstance(event, ReservationReleased) and (reservation, number) == (event.reservation, event.number)
        case ExplainedOutcome(position=told, at=at):
            return isinstance(event, GapExplained) and (told, at) == (position, record.at)
        case DocumentOutcome(document_id=document_id, position=told):
            return told in _ends_of(record) and document_id == getattr(event, "document_id", None)
        case SeriesOutcome():
            return _shows_series(outcome, record)
        case _:
            return False


def _reserved(record: Record, event: NumbersReserved) -> ReservedOutcome | None:
    if event.device_id is None or event.token_key is None:
        return None
    return ReservedOutcome(
        record.position,
        record.stream,
        event.first,
        event.last,
        event.device_id,
        record.at,
        event.expires_at,
        event.token_key,
        event.token_nonce,
    )


def _ends_of(record: Record) -> Iterator[Position]:
    """Where the request that made this event may have ended: a reversal notes itself in one event more."""
    about = (
        ReservationConsumed
        | DocumentVoided
        | DocumentUnvoided
        | DocumentErased
        | DraftSaved
        | DraftVoided
        | DraftErased
    )
    if isinstance(record.event, about):
        yield record.position
    if isinstance(record.event, ReservationConsumed) and record.event.reverses is not None:
        yield Position(record.position + 1)


def _shows_series(outcome: SeriesOutcome, record: Record) -> bool:
    shown, event = outcome.series, record.event
    place = (shown.series_id, shown.firm_id, shown.mode, shown.position, shown.name)
    if place != (record.stream, record.firm_id, record.mode, record.position, record.series_name):
        return False
    match event:
        case SeriesOpened():
            opened = (event.document_type, event.description, event.format, event.start_number, event.year)
            told = (shown.document_type, shown.description, shown.format, shown.next_number, shown.year)
            return opened == told and shown.opened_at == record.at and shown.lock is None
        case SeriesLocked():
            lock = LockView(event.device_id, event.session_id, event.user_id, event.platform, record.at)
            return shown.lock == lock
        case SeriesUnlocked():
            return shown.lock is None
        case _:
            return True
