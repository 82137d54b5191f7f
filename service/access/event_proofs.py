"""Proof that an event on NATS is the relay's: a keyed digest of its bytes, made with the key file.

The NATS stream takes messages of every peer that may publish into it, and `numbering adopt-tail` writes what it finds
there into the log for good: it adopts only what has a proof.
"""

import hmac
from enum import Enum
from typing import Final

from service.access.key_file import KeyFile, SecretKey

HEADER: Final = "Numbering-Mac"
PURPOSE: Final = b"numbering event proof 1"
"""A token key seals tokens; the key of the proofs is derived from it, so a proof tells nothing of the token key."""


class Proof(Enum):
    """What the header of a message says of its bytes."""

    GOOD = "good"
    UNKNOWN = "unknown"
    """None, as an earlier release sent them, or one made with a key that is not in the key file."""
    WRONG = "wrong"
    """Made with a key of the file, for other bytes or by another program."""


class EventProver:
    """Makes proofs with one key, and judges those of any key of the ring."""

    def __init__(self, keys: tuple[SecretKey, ...]) -> None:
        """`keys`, the current one first; without any, proofs are judged and none can be made."""
        self._current = keys[0].id if keys else ""
        self._keys = {key.id: hmac.digest(key.secret, PURPOSE, "sha256") for key in keys}

    @classmethod
    def of(cls, file: KeyFile) -> "EventProver":
        """A prover with the key file's current token key."""
        return cls(file.keys.token_keys)

    def proof_of(self, canonical: bytes) -> str:
        """The value of the header for these bytes: the id of the key and 64 hexadecimal digits."""
        return f"{self._current}:{hmac.digest(self._keys[self._current], canonical, 'sha256').hex()}"

    def judge(self, canonical: bytes, header: str | None) -> Proof:
        """What the header says of these bytes."""
        key_id, _, digits = (header or "").partition(":")
        key = self._keys.get(key_id)
        if key is None:
            return Proof.UNKNOWN
        made = hmac.digest(key, canonical, "sha256").hex()
        return Proof.GOOD if hmac.compare_digest(made.encode(), digits.encode("ascii", "replace")) else Proof.WRONG
