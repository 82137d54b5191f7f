"""A batch as the columns that log.append takes. PostgreSQL checks each column against the record itself.

Each column travels as one text, which `log_append.sql` takes apart: as arrays, the columns of one record took asyncpg
12 us, and as texts they take 0.3.
"""

from collections.abc import Sequence
from typing import Final, assert_never

import msgspec

from schemas.events import (
    DocumentEvent,
    DraftEvent,
    Event,
    NumbersLost,
    NumbersReserved,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesEvent,
    SeriesOpened,
)
from schemas.record import StoredRecord, event_tag
from schemas.values import LogId, Position
from service.log.event_log import Batch

SEPARATOR: Final = "\x1f"

_outcome_encoder: Final = msgspec.json.Encoder()


def arguments_of(log_id: LogId, expected: Position, batch: Batch) -> tuple[object, ...]:
    """What log.append takes, in its order."""
    return (
        log_id,
        expected,
        *map(joined, columns_of(batch.records)),
        [bytes.fromhex(content.digest) for content in batch.contents],
        [content.salt for content in batch.contents],
        [content.body.decode() for content in batch.contents],
        [answer.key for answer in batch.answers],
        [answer.request for answer in batch.answers],
        [_outcome_encoder.encode(answer.outcome).decode() for answer in batch.answers],
    )


def joined(column: Sequence[str]) -> str:
    """The texts as one: each behind a separator, a control character that JSON escapes and no id of ours has.

    A text that had one would be two, and so be refused: the columns would not be as long as each other.
    """
    return SEPARATOR.join(("", *column))


def columns_of(stored: Sequence[StoredRecord]) -> tuple[list[str], ...]:
    """The columns of these records, in the order of log.append."""
    records = [each.record for each in stored]
    numbers = [_numbers(record.event) for record in records]
    return (
        [each.canonical.decode() for each in stored],
        [record.stream for record in records],
        [record.series_name or "" for record in records],
        [str(record.version) for record in records],
        [str(record.previous) for record in records],
        [record.firm_id for record in records],
        [record.mode.value for record in records],
        [str(record.at) for record in records],
        [event_tag(record.event) for record in records],
        [number for number, _, _, _ in numbers],
        [last for _, last, _, _ in numbers],
        [document_id for _, _, document_id, _ in numbers],
        [reservation for _, _, _, reservation in numbers],
    )


def _numbers(event: Event) -> tuple[str, str, str, str]:
    """The number, the last one of a range, the document and the reservation; empty where the event has none."""
    match event:
        case NumbersReserved() | NumbersLost():
            return str(event.first), str(event.last), "", ""
        case ReservationConsumed():
            return str(event.number), "", event.document_id, str(event.reservation)
        case ReservationReleased():
            return str(event.number), "", "", str(event.reservation)
        case ReservationExpired():
            return "", "", "", str(event.reservation)
        case DocumentEvent():
            return str(event.number), "", event.document_id, ""
        case DraftEvent():
            return "", "", event.document_id, ""
        case SeriesOpened():
            return str(event.start_number), "", "", ""
        case SeriesEvent():
            return "", "", "", ""
        case _:
            assert_never(event)
