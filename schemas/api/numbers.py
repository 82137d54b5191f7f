"""One number explained: what became of it, and the events that made it so."""

from typing import Literal

from msgspec import Struct

from schemas.values import DeviceId, DocumentId, Fate, Number, Position, SeriesId, UnixSeconds


class NumberEvent(Struct, frozen=True, kw_only=True):
    """One event of the log that concerns the number; `type` is its tag, `device_id` the device it came from."""

    position: Position
    type: str
    at: UnixSeconds
    device_id: DeviceId | None


class NumberStory(Struct, frozen=True, kw_only=True):
    """What became of one number, true as of the position `as_of`; `events` are in the order of the log.

    `full_number` is there once a document carried it. `ended_at` is the time of the event that gave the present fate.
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
