"""The results of commands. An outcome is kept with the events, under the idempotency key, so a repeat gets it again.

An outcome holds no token and no personal data: tokens are sealed again from the position, and contents are found by
their digests.
"""

from typing import Final, get_args

from msgspec import Struct

from schemas.values import (
    DeviceId,
    DocumentId,
    DocumentType,
    Fate,
    FirmId,
    Mode,
    Number,
    Platform,
    Position,
    SeriesId,
    TokenNonce,
    UnixSeconds,
)


class LockView(Struct, frozen=True):
    """Which device holds a series, and since when."""

    device_id: DeviceId
    session_id: int | None
    user_id: int | None
    platform: Platform | None
    locked_at: UnixSeconds


class SeriesView(Struct, frozen=True):
    """A series as it stood at `position` (CONTRACT.md section 5.1)."""

    series_id: SeriesId
    firm_id: FirmId
    mode: Mode
    position: Position
    name: str
    document_type: DocumentType
    description: str | None
    format: str
    start_number: Number
    next_number: Number
    year: int
    is_primary: bool
    is_used: bool
    lock: LockView | None
    opened_at: UnixSeconds


class SeriesOutcome(Struct, frozen=True, tag="series"):
    """The series after it was opened, described, made primary, locked, unlocked or advanced, or had not to change."""

    series: SeriesView


class ReservedOutcome(Struct, frozen=True, tag="reserved"):
    """The block that was reserved at `position`. Each number has a token, sealed by `token_key` with `token_nonce`."""

    position: Position
    series_id: SeriesId
    first: Number
    last: Number
    device_id: DeviceId
    reserved_at: UnixSeconds
    expires_at: UnixSeconds
    token_key: str
    token_nonce: TokenNonce | None = None


class ReleasedOutcome(Struct, frozen=True, tag="released"):
    """This number of the block at `reservation` was released."""

    reservation: Position
    number: Number


class DocumentOutcome(Struct, frozen=True, tag="document"):
    """The document was issued, saved or changed; a reply shows it as its events up to `position` say."""

    document_id: DocumentId
    position: Position


class ExplainedOutcome(Struct, frozen=True, tag="explained"):
    """The gap was explained by the event at this position, at this time."""

    position: Position
    at: UnixSeconds


class DeletedOutcome(Struct, frozen=True, tag="deleted"):
    """The document was deleted at this time; only its events remain."""

    document_id: DocumentId
    at: UnixSeconds


class ExpiredOutcome(Struct, frozen=True, tag="expired"):
    """How many blocks and numbers were recorded as expired."""

    blocks: int
    numbers: int


class AnswerLost(Struct, frozen=True, tag="answer-lost"):
    """Something that is known by its events only, from `position` on: the answer to the caller is lost.

    Kept under the key, so that a repeat is refused and not done once more.
    """

    position: Position


Outcome = (
    SeriesOutcome
    | ReservedOutcome
    | ReleasedOutcome
    | DocumentOutcome
    | ExplainedOutcome
    | DeletedOutcome
    | ExpiredOutcome
    | AnswerLost
)

KNOWN_OUTCOMES: Final = frozenset(str(each.__struct_config__.tag) for each in get_args(Outcome))
"""The kinds of outcomes that this release knows."""

Equation = dict[Fate, int]
"""The right-hand side of the accounting equation; its sum is `taken` = next_number - start_number."""
