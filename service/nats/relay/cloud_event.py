"""An event as other services see it (CONTRACT.md section 11.4): its subject and its CloudEvents 1.0 headers.

They are those of the binary mode of the NATS binding, version 1.0.3-wip: version 1.0.2 had no binary mode.

https://github.com/cloudevents/spec/blob/83a8bd9150de032b4788be72341c5f5f767df92e/cloudevents/bindings/nats-protocol-binding.md
"""

import re
from functools import lru_cache
from typing import Final
from zlib import crc32

from schemas.record import schema_id, traceparent_in
from schemas.traceparent import TraceParent
from schemas.values import DEFAULT_LOG, LogId, SeriesId, iso_time
from service.access.event_proofs import HEADER, EventProver
from service.log.event_log import RecordOutline
from service.log.identity import LogIdentity

_UNSAFE: Final = re.compile(rb"[^A-Za-z0-9_-]")
_TYPE: Final = "application/json"
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
    """Position and content: no other event of the installation ever has it.

    Also not the one that takes this one's place in a log that was rolled back.

    A checksum will do against accidents; the comparison of both ends goes by the bytes.
    """
    return f"{record.position}-{crc32(record.canonical):08x}"


def source_of(identity: LogIdentity, log_id: LogId) -> str:
    """What the events of this log name as their source; no other installation's log has it."""
    return f"/numbering/{identity.installation}/logs/{log_id}"


class CloudEvents:
    """Makes the messages of one log."""

    def __init__(self, source: str, prover: EventProver) -> None:
        """`source` is `source_of` the log."""
        self._source = source
        self._prover = prover
        self._constant_headers = lru_cache(_SERIES_CACHED)(self._make_constant_headers)

    def message_of(
        self, record: RecordOutline, own_id: str, last_id: str | None, reply: str, hop: TraceParent | None = None
    ) -> bytes:
        """The event as a message of the NATS protocol: JetStream stores it at its position, after the message with the
        id `last_id`, or not at all. No value in it can hold a line break: `token` and our own words only.

        `hop` is the span of sending it, if it has one; the trace then goes on there.
        """
        position, time = record.position, _timestamp(record.at)
        after = f"Nats-Expected-Last-Msg-Id: {last_id}\r\n" if last_id is not None else ""
        trace = traceparent_in(record.canonical)
        traced = f"ce-traceparent: {trace}\r\ntraceparent: {hop or trace}\r\n" if trace is not None else ""
        # The sequence is padded, because the extension asks for values that sort as text.
        headers = (
            f"{self._constant_headers(record.stream, record.tag)}ce-id: {own_id}\r\nce-time: {time}\r\n"
            f"ce-sequence: {position:020}\r\n{traced}{HEADER}: {self._prover.proof_of(record.canonical)}\r\n"
            f"Nats-Expected-Last-Sequence: {position - 1}\r\n{after}Nats-Msg-Id: {own_id}\r\n\r\n"
        )
        sizes = f"{len(headers)} {len(headers) + len(record.canonical)}"
        return f"HPUB {subject_of(record)} {reply} {sizes}\r\n{headers}".encode("ascii") + record.canonical + b"\r\n"

    def _make_constant_headers(self, series_id: SeriesId, tag: str) -> str:
        # Both headers of the type: the binding asks for the first, and some receivers look for the second only.
        return (
            f"NATS/1.0\r\nce-specversion: 1.0\r\nce-source: {self._source}\r\nce-type: numbering.{tag}\r\n"
            f"ce-subject: {token(series_id)}\r\nce-partitionkey: {token(series_id)}\r\n"
            f"ce-dataschema: {schema_id(tag)}\r\nce-datacontenttype: {_TYPE}\r\ncontent-type: {_TYPE}\r\n"
        )


@lru_cache(_SERIES_CACHED)
def token(text: str) -> str:
    """`text` as one token of a subject: all but letters, digits, `_` and `-` as the %XX of its UTF-8 bytes."""
    return _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], text.encode()).decode() or "%"
