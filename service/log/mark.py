"""A mark of where the log ended, in a file outside the database: a database that was restored does not reach it."""

import fcntl
import hashlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from schemas.record import StoredRecord
from schemas.values import LogId, Position, UnixSeconds
from service.log.identity import LogIdentity
from service.whole_file import OWNER_ONLY, replace_file

NAME: Final = "log-{log}.mark.json"


class Mark(Struct, frozen=True, kw_only=True):
    """The log of this identity held the record with this SHA-256 at `position`; what came after is not known.

    `position` is 0, and `digest` empty, of a log without events.
    """

    log: LogId
    installation: str
    lineage: str
    system: str | None
    timeline: int | None
    position: Position
    digest: str
    at: UnixSeconds


class Contradiction(Struct, frozen=True):
    """Why a log is not the one of a mark, and what to do.

    `is_loss` if it does not hold what the mark knows, and `is_log_wrong` if it should: the mark is of its installation.
    """

    because: str
    is_loss: bool = False
    is_log_wrong: bool = False


class MarkUnreadableError(Exception):
    """There is a mark, and it cannot be read: what it said is not known."""


def mark_of(identity: LogIdentity, log_id: LogId, last: StoredRecord | None, at: UnixSeconds) -> Mark:
    """The mark of a log whose last record is `last`; none for an empty log."""
    return Mark(
        log=log_id,
        installation=identity.installation,
        lineage=identity.lineage,
        system=identity.system,
        timeline=identity.timeline,
        position=Position(0) if last is None else last.record.position,
        digest="" if last is None else digest_of(last),
        at=at,
    )


def digest_of(stored: StoredRecord) -> str:
    """The SHA-256 of its canonical bytes."""
    return hashlib.sha256(stored.canonical).hexdigest()


def contradiction(mark: Mark, identity: LogIdentity, there: StoredRecord | None) -> Contradiction | None:
    """Why the log of this identity, with the record `there` at the mark's position, is not the mark's; none if it is.

    A mark of a history that ended in an accepted loss says nothing any more. A promotion raises the timeline and is
    normal: a head that is not behind the mark proves that nothing the mark knows was lost.
    """
    if mark.lineage in identity.given_up or mark.position == 0:
        return None
    if there is None or digest_of(there) != mark.digest:
        return _other_history(mark, identity, there)
    if identity.is_from_before(mark.system, mark.lineage, mark.timeline):
        return Contradiction(
            f"this PostgreSQL server is on timeline {identity.timeline}, and the log was on {mark.timeline} already: "
            "it is the primary from before a failover. Let NUMBERING_DATABASE_URL name the present primary; if this "
            "server is meant, run `numbering resume`"
        )
    return None


def _other_history(mark: Mark, identity: LogIdentity, there: StoredRecord | None) -> Contradiction:
    if mark.installation != identity.installation:
        return Contradiction(
            f"the database is of installation {identity.installation}, the mark in the data directory of "
            f"{mark.installation}. Let NUMBERING_DATABASE_URL or NUMBERING_DATA_DIR name the right one; if the mark's "
            "log is lost for good, run `numbering resume --accept-loss`",
            is_loss=True,
        )
    found = "is not there" if there is None else "is another one"
    return Contradiction(
        f"event {mark.position} was written, and {found} now: the database lost the end of the log. Restore a newer "
        "copy of it, or run `numbering adopt-tail`, which takes the missing events from NATS; if there is neither, run "
        "`numbering resume --accept-loss`",
        is_loss=True,
        is_log_wrong=True,
    )


class MarkFile:
    """The mark in a data directory. Processes of one machine share it; the latest position stays."""

    def __init__(self, directory: Path, log_id: LogId) -> None:
        self.path = directory / NAME.format(log=log_id)

    def read(self) -> Mark | None:
        """The mark; none if there is none, or no directory for it. Raises MarkUnreadableError."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Mark)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise MarkUnreadableError(f"the mark {self.path} cannot be read: {error}") from error

    def keep(self, mark: Mark, *, is_forced: bool = False) -> None:
        """Keep this mark, durably, unless the file holds a later one of the same history; by force in any case.

        Raises OSError where nothing can be written.
        """
        self.path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        with self._alone():
            if is_forced or not self._has_later(mark):
                replace_file(self.path, msgspec.json.format(msgspec.json.encode(mark)) + b"\n")

    def _has_later(self, mark: Mark) -> bool:
        try:
            kept = self.read()
        except MarkUnreadableError:
            return False
        return kept is not None and kept.lineage == mark.lineage and kept.position > mark.position

    @contextmanager
    def _alone(self) -> Generator[None]:
        beside = self.path.with_name(self.path.name + ".lock")
        lock = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, OWNER_ONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)
