"""Ids and secrets that nobody can guess, drawn from the system's source of chance."""

import secrets
import string
from functools import cache
from typing import Final

BASE36: Final = string.digits + string.ascii_lowercase
_VARIANTS: Final = "89ab"
BASE62: Final = string.digits + string.ascii_letters


def random_text(alphabet: str, length: int) -> str:
    """`length` letters of `alphabet`, every such text as likely as any other."""
    letters = ""
    while len(letters) < length:
        # A byte that would make some letters likelier than others is dropped.
        table, dropped = _letters_of(alphabet)
        letters += _drawn.take(2 * length).translate(table, dropped).decode()
    return letters[:length]


@cache
def _letters_of(alphabet: str) -> tuple[bytes, bytes]:
    """The letter for each byte, as many bytes for each, and the bytes that stand for none. `alphabet` is ASCII."""
    used = 256 - 256 % len(alphabet)
    return (alphabet.encode() * 256)[:256], bytes(range(used, 256))


class _Drawn:
    """Bytes that are drawn before they are needed: a call to the system for each few of them took 1 us of a request."""

    def __init__(self) -> None:
        self._bytes = b""
        self._at = 0

    def take(self, count: int) -> bytes:
        """`count` bytes, which nobody gets twice."""
        at, self._at = self._at, self._at + count
        if self._at > len(self._bytes):
            self._bytes, at, self._at = secrets.token_bytes(4096), 0, count
        return self._bytes[at : self._at]


_drawn: Final = _Drawn()


def random_uuid() -> str:
    """A UUID of version 4, as text (RFC 9562 section 5.4)."""
    text = _drawn.take(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{_VARIANTS[int(text[16], 16) & 3]}{text[17:20]}-{text[20:]}"


def random_hex(count: int) -> str:
    """`count` random bytes, as hexadecimal digits."""
    return _drawn.take(count).hex()


def random_bits(count: int) -> int:
    """A number of `count` bits, every such number as likely as any other."""
    return secrets.randbits(count)
