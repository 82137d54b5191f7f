"""Where the NATS stream ends, as any process can see it, also one that publishes nothing."""

import asyncio
from typing import Final

from schemas.values import LogId, Position
from service.nats.client.broker_faults import BrokerUnavailableError, RelayFaultError
from service.nats.client.connection import NatsSettings, connected
from service.nats.relay.stream import EventStream

LOOK_SECONDS: Final = 3.0
LOOK_SECONDS_MAX: Final = 2.5


class StreamView:
    """Looks at the stream every LOOK_SECONDS, over a connection of its own."""

    def __init__(self, nats: NatsSettings, log_id: LogId) -> None:
        self._nats = nats
        self._log_id = log_id
        # Of `run` alone. None while it cannot be seen; 0 if there is no stream: nothing is published then.
        self.end: Position | None = None
        self.is_connected: bool | None = None

    async def run(self) -> None:
        """Look until cancelled; belongs in a TaskGroup. Whatever NATS does, it looks again."""
        while True:
            try:
                async with connected(self._nats, f"numbering-watching-{self._log_id}") as client:
                    await self._look(EventStream(client, self._log_id))
            except BrokerUnavailableError:
                self.is_connected, self.end = False, None
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, stream: EventStream) -> None:
        """Look again and again. Raises BrokerUnavailableError when the connection is of no more use."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS_MAX):
                    found = await stream.present_end()
                self.is_connected, self.end = True, Position(0) if found is None else found.last
            except TimeoutError as error:
                raise BrokerUnavailableError("no answer in time") from error
            except BrokerUnavailableError:
                raise
            except RelayFaultError:
                self.is_connected, self.end = True, None  # NATS answers, and says nothing of the stream
            await asyncio.sleep(LOOK_SECONDS)
