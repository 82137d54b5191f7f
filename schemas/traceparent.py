"""The trace that a request belongs to, as the W3C Trace Context writes it in one header (CONTRACT.md D119).

https://www.w3.org/TR/trace-context/#traceparent-header
"""

import re
from collections.abc import Sequence
from typing import Annotated, Final, NewType

from msgspec import Meta

PATTERN: Final = "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
SENT_MAX: Final = 255
"""The longest header that is looked at, in characters. A later version may be longer than ours, which has 55."""

KNOWN_FLAGS: Final = 0b11
"""Sampled, and random trace id. Others have no meaning yet, and are passed on as 0."""

_SENT: Final = re.compile("(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_OURS: Final = re.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

TraceParent = NewType("TraceParent", str)
"""`00-<trace id>-<span id>-<flags>`: 55 characters, none of the ids all zeros."""

WrittenTraceParent = Annotated[TraceParent, Meta(extra_json_schema={"pattern": PATTERN})]
"""As it stands in a record. A record with something else there can still be read: `is_traceparent` judges it."""


def read_traceparent(sent: Sequence[str]) -> TraceParent | None:
    """The trace that these headers name; none if there is not exactly one, or if it is malformed. Nothing is raised.

    A later version is read as far as version 00 goes, and passed on as version 00.
    """
    if len(sent) != 1 or len(sent[0]) > SENT_MAX:
        return None
    found = _SENT.fullmatch(sent[0].strip(" \t"))
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == "00" and more is not None:
        return None
    return TraceParent(f"00-{trace_id}-{span_id}-{int(flags, 16) & KNOWN_FLAGS:02x}")


def is_traceparent(text: str) -> bool:
    """Whether this is what `read_traceparent` makes."""
    return _OURS.fullmatch(text) is not None


def trace_id_of(traceparent: TraceParent) -> str:
    """The id of the trace: 32 hexadecimal digits."""
    return traceparent[3:35]


def span_id_of(traceparent: TraceParent) -> str:
    """The id of the span, the parent of what comes next: 16 hexadecimal digits."""
    return traceparent[36:52]


def is_sampled(traceparent: TraceParent) -> bool:
    """Whether the caller records this trace."""
    return int(traceparent[53:], 16) & 1 == 1
