"""Each event as one line of plain English."""

from typing import assert_never
from zoneinfo import ZoneInfo

from projections.replay.local_time import local_time
from schemas.events import (
    AnyDraftEvent,
    AnySeriesEvent,
    DocumentChanged,
    DocumentErased,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
    DraftErased,
    DraftEvent,
    DraftSaved,
    DraftVoided,
    Event,
    GapExplained,
    NumbersLost,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesDescribed,
    SeriesEvent,
    SeriesLocked,
    SeriesMadePrimary,
    SeriesOpened,
    SeriesUnlocked,
)
from schemas.record import Record
from schemas.values import Actor, Digest, NumberRange


def words(record: Record, zone: ZoneInfo) -> str:
    """The line: position, time in the zone, series (or the id of the draft), what happened, and the actor."""
    time = local_time(record.at, zone)
    subject = record.series_name or record.stream
    return f"{record.position}  {time}  {subject}  {_happened(record.event, zone)}, by {actor_text(record.actor)}"


def _happened(event: Event, zone: ZoneInfo) -> str:
    match event:
        case SeriesEvent():
            return _happened_to_series(event)
        case DraftEvent():
            return _happened_to_draft(event)
        case NumbersReserved(device_id=device_id, expires_at=expires_at):
            numbers = _numbers(NumberRange(event.first, event.last))
            if event.token_key is None:
                return f"{numbers} taken"
            return f"{numbers} reserved by device {device_id} until {local_time(expires_at, zone)}"
        case ReservationConsumed(number=number, document_id=document_id, date=date, reverses=reverses):
            reversal = "" if reverses is None else f", the reversal of document {reverses}"
            return f"number {number} put on document {document_id} of {date}{reversal}"
        case ReservationReleased(number=number):
            return f"number {number} released"
        case ReservationExpired(ranges=ranges):
            return f"{', '.join(map(_numbers, ranges))} expired"
        case NumbersLost(first=first, last=last, reason=reason):
            return f"{_numbers(NumberRange(first, last))} lost and stepped over: {reason}"
        case DocumentVoided(number=number, document_id=document_id):
            return f"document {document_id}, number {number}, voided"
        case DocumentUnvoided(number=number, document_id=document_id):
            return f"document {document_id}, number {number}, counts again"
        case NumberWithdrawn(number=number, document_id=document_id):
            return f"document {document_id} deleted, number {number} withdrawn"
        case DocumentChanged(number=number, document_id=document_id, date_before=before, date=date):
            moved = "" if before == date else f", its date moved from {before} to {date}"
            return f"document {document_id}, number {number}, changed{moved}"
        case DocumentErased(number=number, document_id=document_id, content=left):
            return f"{_erased(left)} document {document_id}, number {number}, erased"
        case DocumentReversed(number=number, document_id=document_id, reversal_number=other, reversal_id=reversal_id):
            return f"document {document_id}, number {number}, reversed by document {reversal_id}, number {other}"
        case _:
            assert_never(event)


def _happened_to_series(event: AnySeriesEvent) -> str:
    match event:
        case SeriesOpened(document_type=document_type, start_number=start_number, is_primary=is_primary):
            primary = ", primary" if is_primary else ""
            return f"series opened for {document_type} documents from number {start_number}{primary}"
        case SeriesDescribed():
            return "description of the series changed"
        case SeriesMadePrimary():
            return "series made primary"
        case GapExplained(first=first, last=last, code=code, text=text):
            return f"{_numbers(NumberRange(first, last))} explained: {code}: {text}"
        case SeriesLocked(device_id=device_id):
            return f"series locked to device {device_id}"
        case SeriesUnlocked(device_id=device_id, is_forced=is_forced):
            return f"lock of device {device_id} removed{' by force' if is_forced else ''}"
        case _:
            assert_never(event)


def _happened_to_draft(event: AnyDraftEvent) -> str:
    match event:
        case DraftSaved(document_id=document_id):
            return f"draft {document_id} saved"
        case DraftVoided(document_id=document_id):
            return f"draft {document_id} voided"
        case DraftErased(document_id=document_id, content=left):
            return f"{_erased(left)} draft {document_id} erased"
        case DraftDeleted(document_id=document_id):
            return f"draft {document_id} deleted"
        case _:
            assert_never(event)


def _erased(left: Digest | None) -> str:
    return "what was said by" if left is None else "the customer of"


def _numbers(numbers: NumberRange) -> str:
    return f"number {numbers.first}" if len(numbers) == 1 else f"numbers {numbers.first}-{numbers.last}"


def actor_text(actor: Actor) -> str:
    """The actor, as reports name it: `session:17`, `system:sweeper`."""
    return f"{actor.kind}:{actor.id}"
