"""The keys of a log, the notes that led from one to the next, and every note with its co-signatures."""

from collections.abc import AsyncGenerator
from typing import Final

from msgspec import Struct

from service.evidence.bundling.asked import NothingSealedError, Reads, Scope
from service.evidence.notes import NoteError, VerifierKey, parse_note, parse_verifier_key
from service.evidence.sealing.tree import EvidenceBrokenError
from service.evidence.signatures import Verified
from service.statements import statement

NOTES_FETCHED: Final = 200
"""The LIMIT of bundle_notes.sql."""


class LogKeys(Struct, frozen=True):
    """The verifier keys of a log, the present ones first, and its rotation notes, the oldest first."""

    keys: tuple[VerifierKey, ...]
    rotations: tuple[str, ...]

    @property
    def origin(self) -> str:
        """The origin of the log."""
        return self.keys[0].name


async def log_keys(reads: Reads, scope: Scope) -> LogKeys:
    """The keys of the log. Raises NothingSealedError if there is none, EvidenceBrokenError if one is damaged."""
    async with reads() as connection:
        rows = await connection.fetch(statement("evidence_keys"), scope.log_id)
    try:
        keys = tuple(parse_verifier_key(row["verifier_key"]) for row in rows)
    except NoteError as error:
        raise EvidenceBrokenError(f"a verifier key of the log: {error}") from error
    if not keys:
        raise NothingSealedError("the log has no verifier key; `numbering evidence create` makes its keys")
    return LogKeys(keys, tuple(row["rotation"] for row in reversed(rows) if row["rotation"] is not None))


async def signed_notes(reads: Reads, scope: Scope, keys: LogKeys) -> AsyncGenerator[list[str]]:
    """Every note up to the scope's with its co-signatures, in pages.

    Raises EvidenceBrokenError if the log did not sign one of them.
    """
    after = 0
    while True:
        async with reads() as connection:
            rows = await connection.fetch(statement("bundle_notes"), scope.log_id, after, scope.size)
        for row in rows:
            try:
                Verified.of(parse_note(row["note"].encode()), keys.keys)
            except NoteError as error:
                raise EvidenceBrokenError(f"the note of size {row['size']} is none of the log's: {error}") from error
        yield [row["note"] + "".join(row["cosignatures"]) for row in rows]
        if len(rows) < NOTES_FETCHED:
            return
        after = rows[-1]["size"]
