"""Signed notes and verifier keys (C2SP signed-note): how they are written, and who signed. No cryptography."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from enum import IntEnum
from hashlib import sha256
from typing import Final

from msgspec import Struct

NOTE_BYTES_MAX: Final = 262_144
SIGNATURES_MAX: Final = 64
KEY_ID_BYTES: Final = 4

_DASH: Final = "\u2014"
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SPACE: Final = re.compile(r"[\s+]")
_HEX: Final = re.compile(r"[0-9a-f]{8}")


class NoteError(Exception):
    """A note, a checkpoint or a key is not written as it must be, or a signature is wrong; the message says which."""


class KeyType(IntEnum):
    """The byte that says how a key signs."""

    ED25519 = 0x01
    ED25519_COSIGNATURE = 0x04
    ML_DSA_44 = 0x06


PUBLIC_KEY_BYTES: Final = {KeyType.ED25519: 32, KeyType.ED25519_COSIGNATURE: 32, KeyType.ML_DSA_44: 1312}


class VerifierKey(Struct, frozen=True):
    """A public key under a name. Two keys are told apart by name and id together."""

    name: str
    kind: KeyType
    public: bytes

    @property
    def id(self) -> bytes:
        """The first 4 bytes of the SHA-256 of name, type and key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:KEY_ID_BYTES]

    @property
    def fingerprint(self) -> str:
        """What two people compare: `SHA256:` and the SHA-256 of the public key."""
        return f"SHA256:{b64encode(sha256(self.public).digest()).decode().rstrip('=')}"

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"


class Signature(Struct, frozen=True):
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes

    def is_of(self, key: VerifierKey) -> bool:
        """Whether the line says that this key signed."""
        return self.name == key.name and self.key_id == key.id

    def __str__(self) -> str:
        return f"{_DASH} {self.name} {b64encode(self.key_id + self.signature).decode()}\n"


class Note(Struct, frozen=True):
    """A text, which ends in a line end, and its signatures, none of them verified yet."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"

    def encode(self) -> bytes:
        """The note as it is sent and stored."""
        return str(self).encode()


def parse_verifier_key(text: str) -> VerifierKey:
    """The key written in this line. Raises NoteError."""
    name, has_id, rest = text.partition("+")
    key_id, has_key, encoded = rest.partition("+")
    if not (has_id and has_key and is_name(name) and _HEX.fullmatch(key_id)):
        raise NoteError(f"{text[:80]!r} is no verifier key: one is written name+id+key")
    material = _decoded(encoded)
    try:
        kind = KeyType(material[0]) if material else None
    except ValueError:
        kind = None
    if kind is None:
        raise NoteError(f"the verifier key of {name} is of a kind that is not known here")
    key = VerifierKey(name, kind, material[1:])
    if len(key.public) != PUBLIC_KEY_BYTES[kind] or key.id.hex() != key_id:
        raise NoteError(f"the verifier key of {name} is damaged")
    return key


def parse_note(written: bytes) -> Note:
    """The note in these bytes. Raises NoteError."""
    if len(written) > NOTE_BYTES_MAX:
        raise NoteError(f"a note of {len(written)} bytes is too long")
    try:
        whole = written.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteError("the note is not UTF-8") from error
    if _CONTROL.search(whole):
        raise NoteError("the note holds a control character")
    text, has_signatures, lines = whole.rpartition("\n\n")
    if not has_signatures:
        raise NoteError("the note has no empty line before its signatures")
    return Note(f"{text}\n", parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """The signatures in these lines, one or more. Raises NoteError."""
    *each, end = lines.split("\n")
    if end or not each or len(each) > SIGNATURES_MAX:
        raise NoteError("a note ends in signature lines, each with a line end")
    return tuple(map(_signature, each))


def is_name(text: str) -> bool:
    """Whether a key may have this name."""
    return bool(text) and not _SPACE.search(text) and not _CONTROL.search(text)


def _signature(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    signed = _decoded(encoded)
    if dash != _DASH or not is_name(name) or len(signed) <= KEY_ID_BYTES:
        raise NoteError(f"{line[:80]!r} is no signature line")
    return Signature(name, signed[:KEY_ID_BYTES], signed[KEY_ID_BYTES:])


def _decoded(encoded: str) -> bytes:
    try:
        decoded = b64decode(encoded, validate=True)
    except (Base64Error, ValueError) as error:
        raise NoteError(f"{encoded[:80]!r} is not base64") from error
    if b64encode(decoded).decode() != encoded:
        raise NoteError(f"{encoded[:80]!r} is base64 of another form")
    return decoded
