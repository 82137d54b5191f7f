"""Sealing and opening reservation tokens (DESIGN.md section 4). A token is its place in the log, encrypted."""

import hmac
import re
import struct
from collections.abc import Callable, Iterable
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB
from msgspec import Struct

from schemas.values import LogId, Position
from service.access.key_file import KeyFile, SecretKey

PREFIX: Final = "rsv_"
BLOCK_BYTES: Final = 16
PADDING: Final = bytes(7)
TOKEN: Final = re.compile(r"rsv_([0-9a-f]{32})", re.ASCII)

SLOT_MAX: Final = 2**8 - 1
POSITION_MAX: Final = 2**48 - 1
LOG_MAX: Final = 2**16 - 1


class UnknownTokenKeyError(Exception):
    """A block was sealed with a key this process lacks: its key file is older than another's. Nothing was done."""


class SealedSlot(Struct, frozen=True):
    """What a token says: slot `slot` (0 is the first number) of the block reserved at `position` of the log."""

    log_id: LogId
    position: Position
    slot: int


class TokenSealer:
    """Seals slots into tokens and opens them, with the keys of a ring.

    The 16 bytes are log (2), position (6), slot (1), all big-endian, and 7 zero bytes, encrypted as exactly one block
    of AES-256. ECB of exactly one block is AES itself, a pseudo-random permutation of 128 bits: no two slots have one
    token, tokens tell nothing about each other, and bytes that nobody sealed open to seven zero bytes once in 2**56
    tries and key. ECB's weakness is equal blocks within one message; here a message is one block, and all differ.
    """

    def __init__(self, keys: Iterable[SecretKey], refresh: Callable[[], Iterable[SecretKey]] | None = None) -> None:
        """`keys`, the current one first; `refresh` gives the ring as it is now, asked when a key may be missing."""
        ring = tuple(keys)
        self.current_key = ring[0].id
        self._refresh = refresh
        self._encryptors: dict[str, CipherContext] = {}
        self._decryptors: list[CipherContext] = []
        self._adopt(ring)

    @classmethod
    def of(cls, file: KeyFile) -> "TokenSealer":
        """A sealer that learns of a rotation when it meets a token of a key it does not know."""

        def refreshed() -> Iterable[SecretKey]:
            file.refresh()
            return file.keys.token_keys

        return cls(file.keys.token_keys, refreshed)

    def seal(self, log_id: LogId, position: Position, slot: int, key_id: str) -> str:
        """The token of one slot. Raises UnknownTokenKeyError."""
        return self._seal(_plain(log_id, position, slot), key_id)[0]

    def seal_block(self, log_id: LogId, position: Position, count: int, key_id: str) -> list[str]:
        """The tokens of slots 0 .. count-1 of a block, in order. Raises UnknownTokenKeyError."""
        return self._seal(b"".join(_plain(log_id, position, slot) for slot in range(count)), key_id)

    def open(self, token: str) -> SealedSlot | None:
        """The slot the token was sealed for; None if it is malformed or no key of ours sealed it."""
        match = TOKEN.fullmatch(token)
        if match is None:
            return None
        block = bytes.fromhex(match[1])
        found = self._open(block)
        return found if found is not None or not self._has_news() else self._open(block)

    def _open(self, block: bytes) -> SealedSlot | None:
        """Try every key, and go on after the right one: how long it takes does not tell which key sealed it."""
        found: SealedSlot | None = None
        for decryptor in self._decryptors:
            plain = decryptor.update(block)
            if hmac.compare_digest(plain[-len(PADDING) :], PADDING):
                found = _slot(plain)
        return found

    def _seal(self, plain: bytes, key_id: str) -> list[str]:
        encryptor = self._encryptors.get(key_id)
        if encryptor is None and self._has_news():
            encryptor = self._encryptors.get(key_id)
        if encryptor is None:
            raise UnknownTokenKeyError(f"no key {key_id} in the key file; copy the file of the process that made it")
        sealed = encryptor.update(plain).hex()
        return [PREFIX + sealed[at : at + 2 * BLOCK_BYTES] for at in range(0, len(sealed), 2 * BLOCK_BYTES)]

    def _has_news(self) -> bool:
        """Whether the ring has keys now that it had not before."""
        ring = self._refresh() if self._refresh is not None else ()
        return self._adopt(key for key in ring if key.id not in self._encryptors)

    def _adopt(self, ring: Iterable[SecretKey]) -> bool:
        """Use these keys too; whether there was any. Keys we have are kept even if the file no longer has them."""
        # Set up once, because that costs many times what a block does; whole blocks leave no state in a context.
        ciphers = {key.id: Cipher(AES256(key.secret), ECB()) for key in ring}  # noqa: S305 - one block, see the class
        self._encryptors.update({name: cipher.encryptor() for name, cipher in ciphers.items()})
        self._decryptors.extend(cipher.decryptor() for cipher in ciphers.values())
        return bool(ciphers)


def _plain(log_id: LogId, position: Position, slot: int) -> bytes:
    assert 0 <= log_id <= LOG_MAX, f"log {log_id} does not fit the 2 bytes that a token has for it"
    assert 0 <= position <= POSITION_MAX, f"position {position} does not fit the 6 bytes that a token has for it"
    assert 0 <= slot <= SLOT_MAX, f"slot {slot} does not fit the byte that a token has for it"
    return struct.pack(">HHIB", log_id, position >> 32, position & 0xFFFF_FFFF, slot) + PADDING


def _slot(plain: bytes) -> SealedSlot:
    log_id, high, low, slot = struct.unpack_from(">HHIB", plain)
    return SealedSlot(log_id=LogId(log_id), position=Position(high << 32 | low), slot=slot)
