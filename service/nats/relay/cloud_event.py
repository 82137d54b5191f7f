"""An event as other services see it (CONTRACT.md section 11.4): its subject and its CloudEvents 1.0 headers, in the
binary mode of the NATS binding.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/nats-protocol-binding.md
"""

import re
from functools import lru_cache
from typing import Final
from zlib import crc32

from schemas.record import schema_id
from schemas.values import DEFAULT_LOG, LogId, SeriesId, iso_time
from service.log.event_log import RecordOutline

_UNSAFE: Final = re.compile(rb"[^A-Za-z0-9_-]")
_SERIES_CACHED: Final = 16_384
_TIMES_CACHED: Final = 1024

_timestamp: Final = lru_cache(_TIMES_CACHED)(iso_time)
"""Events that follow each other are mostly of one second."""


def subject_root(log_id: LogId) -> str:
    """What the subjects of a log begin with; it differs, because JetStream refuses two streams with common subjects."""
    return "numbering.v1.events" if log_id == DEFAULT_LOG else f"numbering.v1.events-{log_id}"


def subject_of(record: RecordOutline) -> str:
    """`numbering.v1.events.<mode>.<firm>.<series>.<event-name>`."""
    place = f"{subject_root(record.log)}.{token(record.mode)}.{token(record.firm_id)}"
    return f"{place}.{token(record.stream)}.{record.tag.partition('/')[0]}"


def message_id(record: RecordOutline) -> str:
    """Position and content, so that events of a log that was rolled back do not pass for those in their places.

    A checksum will do against accidents; the comparison of both ends goes by the bytes.
    """
    return f"{record.position}-{crc32(record.canonical):08x}"


def message_of(record: RecordOutline, own_id: str, last_id: str | None, reply: str) -> bytes:
    """The event as a message of the NATS protocol: JetStream stores it at its position, after the message with the id
    `last_id`, or not at all. No value in it can hold a line break: `token` and our own words only.
    """
    position, time = record.position, _timestamp(record.at)
    after = f"Nats-Expected-Last-Msg-Id: {last_id}\r\n" if last_id is not None else ""
    # The sequence is padded, because the extension asks for values that sort as text.
    headers = (
        f"{_constant_headers(record.log, record.stream, record.tag)}ce-id: {position}\r\nce-time: {time}\r\n"
        f"ce-sequence: {position:020}\r\nNats-Expected-Last-Sequence: {position - 1}\r\n{after}"
        f"Nats-Msg-Id: {own_id}\r\n\r\n"
    )
    sizes = f"{len(headers)} {len(headers) + len(record.canonical)}"
    return f"HPUB {subject_of(record)} {reply} {sizes}\r\n{headers}".encode("ascii") + record.canonical + b"\r\n"


@lru_cache(_SERIES_CACHED)
def _constant_headers(log_id: LogId, series_id: SeriesId, tag: str) -> str:
    return (
        f"NATS/1.0\r\nce-specversion: 1.0\r\nce-source: /numbering/logs/{log_id}\r\nce-type: numbering.{tag}\r\n"
        f"ce-subject: {token(series_id)}\r\nce-partitionkey: {token(series_id)}\r\n"
        f"ce-dataschema: {schema_id(tag)}\r\ncontent-type: application/json\r\n"
    )


@lru_cache(_SERIES_CACHED)
def token(text: str) -> str:
    """`text` as one token of a subject: all but letters, digits, `_` and `-` as the %XX of its UTF-8 bytes."""
    return _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], text.encode()).decode() or "%"
