"""Notes on NATS: everybody who listens gets each one, as it was signed."""

import asyncio

import nats
from nats.aio.msg import Msg

from service.nats.checkpoints import NotePublisher, subject_of_notes
from service.nats.client.connection import NatsSettings
from tests.support.evidence.sealing import LOG
from tests.support.waiting import until


async def test_each_note_is_published_in_order(nats_url: str) -> None:
    listener = await nats.connect(nats_url)  # pyright: ignore[reportUnknownMemberType] - untyped options
    heard: list[bytes] = []

    async def hear(message: Msg) -> None:
        heard.append(message.data)

    await listener.subscribe(subject_of_notes(LOG), cb=hear)  # pyright: ignore[reportUnknownMemberType] - untyped
    await listener.flush()
    publisher = NotePublisher(NatsSettings(url=nats_url), LOG)
    publisher.tell(b"one")
    publisher.tell(b"two")
    running = asyncio.create_task(publisher.run())
    await until(lambda: len(heard) == 2)
    publisher.tell(b"three")
    await until(lambda: heard == [b"one", b"two", b"three"])
    running.cancel()
    await asyncio.wait([running])
    await listener.close()
