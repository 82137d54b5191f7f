"""Batches as the writer appends them, and broken ones."""

from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from schemas.events import ReservationExpired
from schemas.outcomes import ExpiredOutcome
from schemas.record import Record, StoredRecord, encode_record
from schemas.values import Number, NumberRange, Position, Version
from service.log.event_log import Answer, Batch, Content, EventLog
from tests.support.domain.commands import a_consumption, a_document, a_lock, a_reservation_of, a_slot, an_issue
from tests.support.domain.history import History, a_history


def stored(records: Iterable[Record]) -> list[StoredRecord]:
    """The records with their canonical bytes."""
    return [StoredRecord(record, encode_record(record)) for record in records]


def a_batch(records: Iterable[Record], contents: Sequence[Content] = (), answers: Sequence[Answer] = ()) -> Batch:
    """A batch of these records."""
    return Batch(stored(records), contents, answers)


def a_working_day() -> History:
    """Series opened, locked, a block of 10 reserved at position 3, 1 consumed, 11 issued online: 6 records."""
    return a_history(
        a_lock(), a_reservation_of(10), a_consumption(a_slot(1), a_document("inv_1")), an_issue(a_document("inv_2"))
    )


async def write(log: EventLog, history: History) -> list[StoredRecord]:
    """Append, in one batch, the records of the history that the log lacks; returns all records of the history."""
    head = await log.head()
    await log.append(head, a_batch(history.records[head:]))
    return stored(history.records)


def moved(record: Record, *, positions: int = 0, versions: int = 0) -> Record:
    """The record at another place."""
    return replace(record, position=Position(record.position + positions), version=Version(record.version + versions))


def an_answer(name: str = "key", request: str = "body", numbers: int = 1) -> Answer:
    """An answer under a key."""
    return Answer(name.encode(), request.encode(), ExpiredOutcome(1, numbers))


def an_expiry(reservation: int, *ranges: tuple[int, int]) -> Callable[[Record], Record]:
    """The record with an expiry of these ranges instead of its event."""
    numbers = tuple(NumberRange(Number(first), Number(last)) for first, last in ranges)
    return lambda record: replace(record, event=ReservationExpired(Position(reservation), numbers))
