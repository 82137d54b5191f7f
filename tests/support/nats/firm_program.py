"""A program of a firm, as deploy/nats/README.md describes it."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ssl import create_default_context

from nats.aio.client import Client
from nats.js import JetStreamContext

from tests.support.nats.requesting import Reply, decoded
from tests.support.nats.secured import Secured


@dataclass(frozen=True)
class Program:
    """The connection of the program, its firm and mode, and what the server forbade it."""

    client: Client
    firm_id: str
    mode: str
    errors: list[str]

    @property
    def consumer(self) -> str:
        """The name of its consumer."""
        return f"{self.firm_id}-{self.mode}-events"

    def asks(self, call: str) -> str:
        """The subject of a call of the JetStream API about its consumer."""
        return f"$JS.numbering.API.CONSUMER.{call}.NUMBERING_1.{self.consumer}"

    async def events(self) -> JetStreamContext.PullSubscription:
        """The events, through the durable consumer that the operator made."""
        jetstream = self.client.jetstream(domain="numbering")  # pyright: ignore[reportUnknownMemberType] - untyped options
        return await jetstream.pull_subscribe_bind(self.consumer, "NUMBERING_1")

    async def reserve(self, series_id: str, credential: str) -> Reply:
        """Ask for numbers."""
        message = await self.client.request(
            f"numbering.v1.requests.{self.mode}.{self.firm_id}.reserve",
            json.dumps({"series_id": series_id}).encode(),
            timeout=5,
            headers={"Authorization": f"Bearer {credential}"},
        )
        return decoded(message)


@asynccontextmanager
async def a_program(server: Secured, firm_id: str, mode: str = "live") -> AsyncGenerator[Program]:
    """A program of the firm on its connection."""
    errors: list[str] = []

    async def note(error: Exception) -> None:
        errors.append(str(error))

    client = Client()
    await client.connect(
        server.url,
        nkeys_seed=str(server.seeds[f"{firm_id}_{mode}"]),
        tls=create_default_context(cafile=server.ca_file),
        error_cb=note,
    )
    try:
        yield Program(client, firm_id, mode, errors)
    finally:
        await client.close()


async def types_of(events: JetStreamContext.PullSubscription, count: int) -> list[str]:
    """The types of the next events; each event is acknowledged."""
    found: list[str] = []
    while len(found) < count:
        for message in await events.fetch(1, timeout=5):
            found.append(json.loads(message.data)["event"]["type"])
            await message.ack_sync()
    return found
