"""Notes of the evidence, published on NATS as they are signed: copies that nobody can recall."""

import asyncio
from collections import deque
from typing import Final

import structlog

from schemas.values import LogId
from service.backoff import Backoff
from service.nats.client.broker_faults import CONNECTION_FAULTS, BrokerUnavailableError
from service.nats.client.cancellation import heed_cancellation
from service.nats.client.connection import NatsSettings, connected

NOTES_MAX: Final = 1024
"""How many notes wait for a server that is away; older ones are passed over, and are in the database."""

RETRY_SECONDS: Final = (0.5, 30.0)


def subject_of_notes(log_id: LogId) -> str:
    """Where the notes of a log are published."""
    return f"numbering.v1.checkpoints.{log_id}"


class NotePublisher:
    """Publishes each note it is told, in order."""

    def __init__(self, nats: NatsSettings, log_id: LogId) -> None:
        self._nats = nats
        self._subject = subject_of_notes(log_id)
        self._name = f"numbering-notes-{log_id}"
        self._notes = deque[bytes](maxlen=NOTES_MAX)
        self._has_news = asyncio.Event()
        self._backoff = Backoff(*RETRY_SECONDS)
        self._log = structlog.get_logger("evidence").bind(log=log_id)
        self._is_away = False

    def tell(self, note: bytes) -> None:
        """There is a new note."""
        self._notes.append(note)
        self._has_news.set()

    async def run(self) -> None:
        """Publish until cancelled; belongs in a TaskGroup. A server that is away is tried again."""
        while True:
            await self._has_news.wait()
            try:
                await self._publish_while_connected()
            except (BrokerUnavailableError, *CONNECTION_FAULTS) as fault:
                heed_cancellation()
                if not self._is_away:
                    self._log.warning("evidence.notes_wait", because=str(fault) or type(fault).__name__)
                self._is_away = True
                await asyncio.sleep(self._backoff.step())

    async def _publish_while_connected(self) -> None:
        async with connected(self._nats, self._name) as client:
            while True:
                await self._has_news.wait()
                self._has_news.clear()
                while self._notes:
                    await client.publish(self._subject, self._notes[0])
                    await client.flush()
                    self._notes.popleft()
                self._is_away = False
                self._backoff.reset()
