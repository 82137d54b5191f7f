"""The body of `add-checkpoint` (C2SP tlog-witness), written and read."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from service.evidence.merkle import HASH_BYTES
from service.evidence.notes import NoteError

PATH: Final = "/add-checkpoint"
SIZE_TYPE: Final = "text/x.tlog.size"
"""The type of the reply that says which tree the witness saw last."""

PROOF_LINES_MAX: Final = 63
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")


class AddCheckpoint(Struct, frozen=True):
    """A note that continues the tree of `old` entries, as the proof shows."""

    old: int
    proof: Sequence[bytes]
    note: bytes

    def encode(self) -> bytes:
        """The body of the request."""
        lines = "".join(f"{b64encode(each).decode()}\n" for each in self.proof)
        return f"old {self.old}\n{lines}\n".encode() + self.note


def parse_add_checkpoint(body: bytes) -> AddCheckpoint:
    """The request in this body. Raises NoteError."""
    head, has_note, note = body.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise NoteError("the lines before the checkpoint are not ASCII") from error
    old = _OLD.fullmatch(first)
    if not has_note or old is None or len(lines) > PROOF_LINES_MAX:
        raise NoteError("a request is an old size, at most 63 hashes, an empty line and a checkpoint")
    return AddCheckpoint(int(old[1]), [_hash(line) for line in lines], note)


def _hash(line: str) -> bytes:
    try:
        decoded = b64decode(line, validate=True)
    except (Base64Error, ValueError) as error:
        raise NoteError(f"{line[:80]!r} is not base64") from error
    if len(decoded) != HASH_BYTES or b64encode(decoded).decode() != line:
        raise NoteError(f"{line[:80]!r} is no hash")
    return decoded
