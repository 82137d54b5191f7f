"""The events one after another: positions, columns, the chain of each stream, and the answers that tell of them."""

from collections.abc import AsyncIterator, Iterator, Sequence

import asyncpg
from msgspec import MsgspecError

from schemas.events import NumbersLost, NumbersReserved, SeriesOpened
from schemas.record import Record, StoredRecord, UnknownEventError, decode_record, event_tag, is_canonical
from schemas.values import LogId, Position, UnixSeconds
from service.checking.answers import Answers
from service.checking.faults import EVENTS_OF_A_STEP, Fault, FaultKind, Step, at_position
from service.log.columns import columns_of
from service.statements import statement


async def check_chain(pool: asyncpg.Pool, log_id: LogId, answers: Answers) -> AsyncIterator[Step]:
    """Every event up to the head that the log has now.

    Raises asyncpg's errors; and UnknownEventError for an event of a type that a migration of a newer release added.
    """
    async with pool.acquire() as connection:
        ends = await connection.fetchrow(statement("check_head"), log_id)
        types = await connection.fetch(statement("check_event_types"))
    assert ends is not None, "a log has a row"
    head, last = Position(ends["head"]), Position(ends["last"] or 0)
    if head != last:
        says = f"log.head says that the log ends at {head}, and its last event is at {last}"
        yield Step(1, [Fault(FaultKind.LOG_HEAD, f"log {log_id}", says)])
    walk = _Walk(log_id, frozenset(row["tag"] for row in types))
    after, end = Position(0), Position(max(head, last))
    while after < end:
        to = Position(min(after + EVENTS_OF_A_STEP, end))
        async with pool.acquire() as connection:
            rows = await connection.fetch(statement("check_events"), log_id, after, to)
            faults = [*walk.over(rows, after, to), *await answers.faults(connection, walk.records)]
        yield Step(to - after, faults)
        after = to


class _Walk:
    """What must be known of the events before those that come next."""

    def __init__(self, log_id: LogId, types: frozenset[str]) -> None:
        """`types` are those of events that the database knows: what a newer release wrote is no fault."""
        self._log_id = log_id
        self._types = types
        self._at = UnixSeconds(0)
        self.records: list[Record] = []
        """Those of the last page that could be read."""

    def over(self, rows: Sequence[asyncpg.Record], after: Position, to: Position) -> Iterator[Fault]:
        """What is wrong with the events after `after` up to `to`, which `rows` should be."""
        self.records = []
        due = after + 1
        for row in rows:
            yield from _missing(due, row["position"])
            due = row["position"] + 1
            yield from self._faults(row)
        yield from _missing(due, to + 1)

    def _faults(self, row: asyncpg.Record) -> Iterator[Fault]:
        place, written = at_position(row["position"]), row["record"].encode()
        try:
            record = decode_record(written)
        except MsgspecError as error:
            if isinstance(error, UnknownEventError) and error.tag in self._types:
                raise
            yield Fault(FaultKind.EVENT_UNREADABLE, place, f"its record is no event: {error}")
            return
        self.records.append(record)
        if not is_canonical(written, record):
            yield Fault(FaultKind.EVENT_UNREADABLE, place, "its record is not written as the service writes records")
        if (record.log, record.position) != (self._log_id, row["position"]):
            says = f"its record says that it is event {record.position} of log {record.log}"
            yield Fault(FaultKind.EVENT_MISPLACED, place, says)
        other = _other_columns(row, StoredRecord(record, written))
        if other:
            yield Fault(FaultKind.EVENT_COLUMNS, place, f"its record says something else than its {', '.join(other)}")
        yield from self._breaks(row, record, place)

    def _breaks(self, row: asyncpg.Record, record: Record, place: str) -> Iterator[Fault]:
        """How the event does not follow those before it."""
        before = row["previous"] or 0
        if record.previous != before or (record.version > 1) != bool(before) or before >= row["position"]:
            says = f"it names position {record.previous} as the one before it in its stream, which is {before}"
            yield Fault(FaultKind.EVENT_CHAIN, place, says)
        if record.at < self._at:
            yield Fault(FaultKind.EVENT_CHAIN, place, "it is earlier than the event before it")
        self._at = record.at
        kept = (row["stream_log"], row["stream_firm"], row["stream_mode"])
        said = (record.log, record.firm_id, record.mode)
        if kept != said or (row["stream_version"] or 0) < row["version"]:
            says = f"log.stream does not know version {row['version']} of stream {row['stream']}, or its firm"
            yield Fault(FaultKind.LOG_STREAM, place, says)


def _missing(due: int, found: int) -> Iterator[Fault]:
    if due < found:
        says = "there is no event" if found - due == 1 else f"there is no event up to position {found - 1}"
        yield Fault(FaultKind.EVENT_MISSING, at_position(due), says)


def _other_columns(row: asyncpg.Record, stored: StoredRecord) -> list[str]:
    """The columns that differ from the record."""
    record, event = stored.record, stored.record.event
    *_, (number,), _, (document_id,), _ = columns_of([stored])
    has_number = number and not isinstance(event, SeriesOpened | NumbersReserved | NumbersLost)
    said = {
        "stream": record.stream,
        "version": record.version,
        "firm_id": record.firm_id,
        "mode": record.mode.value,
        "at": record.at,
        "tag": event_tag(event),
        "number": int(number) if has_number else None,
        "document_id": document_id or None,
    }
    return [name for name, value in said.items() if row[name] != value]
