"""Ids and secrets that nobody can guess, drawn from the system's source of chance."""

import secrets
import string
from typing import Final

BASE36: Final = string.digits + string.ascii_lowercase
BASE62: Final = string.digits + string.ascii_letters


def random_text(alphabet: str, length: int) -> str:
    """`length` letters of `alphabet`, every such text as likely as any other."""
    drawn = secrets.randbelow(len(alphabet) ** length)  # at once: a call to the system for each letter costs more
    letters: list[str] = []
    for _ in range(length):
        drawn, letter = divmod(drawn, len(alphabet))
        letters.append(alphabet[letter])
    return "".join(letters)


def random_bits(count: int) -> int:
    """A number of `count` bits, every such number as likely as any other."""
    return secrets.randbits(count)
