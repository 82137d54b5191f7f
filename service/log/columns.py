"""A batch as the arrays that log.append takes. PostgreSQL checks each column against the record itself.

Arrays of texts alone: for each integer and each null in an array asyncpg asks twice whether it is a container, which
was a tenth of the writer's time.
"""

from collections.abc import Sequence
from typing import assert_never

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

_outcome_encoder = msgspec.json.Encoder()


def arguments_of(log_id: LogId, expected: Position, batch: Batch) -> tuple[object, ...]:
    """What log.append takes, in its order."""
    return (
        log_id,
        expected,
        *_columns(batch.records),
        [bytes.fromhex(content.digest) for content in batch.contents],
        [content.salt for content in batch.contents],
        [content.body.decode() for content in batch.contents],
        [answer.key for answer in batch.answers],
        [answer.request for answer in batch.answers],
        [_outcome_encoder.encode(answer.outcome).decode() for answer in batch.answers],
    )


def _columns(stored: Sequence[StoredRecord]) -> tuple[list[str], ...]:
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
