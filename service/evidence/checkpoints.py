"""Checkpoints (C2SP tlog-checkpoint): what a log says of its tree, as the text of a note."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Final

from msgspec import Struct

from service.evidence.merkle import HASH_BYTES
from service.evidence.notes import NoteError

SIZE_MAX: Final = (1 << 63) - 1
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(Struct, frozen=True):
    """The tree of the log `origin` has `size` entries and this root. `extensions` are lines of others' logs."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that is signed."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in the text of a note. Raises NoteError."""
    *lines, end = text.split("\n")
    if end or len(lines) < 3 or not all(lines):
        raise NoteError("a checkpoint has an origin, a size and a root, a line each, and no empty line")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size) or int(size) > SIZE_MAX:
        raise NoteError(f"{size[:80]!r} is no size of a tree")
    return Checkpoint(origin, int(size), _root(root), tuple(extensions))


def _root(encoded: str) -> bytes:
    try:
        root = b64decode(encoded, validate=True)
    except (Base64Error, ValueError) as error:
        raise NoteError(f"{encoded[:80]!r} is not base64") from error
    if len(root) != HASH_BYTES or b64encode(root).decode() != encoded:
        raise NoteError(f"{encoded[:80]!r} is no root hash")
    return root
