"""An event as other services see it: its subject and its CloudEvents 1.0 headers, binary mode of the NATS binding.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/nats-protocol-binding.md
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final

from schemas.record import Record, StoredRecord, event_name, event_tag
from schemas.values import DEFAULT_LOG, LogId, UnixSeconds

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
    """Position and content, so that different events never pass for one another, whatever their positions."""
    return f"{stored.record.position}-{sha256(stored.canonical).hexdigest()[:16]}"


def headers_of(stored: StoredRecord) -> dict[str, str]:
    """The CloudEvents attributes, and what makes JetStream store the event at its position or not at all."""
    record = stored.record
    position = str(record.position)
    series = token(record.stream)
    return {
        EXPECTED_LAST_SEQUENCE: str(record.position - 1),
        MESSAGE_ID: message_id(stored),
        "ce-specversion": "1.0",
        "ce-id": position,
        "ce-source": f"/numbering/logs/{record.log}",
        "ce-type": f"numbering.{event_tag(record.event)}",
        "ce-subject": series,
        "ce-time": _timestamp(record.at),
        # Padded, because the sequence extension asks for values that sort as text.
        "ce-sequence": position.zfill(20),
        "ce-partitionkey": series,
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
