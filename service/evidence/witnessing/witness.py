"""A witness (C2SP tlog-witness): signs what continues all that it saw of a log before, and nothing else."""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from schemas.values import UnixSeconds
from service.evidence.checkpoints import Checkpoint, parse_checkpoint
from service.evidence.merkle import EMPTY_ROOT, is_consistent
from service.evidence.notes import NoteError, VerifierKey, parse_note
from service.evidence.signatures import Signer, Verified
from service.evidence.witnessing.requests import SIZE_TYPE, AddCheckpoint, parse_add_checkpoint
from service.whole_file import replace_file

TEXT: Final = "text/plain; charset=utf-8"

_say = structlog.get_logger("witness")


class Answer(Struct, frozen=True):
    """What the witness replies."""

    status: int
    body: str
    content_type: str = TEXT


class View(Struct, frozen=True):
    """The tree that was signed last: its size, and its root in base64."""

    size: int
    root: str


class Views:
    """The last view of each log, in a file that is written whole and synced before a signature leaves."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, and msgspec.DecodeError for a file that is none of ours: a witness that forgot must not
        sign."""
        self._path = path
        self._views: dict[str, View] = {}
        if path.exists():
            self._views = msgspec.json.decode(path.read_bytes(), type=dict[str, View])

    def of(self, origin: str) -> Checkpoint:
        """The tree of this log that was signed last; the empty one if none was."""
        view = self._views.get(origin)
        return (
            Checkpoint(origin, 0, EMPTY_ROOT) if view is None else Checkpoint(origin, view.size, b64decode(view.root))
        )

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keep this as the last view of its log. Raises OSError, and then keeps the one before."""
        view = View(checkpoint.size, b64encode(checkpoint.root).decode())
        views = self._views | {checkpoint.origin: view}
        replace_file(self._path, msgspec.json.format(msgspec.json.encode(views)) + b"\n")
        self._views = views


class Witness:
    """Knows logs by their keys, and signs under its own. Its work is not interrupted: it awaits nothing."""

    def __init__(self, keys: Iterable[VerifierKey], signers: Sequence[Signer], views: Views) -> None:
        """`keys` are those of the logs; the name of a key is the origin of its log."""
        self._signers = signers
        self._views = views
        self._keys: dict[str, list[VerifierKey]] = {}
        for key in keys:
            self._keys.setdefault(key.name, []).append(key)

    def add_checkpoint(self, body: bytes, at: UnixSeconds) -> Answer:
        """The reply to a request, at this time. Raises OSError if the view cannot be kept; nothing is signed then."""
        try:
            asked = parse_add_checkpoint(body)
            note = parse_note(asked.note)
            checkpoint = parse_checkpoint(note.text)
        except NoteError as error:
            return Answer(400, f"{error}\n")
        keys = self._keys.get(checkpoint.origin)
        if keys is None:
            return Answer(404, "this log is not known here\n")
        try:
            Verified.of(note, keys)
        except NoteError as error:
            return Answer(403, f"{error}\n")
        return self._refusal(asked, checkpoint) or self._signed(note.text, checkpoint, at)

    def _refusal(self, asked: AddCheckpoint, new: Checkpoint) -> Answer | None:
        if asked.old > new.size:
            return Answer(400, "the old size is larger than the size\n")
        last = self._views.of(new.origin)
        if asked.old != last.size:
            return Answer(409, f"{last.size}\n", SIZE_TYPE)
        if new.size == last.size and new.root != last.root:
            _say.critical("witness.fork", origin=new.origin, size=new.size)
            return Answer(409, f"another tree of {last.size} entries was signed here\n")
        if not is_consistent(last.size, new.size, asked.proof, last.root, new.root):
            _say.error("witness.unproven", origin=new.origin, old=last.size, new=new.size)
            return Answer(422, "the proof does not lead from the tree that was signed here to this one\n")
        return None

    def _signed(self, text: str, new: Checkpoint, at: UnixSeconds) -> Answer:
        # From here on this witness holds the log to this tree, whether the reply arrives or not.
        self._views.keep(new)
        return Answer(200, "".join(str(signer.sign(text, at)) for signer in self._signers))
