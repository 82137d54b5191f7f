"""The fixtures themselves: every test gets clean servers."""

import asyncpg
import pytest
from nats.js.api import StreamConfig

from tests.support.nats.streams import jetstream_at, names

STREAM = "LEFTOVER"


@pytest.mark.parametrize("visit", ["first", "second"])
async def test_each_test_has_a_database_of_its_own(database_url: str, visit: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("CREATE TABLE left_behind (visit text)")
        assert await connection.fetchval("SELECT count(*) FROM left_behind") == 0
    finally:
        await connection.close()


@pytest.mark.parametrize("visit", ["first", "second"])
async def test_no_stream_survives_its_test(nats_url: str, visit: str) -> None:
    async with jetstream_at(nats_url) as jetstream:
        assert STREAM not in await names(jetstream)
        await jetstream.add_stream(StreamConfig(name=STREAM, subjects=["leftover.>"]))  # pyright: ignore[reportUnknownMemberType] - nats-py leaves **params untyped
        acknowledgement = await jetstream.publish("leftover.message", visit.encode())
        assert acknowledgement.seq == 1
