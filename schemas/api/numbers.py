"""The story of one number: its fate, and the events that led to it."""

from typing import Literal

from msgspec import Struct

from schemas.values import DeviceId, DocumentId, Fate, Number, Position, SeriesId, UnixSeconds


class NumberEvent(Struct, frozen=True, kw_only=True):
    """One event of the log about the number. `type` is its tag; `device_id` is the device that caused it."""

    position: Position
    type: str
    at: UnixSeconds
    device_id: DeviceId | None


class NumberStory(Struct, frozen=True, kw_only=True):
    """What became of one number, as of the position `as_of`; `events` are in the order of the log.

    `full_number` is null until a document carries the number. `ended_at` is the time of the event that gave the number
    its present fate.
    """

    object: Literal["number"] = "number"
    series_id: SeriesId
    number: Number
    full_number: str | None
    fate: Fate
    device_id: DeviceId | None
    reserved_at: UnixSeconds
    expires_at: UnixSeconds | None
    ended_at: UnixSeconds | None
    invoice_id: DocumentId | None
    as_of: Position
    events: list[NumberEvent]
