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

from schemas.values import TOKEN_NONCE_BITS, LogId, Position, TokenNonce
from service.access.key_file import KeyFile, SecretKey

PREFIX: Final = "rsv_"
BLOCK_BYTES: Final = 16
TOKEN: Final = re.compile(r"rsv_([0-9a-f]{32})", re.ASCII)

FORM: Final = bytes((0, 0, 0, 2))
"""The last bytes of what is sealed in a token."""

FIRST_FORM: Final = bytes(7)
"""The last bytes of what the first version sealed; a token never ends in both."""

SLOT_MAX: Final = 2**8 - 1
_BYTES: Final = [bytes((each,)) for each in range(SLOT_MAX + 1)]
POSITION_MAX: Final = 2**40 - 1
FIRST_POSITION_MAX: Final = 2**48 - 1
LOG_MAX: Final = 2**16 - 1


class UnknownTokenKeyError(Exception):
    """A block was sealed with a key this process lacks: its key file is older than another's. Nothing was done."""


class SealedSlot(Struct, frozen=True):
    """What a token says: slot `slot` (0 is the first number) of the block reserved at `position` of the log.

    `nonce` is the block's own; a token of the first version has none. `key_id` names the key that sealed it.
    """

    log_id: LogId
    position: Position
    slot: int
    nonce: TokenNonce | None
    key_id: str


class TokenSealer:
    """Seals slots into tokens and opens them, with the keys of a ring.

    The 16 bytes are log (2), position (5), slot (1), the nonce of the block (4), all big-endian, and 00 00 00 02,
    encrypted as exactly one block of AES-256. ECB of exactly one block is AES itself, a pseudo-random permutation of
    128 bits: no two slots have one token, and tokens tell nothing about each other. ECB's weakness is equal blocks
    within one message; here a message is one block, and all differ.

    A position alone does not name a block: a log that is restored from a copy uses it again. The nonce does, so what
    was handed out before opens to nothing afterwards. A text that nobody sealed opens a block only if position, nonce,
    log and form are right: 120 bits.

    The first version sealed log (2), position (6), slot (1) and seven zero bytes. Such a token names a block only if
    the block has no nonce: one that was made by that version.
    """

    def __init__(self, keys: Iterable[SecretKey], refresh: Callable[[], Iterable[SecretKey]] | None = None) -> None:
        """`keys`, the current one first; `refresh` gives the ring as it is now, asked when a key may be missing."""
        ring = tuple(keys)
        self.current_key = ring[0].id
        self._refresh = refresh
        self._encryptors: dict[str, CipherContext] = {}
        self._decryptors: dict[str, CipherContext] = {}
        self._adopt(ring)

    @classmethod
    def of(cls, file: KeyFile) -> "TokenSealer":
        """A sealer that learns of a rotation when it meets a token of a key it does not know."""

        def refreshed() -> Iterable[SecretKey]:
            file.refresh()
            return file.keys.token_keys

        return cls(file.keys.token_keys, refreshed)

    def seal(self, slot: SealedSlot) -> str:
        """The token of one slot. Raises UnknownTokenKeyError."""
        return self.seal_block(slot, 1)[0]

    def seal_block(self, first: SealedSlot, count: int) -> list[str]:
        """The tokens of `count` slots of a block, in order, from this one on. Raises UnknownTokenKeyError."""
        last = first.slot + count - 1
        assert 0 <= first.slot <= last <= SLOT_MAX, f"slots {first.slot} to {last} do not fit the byte of a token"
        head, tail = _around_slot(first)
        # Whole blocks joined at once: to pack each of ten slots took 15 us.
        plain = b"".join([head + _BYTES[slot] + tail for slot in range(first.slot, last + 1)])
        sealed = self._encryptor(first.key_id).update(plain).hex()
        return [PREFIX + sealed[at : at + 2 * BLOCK_BYTES] for at in range(0, len(sealed), 2 * BLOCK_BYTES)]

    def open(self, token: str) -> SealedSlot | None:
        """The slot the token was sealed for; None if it is malformed or no key of ours sealed it.

        Of other texts, one in 2**32 opens for each key. The caller must compare nonce and key with the block's.
        """
        match = TOKEN.fullmatch(token)
        if match is None:
            return None
        block = bytes.fromhex(match[1])
        found = self._open(block)
        return found if found is not None or not self._has_news() else self._open(block)

    def _open(self, block: bytes) -> SealedSlot | None:
        """Try every key, and go on after the right one: how long it takes does not tell which key sealed it."""
        found: SealedSlot | None = None
        for key_id, decryptor in self._decryptors.items():
            plain = decryptor.update(block)
            is_first_form = hmac.compare_digest(plain[-len(FIRST_FORM) :], FIRST_FORM)
            if hmac.compare_digest(plain[-len(FORM) :], FORM) or is_first_form:
                found = _first_slot(plain, key_id) if is_first_form else _slot(plain, key_id)
        return found

    def _encryptor(self, key_id: str) -> CipherContext:
        encryptor = self._encryptors.get(key_id)
        if encryptor is None and self._has_news():
            encryptor = self._encryptors.get(key_id)
        if encryptor is None:
            raise UnknownTokenKeyError(f"no key {key_id} in the key file; copy the file of the process that made it")
        return encryptor

    def _has_news(self) -> bool:
        """Whether the ring has keys now that it had not before."""
        ring = self._refresh() if self._refresh is not None else ()
        return self._adopt(key for key in ring if key.id not in self._encryptors)

    def _adopt(self, ring: Iterable[SecretKey]) -> bool:
        """Use these keys too; whether there was any. Keys we have are kept even if the file no longer has them."""
        # Set up once, because that costs many times what a block does; whole blocks leave no state in a context.
        ciphers = {key.id: Cipher(AES256(key.secret), ECB()) for key in ring}  # noqa: S305 - one block, see the class
        self._encryptors.update({name: cipher.encryptor() for name, cipher in ciphers.items()})
        self._decryptors.update({name: cipher.decryptor() for name, cipher in ciphers.items()})
        return bool(ciphers)


def _around_slot(block: SealedSlot) -> tuple[bytes, bytes]:
    """What is sealed before and after the byte of a slot; in the first version's form if the block has no nonce."""
    position_max = FIRST_POSITION_MAX if block.nonce is None else POSITION_MAX
    assert 0 <= block.log_id <= LOG_MAX, f"log {block.log_id} does not fit the 2 bytes that a token has for it"
    assert 0 <= block.position <= position_max, f"position {block.position} does not fit what a token has for it"
    high, low = block.position >> 32, block.position & 0xFFFF_FFFF
    if block.nonce is None:
        return struct.pack(">HHI", block.log_id, high, low), FIRST_FORM
    assert 0 <= block.nonce < 2**TOKEN_NONCE_BITS, "a nonce fits the 4 bytes that a token has for it"
    return struct.pack(">HBI", block.log_id, high, low), struct.pack(">I", block.nonce) + FORM


def _slot(plain: bytes, key_id: str) -> SealedSlot:
    log_id, high, low, slot, nonce = struct.unpack_from(">HBIBI", plain)
    return SealedSlot(LogId(log_id), Position(high << 32 | low), slot, TokenNonce(nonce), key_id)


def _first_slot(plain: bytes, key_id: str) -> SealedSlot:
    log_id, high, low, slot = struct.unpack_from(">HHIB", plain)
    return SealedSlot(LogId(log_id), Position(high << 32 | low), slot, None, key_id)
