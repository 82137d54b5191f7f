"""The words of the domain as types. `Number`, `Version` and `Position` are three types and are never mixed."""

from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Final, NewType

from msgspec import Meta, Struct

FirmId = NewType("FirmId", str)
SeriesId = NewType("SeriesId", str)
DocumentId = NewType("DocumentId", str)
DeviceId = NewType("DeviceId", str)
CommandId = NewType("CommandId", str)
LogId = NewType("LogId", int)

Number = NewType("Number", int)
"""A fiscal document number: 1 .. NUMBER_MAX."""

Version = NewType("Version", int)
"""Place of an event in its stream (one series, or one draft): 1, 2, 3 ... without holes."""

Position = NewType("Position", int)
"""Place of an event in its log: 1, 2, 3 ... without holes, in the order of the commits."""

UnixSeconds = NewType("UnixSeconds", int)
IsoDate = NewType("IsoDate", str)
"""A calendar day, `YYYY-MM-DD`; compares as text in calendar order."""

Digest = NewType("Digest", str)
"""Salted SHA-256 of a content, 64 lowercase hexadecimal digits."""

NUMBER_MAX: Final = Number(9_007_199_254_740_991)
"""The largest number, 2**53 - 1: exact in every JSON client (CONTRACT.md D84)."""

RESERVE_COUNT_MAX: Final = 50
"""The most numbers one call may reserve (CONTRACT.md section 7)."""

EARLIEST_DATE: Final = IsoDate("2000-01-01")
"""No document can mean an earlier date (CONTRACT.md D88)."""

DEFAULT_LOG: Final = LogId(1)

TokenNonce = NewType("TokenNonce", int)
"""32 random bits that the tokens of one block carry, so that they open to no other block (CONTRACT.md D97)."""

TOKEN_NONCE_BITS: Final = 32

Count = Annotated[int, Meta(ge=1, le=RESERVE_COUNT_MAX)]


@lru_cache(4096)
def iso_time(at: UnixSeconds) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`, ISO 8601 in UTC, to the second (CONTRACT.md D4).

    Kept, because replies and messages of one second are full of the same few times, and each takes 3 us to write.
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Word(StrEnum):
    """A word of a short list. It is hashed as its text, in C: that of Enum is a call of Python, a microsecond each."""

    __hash__ = str.__hash__


class Mode(Word):
    """The mode of a partition: a firm has two partitions, and they never see each other."""

    LIVE = "live"
    TEST = "test"


class GapCode(Word):
    """Why an operator says that numbers never became documents (CONTRACT.md D112)."""

    DEVICE_FAILURE = "device_failure"
    PRINTER_FAILURE = "printer_failure"
    NETWORK_FAILURE = "network_failure"
    OPERATOR_ERROR = "operator_error"
    CUSTOMER_LEFT = "customer_left"
    TRAINING = "training"
    DEVICE_RETIRED = "device_retired"
    DATABASE_RESTORED = "database_restored"
    OTHER = "other"


class DocumentType(Word):
    """The type of the documents that a series numbers (CONTRACT.md section 5.1)."""

    FISCAL = "fiscal"
    PROFORMA = "proforma"


class Platform(Word):
    """The system that a device session runs on."""

    IOS = "ios"
    ANDROID = "android"
    WEB = "web"


class ActorKind(Word):
    """The kinds of actors: an API key, a device session, or the service itself."""

    KEY = "key"
    SESSION = "session"
    SYSTEM = "system"


class Fate(Word):
    """What became of a number; the terms of the accounting equation (DESIGN.md section 1)."""

    STANDING = "standing"
    VOIDED = "voided"
    WITHDRAWN = "withdrawn"
    PENDING = "pending"
    RELEASED = "released"
    EXPIRED = "expired"
    LOST = "lost"


class Actor(Struct, frozen=True, gc=False):
    """The actor of an event: the id of an API key or session, or the name of a job; never the name of a person."""

    kind: ActorKind
    id: str
    user_id: int | None = None


class NumberRange(Struct, frozen=True, gc=False, array_like=True):
    """The numbers `first` .. `last`, both included."""

    first: Number
    last: Number

    def __len__(self) -> int:
        return self.last - self.first + 1
