"""Where the stream ends, as a process sees it that publishes nothing."""

from nats.js.api import StreamConfig

from schemas.values import DEFAULT_LOG
from service.embedded import EmbeddedNats
from service.nats.client.connection import NatsSettings
from service.watching.stream_view import StreamView
from tests.support.nats.relays import STREAM, SUBJECTS
from tests.support.nats.streams import jetstream_at
from tests.support.tasks import running_beside
from tests.support.waiting import until

QUICK_SECONDS = 0.02


async def test_a_stream_without_events_is_told_from_one_that_cannot_be_seen(server: EmbeddedNats) -> None:
    view = StreamView(NatsSettings(url=server.url), DEFAULT_LOG, QUICK_SECONDS)
    assert (view.is_connected, view.end) == (None, None)

    async def shows(is_connected: bool, end: int | None) -> None:
        await until(lambda: (view.is_connected, view.end) == (is_connected, end))

    async with running_beside(view.run()):
        await shows(is_connected=True, end=0)
        async with jetstream_at(server.url) as jetstream:
            await jetstream.add_stream(  # pyright: ignore[reportUnknownMemberType] - untyped options
                StreamConfig(name=STREAM, subjects=[SUBJECTS])
            )
            for _ in range(3):
                await jetstream.publish("numbering.v1.events.1", b"")
            await shows(is_connected=True, end=3)
            await jetstream.delete_stream(STREAM)
            await shows(is_connected=True, end=0)
        server.stop()
        await shows(is_connected=False, end=None)
