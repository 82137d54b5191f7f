"""An event and what is written around it: the unit of the log, of the relay and of the evidence."""

from typing import Any, Final, get_args

import msgspec
from msgspec import UNSET, Struct, UnsetType

from schemas.events import Event
from schemas.traceparent import TraceParent, WrittenTraceParent, is_traceparent
from schemas.values import (
    Actor,
    CommandId,
    DeviceId,
    FirmId,
    LogId,
    Mode,
    Position,
    SeriesId,
    UnixSeconds,
    Version,
)


class Record(Struct, frozen=True, gc=False):
    """One event as the log holds it. `at` never decreases along a log.

    `stream` is the id of the series or of the draft; `series_name` is null for a draft. `previous` is the position of
    the event before this one in the stream, 0 for the first event. `traceparent` is written only if the request of the
    command belonged to a trace (CONTRACT.md D119).
    """

    log: LogId
    position: Position
    stream: SeriesId
    series_name: str | None
    version: Version
    previous: Position
    firm_id: FirmId
    mode: Mode
    at: UnixSeconds
    actor: Actor
    device_id: DeviceId | None
    command_id: CommandId
    idempotency_key: str | None
    event: Event
    traceparent: WrittenTraceParent | UnsetType = UNSET


class StoredRecord(Struct, frozen=True, gc=False):
    """A record and its canonical bytes: the log keeps these bytes, and evidence is computed from them."""

    record: Record
    canonical: bytes


class UnknownEventError(msgspec.ValidationError):
    """A record of an event type that this release does not have: a newer release wrote it."""

    def __init__(self, position: Position, tag: str) -> None:
        super().__init__(
            f"event {position} is of type {tag}, which this release does not know: a newer release wrote it. Start "
            "that release in place of this one"
        )
        self.position, self.tag = position, tag


class _Outline(Struct, frozen=True):
    position: Position
    event: "_Tagged"


class _Tagged(Struct, frozen=True):
    type: str


_outlines = msgspec.json.Decoder(_Outline)
_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Record)

_TRACED: Final = b'},"traceparent":"'
"""What stands between the event and its trace. No text has these bytes: a quote within a text is escaped."""


def encode_record(record: Record) -> bytes:
    """The canonical bytes: UTF-8 JSON, fields in the order of their definition, no white space."""
    return _encoder.encode(record)


def decode_record(canonical: bytes | str) -> Record:
    """The record written in these bytes, of any version ever published.

    Raises UnknownEventError for an event of a newer release, msgspec.ValidationError if it is not a record, and
    msgspec.DecodeError if it is not JSON.
    """
    try:
        return _decoder.decode(canonical)
    except msgspec.ValidationError as error:
        unknown = _unknown_event(canonical)
        if unknown is not None:
            raise unknown from error
        raise


def _unknown_event(canonical: bytes | str) -> UnknownEventError | None:
    try:
        outline = _outlines.decode(canonical)
    except msgspec.ValidationError:
        return None
    if outline.event.type in KNOWN_TAGS:
        return None
    return UnknownEventError(outline.position, outline.event.type)


def is_canonical(written: bytes, record: Record) -> bool:
    """Whether `written`, which decoded to `record`, is what this release or an earlier one wrote for it.

    An earlier release did not write the fields that were added since; everything else must be the same byte for byte.
    """
    if record.traceparent is not UNSET and not is_traceparent(record.traceparent):
        return False
    today = encode_record(record)
    if today == written:
        return True
    return msgspec.json.encode(_without_later(msgspec.json.decode(today), msgspec.json.decode(written))) == written


def _without_later(today: Any, written: Any) -> Any:
    """What this release writes, without the fields of the event that `written` does not have."""
    event = {name: value for name, value in today["event"].items() if name in written["event"]}
    return today | {"event": event}


def traceparent_in(canonical: bytes) -> TraceParent | None:
    """The trace that these canonical bytes of a record name, found without decoding them; none if they name none."""
    if canonical.endswith(b"}}"):  # a record without a trace ends with its event
        return None
    text = canonical.rpartition(_TRACED)[2].removesuffix(b'"}').decode("ascii", "replace")
    return TraceParent(text) if is_traceparent(text) else None


def event_name(event: Event) -> str:
    """The tag without its version: `numbers-reserved`, as subjects and metrics show it."""
    return event_tag(event).partition("/")[0]


def event_tag(event: Event) -> str:
    """The tag as it is stored: `numbers-reserved/1`."""
    return str(type(event).__struct_config__.tag)


KNOWN_TAGS: Final = frozenset(str(each.__struct_config__.tag) for each in get_args(Event))
"""The types of events that this release knows."""


def schema_id(tag: str) -> str:
    """The name of the JSON Schema of records with these events: `$id` of the file, `ce-dataschema` of the messages."""
    return f"urn:numbering:events:{tag.replace('/', ':')}"
