"""JetStream for tests; after each test it is as the test found it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import nats
from nats.js import JetStreamContext


@asynccontextmanager
async def jetstream_at(url: str) -> AsyncGenerator[JetStreamContext]:
    """A connection to JetStream, closed afterwards."""
    client = await nats.connect(url)  # pyright: ignore[reportUnknownMemberType] - nats-py leaves **options untyped
    try:
        yield client.jetstream()  # pyright: ignore[reportUnknownMemberType] - nats-py leaves **opts untyped
    finally:
        await client.close()


@asynccontextmanager
async def streams_restored(jetstream: JetStreamContext) -> AsyncGenerator[None]:
    """Delete, at the end of the block, every stream (with its consumers and messages) that was made in it."""
    before = await names(jetstream)
    try:
        yield
    finally:
        for name in await names(jetstream) - before:
            await jetstream.delete_stream(name)


async def names(jetstream: JetStreamContext) -> set[str]:
    """The names of all streams."""
    return {info.config.name for info in await jetstream.streams_info() if info.config.name is not None}
