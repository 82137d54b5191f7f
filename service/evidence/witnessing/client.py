"""The client of a witness (C2SP tlog-witness): asks it to co-sign each newest note, and keeps what it signed."""

import asyncio
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import aiohttp
import structlog

from service.backoff import Backoff
from service.evidence.checkpoints import Checkpoint, parse_checkpoint
from service.evidence.merkle import consistency_ranges
from service.evidence.newest_note import NewestNote
from service.evidence.notes import NoteError, Signature, parse_note, parse_signatures
from service.evidence.sealing.store import EvidenceStore
from service.evidence.signatures import is_signed
from service.evidence.tiles import roots_of, tiles_of
from service.evidence.witnessing.known_witnesses import KnownWitness
from service.evidence.witnessing.requests import PATH, SIZE_TYPE, AddCheckpoint
from service.log.event_log import LogFaultError

ANSWER_SECONDS_MAX: Final = 10
ANSWER_BYTES_MAX: Final = 65_536
RETRY_SECONDS: Final = (1.0, 60.0)
CONFLICTS_MAX: Final = 3
"""How often in a row a witness may say that it has another size: another sealer may have asked it in between."""

_SIZE: Final = re.compile(r"(0|[1-9][0-9]{0,18})\n")


class WitnessRefusedError(Exception):
    """A witness did not co-sign; the message says why."""


class WitnessState(StrEnum):
    """How it stands with a witness."""

    UNKNOWN = "unknown"
    WELL = "well"
    AWAY = "away"
    CONTRADICTS = "contradicts"
    """It saw a tree that ours does not continue, or that is larger than ours: the log forked, or lost its end."""


class WitnessClient:
    """Asks one witness. It never delays the sealer: notes that come while it waits are passed over for the newest."""

    def __init__(self, witness: KnownWitness, store: EvidenceStore) -> None:
        self.state = WitnessState.UNKNOWN
        self._witness = witness
        self._store = store
        self._newest = NewestNote()
        self._size = 0
        self._log = structlog.get_logger("evidence").bind(witness=witness.name)
        self._backoff = Backoff(*RETRY_SECONDS)

    def tell(self, note: bytes) -> None:
        """There is a new note."""
        self._newest.tell(note)

    async def run(self) -> None:
        """Have each newest note co-signed, until cancelled; belongs in a TaskGroup."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                note = await self._newest.take()
                if not await self._try(session, note):
                    self._newest.put_back()
                    await asyncio.sleep(self._backoff.step())

    async def _try(self, session: aiohttp.ClientSession, note: bytes) -> bool:
        """Whether the note is co-signed."""
        try:
            await self.submit(session, note)
        except WitnessRefusedError as refused:
            self._note(WitnessState.CONTRADICTS, str(refused))
        except (aiohttp.ClientError, TimeoutError, OSError, LogFaultError, NoteError) as fault:
            self._note(WitnessState.AWAY, str(fault) or type(fault).__name__)
        else:
            self._note(WitnessState.WELL)
            self._backoff.reset()
            return True
        return False

    async def submit(self, session: aiohttp.ClientSession, written: bytes) -> list[Signature]:
        """Have this note co-signed; the lines, which are stored.

        Raises WitnessRefusedError if the witness saw something that contradicts it, NoteError if what it says is not
        right, and the faults of the connection and the store.
        """
        note = parse_note(written)
        checkpoint = parse_checkpoint(note.text)
        for _ in range(CONFLICTS_MAX):
            proof = await self._proof(self._size, checkpoint)
            body = AddCheckpoint(self._size, proof, written).encode()
            async with session.post(f"{self._witness.address}{PATH}", data=body) as response:
                said = await response.content.read(ANSWER_BYTES_MAX)
                if response.status == 200:
                    signatures = self._right_ones(said, note.text)
                    for signature in signatures:
                        await self._store.cosign(checkpoint.size, signature)
                    self._size = checkpoint.size
                    return signatures
                self._size = self._size_there(response.status, response.content_type, said, checkpoint)
        raise NoteError("the witness says another size each time")

    async def _proof(self, old: int, new: Checkpoint) -> Sequence[bytes]:
        ranges = consistency_ranges(old, new.size)
        try:
            return roots_of(ranges, await self._store.hashes(tiles_of(ranges)))
        except (KeyError, ValueError) as error:
            raise NoteError(f"the tiles for a proof are missing: {error}") from error

    def _size_there(self, status: int, content_type: str, said: bytes, ours: Checkpoint) -> int:
        """The size the witness saw last, where it says so. Raises WitnessRefusedError and NoteError."""
        text = said.decode("utf-8", "replace")
        if status == 409 and content_type == SIZE_TYPE:
            found = _SIZE.fullmatch(text)
            if found is None:
                raise NoteError(f"{text[:80]!r} is no size")
            if int(found[1]) > ours.size:
                raise WitnessRefusedError(f"it saw {found[1]} entries, and the note has {ours.size}")
            return int(found[1])
        if status in {409, 422}:
            raise WitnessRefusedError(f"it saw another tree: {text.strip()[:200]}")
        raise NoteError(f"the witness answers {status}: {text.strip()[:200]}")

    def _right_ones(self, said: bytes, text: str) -> list[Signature]:
        """Those of the lines that its keys signed. Raises NoteError if there are none."""
        lines = parse_signatures(said.decode("utf-8", "replace"))
        right = [line for line in lines if any(is_signed(text, line, key) for key in self._witness.keys)]
        if not right:
            raise NoteError("the witness signed nothing that its known keys verify")
        return right

    def _note(self, state: WitnessState, because: str = "") -> None:
        """Speak up when it changes."""
        if state is self.state:
            return
        if state is WitnessState.CONTRADICTS:
            self._log.critical("evidence.witness_contradicts", because=because)
        elif state is WitnessState.AWAY:
            self._log.warning("evidence.witness_away", because=because)
        else:
            self._log.info("evidence.witness_signs", size=self._size)
        self.state = state
