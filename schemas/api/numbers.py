"""The story of one number: its fate, and the events that led to it."""

from typing import Literal

from msgspec import Struct

from schemas.values import DeviceId, DocumentId, Fate, Number, Position, SeriesId, UnixSeconds


class NumberEvent(Struct, frozen=True, kw_only=True):
    """One event of the log about the number. `type` is its tag; `device_id` is the device that caused it."""

    position: Position
    """The place of the event in the log."""
    type: str
    """What happened: the tag of the event."""
    at: UnixSeconds
    """When it happened, in Unix seconds."""
    device_id: DeviceId | None
    """The device that caused it; null if it was no device."""


class NumberStory(Struct, frozen=True, kw_only=True):
    """What became of one number, as of the position `as_of`; `events` are in the order of the log.

    `full_number` is null until a document carries the number. `ended_at` is the time of the event that gave the number
    its present fate.
    """

    object: Literal["number"] = "number"
    series_id: SeriesId
    """The series of the number."""
    number: Number
    """The number."""
    full_number: str | None
    """The number as printed on its document."""
    fate: Fate
    """What became of the number."""
    device_id: DeviceId | None
    """The device that reserved or took it; null if it was no device."""
    reserved_at: UnixSeconds
    """When it was taken from the counter, in Unix seconds."""
    expires_at: UnixSeconds | None
    """When its reservation expires, in Unix seconds; null if it was never reserved."""
    ended_at: UnixSeconds | None
    """When it got its present fate, in Unix seconds; null while it is pending."""
    invoice_id: DocumentId | None
    """The invoice that has the number."""
    as_of: Position
    """The position of the log up to which this is true."""
    events: list[NumberEvent]
    """The events about the number."""
