"""An event as other services see it: its subject and its CloudEvents 1.0 headers, binary mode of the NATS binding.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/nats-protocol-binding.md
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zlib import crc32

from schemas.record import Record, StoredRecord, event_name, event_tag
from schemas.values import DEFAULT_LOG, LogId, SeriesId, UnixSeconds

EXPECTED_LAST_SEQUENCE: Final = "Nats-Expected-Last-Sequence"
EXPECTED_LAST_MESSAGE_ID: Final = "Nats-Expected-Last-Msg-Id"
MESSAGE_ID: Final = "Nats-Msg-Id"

_UNSAFE: Final = re.compile(rb"[^A-Za-z0-9_-]")
_IDS_CACHED: Final = 4096


def subject_root(log_id: LogId) -> str:
    """What the subjects of a log begin with; it differs, because JetStream refuses two streams with common subjects."""
    return "numbering.v1.events" if log_id == DEFAULT_LOG else f"numbering.v1.events-{log_id}"


def subject_of(record: Record) -> str:
    """`numbering.v1.events.<mode>.<firm>.<series>.<event-name>`."""
    return f"{_partition(record.log, record.mode, record.firm_id)}.{token(record.stream)}.{event_name(record.event)}"


def message_id(stored: StoredRecord) -> str:
    """Position and content, so that events of a log that was rolled back do not pass for those in their places.

    A checksum will do against accidents; the comparison of both ends goes by the bytes.
    """
    return f"{stored.record.position}-{crc32(stored.canonical):08x}"


def headers_of(stored: StoredRecord) -> dict[str, str]:
    """The CloudEvents attributes, and what makes JetStream store the event at its position or not at all."""
    record = stored.record
    position = str(record.position)
    return _constant_headers(record.log, record.stream, event_tag(record.event)) | {
        EXPECTED_LAST_SEQUENCE: str(record.position - 1),
        MESSAGE_ID: message_id(stored),
        "ce-id": position,
        "ce-time": _timestamp(record.at),
        # Padded, because the sequence extension asks for values that sort as text.
        "ce-sequence": position.zfill(20),
    }


@lru_cache(_IDS_CACHED)
def _constant_headers(log_id: LogId, series_id: SeriesId, tag: str) -> dict[str, str]:
    return {
        "ce-specversion": "1.0",
        "ce-source": f"/numbering/logs/{log_id}",
        "ce-type": f"numbering.{tag}",
        "ce-subject": token(series_id),
        "ce-partitionkey": token(series_id),
        "content-type": "application/json",
    }


@lru_cache(_IDS_CACHED)
def token(text: str) -> str:
    """`text` as one token of a subject: all but letters, digits, `_` and `-` as the %XX of its UTF-8 bytes."""
    return _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], text.encode()).decode() or "%"


@lru_cache(_IDS_CACHED)
def _partition(log_id: LogId, mode: str, firm_id: str) -> str:
    return f"{subject_root(log_id)}.{token(mode)}.{token(firm_id)}"


@lru_cache(_IDS_CACHED)
def _timestamp(at: UnixSeconds) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
