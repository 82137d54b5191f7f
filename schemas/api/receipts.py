"""A receipt: the life of one number, or of the numbers of a gap, with proofs (service/evidence/README.md section 8)."""

from typing import Final, Literal

from msgspec import Struct

from schemas.values import Digest, FirmId, Mode, Number, SeriesId

RECEIPT_FORMAT: Final = "numbering-receipt/1"


class ReceiptSeries(Struct, frozen=True):
    """The series of the numbers."""

    id: SeriesId
    """Its id."""
    name: str
    """Its name."""


class ReceiptEvent(Struct, frozen=True, gc=False):
    """One event, and the proof that it is in the log."""

    record: str
    """The record as the log holds it, a JSON text; its UTF-8 bytes are what is hashed."""
    proof: list[str]
    """The inclusion proof under the checkpoint: hashes in base64, in the order of RFC 6962."""


class ReceiptContent(Struct, frozen=True, gc=False):
    """What a digest of an event stands for."""

    digest: Digest
    """SHA-256 of salt and body, in hexadecimal."""
    salt: str
    """The salt, in hexadecimal."""
    body: str
    """What the document said, or why something was done: a JSON text."""


class ReceiptLife(Struct, frozen=True):
    """The events in words, with the times of the firm's zone."""

    en: list[str]
    """In English, a sentence each."""
    ro: list[str]
    """In Romanian, a sentence each."""


class Receipt(Struct, frozen=True, kw_only=True):
    """The life of one number, or of the numbers of a gap, which anybody can verify without this service."""

    format: Literal["numbering-receipt/1"] = RECEIPT_FORMAT
    """The form of this object."""
    kind: Literal["number", "gap"]
    """Whether it is about one number, or certifies that none of its numbers is on a document."""
    firm_id: FirmId
    """The firm."""
    mode: Mode
    """The partition of the firm."""
    series: ReceiptSeries
    """The series of the numbers."""
    first: Number
    """The first number that it is about."""
    last: Number
    """The last number that it is about."""
    checkpoint: str
    """The signed note of the tree that has the events, with the co-signatures it has."""
    verifier_keys: list[str]
    """The keys of the log. A hint: take the key that you trust from elsewhere."""
    rotations: list[str]
    """The notes by which keys passed on to the next ones, the oldest first."""
    witness_keys: list[str]
    """The keys of witnesses. A hint too."""
    events: list[ReceiptEvent]
    """Every event of the numbers, in the order of the log."""
    contents: list[ReceiptContent]
    """What the events name by digest, as far as it is kept; empty unless asked for."""
    life: ReceiptLife
    """The events in words."""
    software: str
    """Name and version of the program that made it."""
