"""Who signs notes and how: logs with Ed25519, witnesses with Ed25519 or ML-DSA-44 (C2SP tlog-cosignature)."""

from collections.abc import Iterable
from typing import Final, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from schemas.values import UnixSeconds
from service.evidence.checkpoints import Checkpoint, parse_checkpoint
from service.evidence.notes import KeyType, Note, NoteError, Signature, VerifierKey

TIME_BYTES: Final = 8
TIME_MAX: Final = (1 << 63) - 1
_SUBTREE: Final = b"subtree/v1\n\x00"


class Signer(Protocol):
    """Signs the text of a note under a name."""

    @property
    def verifier_key(self) -> VerifierKey:
        """The key that verifies what this signs."""
        ...

    def sign(self, text: str, at: UnixSeconds) -> Signature:
        """The signature line for this text. Raises NoteError if it may sign checkpoints only and this is none."""
        ...


class LogSigner:
    """Signs as a log: Ed25519 over the text. The time is not signed."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier_key = VerifierKey(name, KeyType.ED25519, self._key.public_key().public_bytes_raw())

    def sign(self, text: str, at: UnixSeconds) -> Signature:
        """See Signer.sign."""
        return Signature(self.verifier_key.name, self.verifier_key.id, self._key.sign(text.encode()))


class Cosigner:
    """Signs checkpoints as a witness, with the time: Ed25519."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key().public_bytes_raw()
        self.verifier_key = VerifierKey(name, KeyType.ED25519_COSIGNATURE, public)

    def sign(self, text: str, at: UnixSeconds) -> Signature:
        """See Signer.sign."""
        parse_checkpoint(text)
        signature = self._key.sign(_ed25519_message(text, at))
        return _timed(self.verifier_key, at, signature)


class PostQuantumCosigner:
    """Signs checkpoints with the time: ML-DSA-44. A log signs its own so, under its origin as the name."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = MLDSA44PrivateKey.from_seed_bytes(seed)
        self.verifier_key = VerifierKey(name, KeyType.ML_DSA_44, self._key.public_key().public_bytes_raw())

    def sign(self, text: str, at: UnixSeconds) -> Signature:
        """See Signer.sign."""
        message = _ml_dsa_message(self.verifier_key.name, parse_checkpoint(text), at)
        return _timed(self.verifier_key, at, self._key.sign(message))


class Verified:
    """A note whose signatures of known keys were all right; the signatures of unknown keys are passed over."""

    def __init__(self, note: Note, by: dict[VerifierKey, Signature]) -> None:
        self.note = note
        self.by = by

    @classmethod
    def of(cls, note: Note, keys: Iterable[VerifierKey]) -> Self:
        """Verify the note by these keys. Raises NoteError if one of them signed wrongly, or none signed."""
        by: dict[VerifierKey, Signature] = {}
        for key in keys:
            for signature in note.signatures:
                if signature.is_of(key):
                    if not is_signed(note.text, signature, key):
                        raise NoteError(f"the signature of {key.name} ({key.id.hex()}) is wrong")
                    by[key] = signature
        if not by:
            raise NoteError("no known key signed the note")
        return cls(note, by)


def is_signed(text: str, signature: Signature, key: VerifierKey) -> bool:
    """Whether this line is the key's signature of the text."""
    if not signature.is_of(key):
        return False
    try:
        _verify(text, signature.signature, key)
    except (InvalidSignature, NoteError, ValueError):
        return False
    return True


def time_of(signature: Signature) -> UnixSeconds:
    """When a witness signed, as the line says it; only of a line of a key that signs with the time."""
    return UnixSeconds(int.from_bytes(signature.signature[:TIME_BYTES], "big"))


def _verify(text: str, signature: bytes, key: VerifierKey) -> None:
    """Raises InvalidSignature, and NoteError and ValueError where the text is no checkpoint."""
    timed, at = signature[TIME_BYTES:], UnixSeconds(int.from_bytes(signature[:TIME_BYTES], "big"))
    match key.kind:
        case KeyType.ED25519:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
        case KeyType.ED25519_COSIGNATURE:
            parse_checkpoint(text)
            _require_time(at)
            Ed25519PublicKey.from_public_bytes(key.public).verify(timed, _ed25519_message(text, at))
        case KeyType.ML_DSA_44:
            _require_time(at)
            message = _ml_dsa_message(key.name, parse_checkpoint(text), at)
            MLDSA44PublicKey.from_public_bytes(key.public).verify(timed, message)


def _require_time(at: UnixSeconds) -> None:
    if at > TIME_MAX:
        raise NoteError(f"{at} is no time")


def _timed(key: VerifierKey, at: UnixSeconds, signature: bytes) -> Signature:
    return Signature(key.name, key.id, at.to_bytes(TIME_BYTES, "big") + signature)


def _ed25519_message(text: str, at: UnixSeconds) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _ml_dsa_message(name: str, checkpoint: Checkpoint, at: UnixSeconds) -> bytes:
    tree = bytes(8) + checkpoint.size.to_bytes(8, "big") + checkpoint.root
    return _SUBTREE + _counted(name) + at.to_bytes(8, "big") + _counted(checkpoint.origin) + tree


def _counted(text: str) -> bytes:
    """A text after its length in one byte. Raises NoteError if it is longer than that can say."""
    written = text.encode()
    if not 1 <= len(written) <= 255:
        raise NoteError(f"a name of {len(written)} bytes cannot be signed: it may have 1 to 255")
    return bytes([len(written)]) + written
