"""The stamper: has the newest note time-stamped, now and then, and keeps the answer."""

import asyncio
from typing import Final

import aiohttp
import structlog

from service.backoff import Backoff
from service.evidence.checkpoints import parse_checkpoint
from service.evidence.newest_note import NewestNote
from service.evidence.notes import parse_note
from service.evidence.sealing.store import EvidenceStore
from service.evidence.timestamping.authority import Authority, AuthorityError
from service.log.event_log import LogFaultError
from service.printable import without_password

ANSWER_SECONDS_MAX: Final = 20
RETRY_SECONDS: Final = (5.0, 300.0)


class Stamper:
    """Asks one authority. It never delays the sealer: of the notes that come while it rests only the newest counts."""

    def __init__(
        self, authority: Authority, store: EvidenceStore, *, rest: float, retry: tuple[float, float] = RETRY_SECONDS
    ) -> None:
        """In seconds: `rest`, the time between two stamps; `retry`, the first and the longest wait after a fault."""
        self._authority = authority
        self._store = store
        self._rest = rest
        self._newest = NewestNote()
        self._is_away = False
        self._log = structlog.get_logger("evidence").bind(authority=without_password(authority.address))
        self._backoff = Backoff(*retry)

    def tell(self, note: bytes) -> None:
        """There is a new note."""
        self._newest.tell(note)

    async def run(self) -> None:
        """Have the newest note stamped, rest, and begin again, until cancelled; belongs in a TaskGroup."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                note = await self._newest.take()
                if await self._try(session, note):
                    await asyncio.sleep(self._rest)
                else:
                    self._newest.put_back()
                    await asyncio.sleep(self._backoff.step())

    async def _try(self, session: aiohttp.ClientSession, note: bytes) -> bool:
        """Whether the note has a stamp."""
        size = parse_checkpoint(parse_note(note).text).size
        try:
            if not await self._store.has_stamp(size):
                await self._store.keep_stamp(size, await self._authority.stamp(session, note))
        except (AuthorityError, aiohttp.ClientError, TimeoutError, OSError, LogFaultError) as fault:
            if not self._is_away:
                self._log.warning("evidence.no_time_stamp", because=str(fault) or type(fault).__name__)
            self._is_away = True
            return False
        if self._is_away:
            self._log.info("evidence.time_stamped", size=size)
        self._is_away = False
        self._backoff.reset()
        return True
