"""Messages that no client should send: the connection goes on, or is closed and replaced, but is never deaf."""

import asyncio

import pytest

from service.nats.client.connection import NatsSettings, connected
from tests.support.nats.requesting import Requester
from tests.support.waiting import until

SUBJECT = b"numbering.v1.requests.live.firm.series"
STATUS_LINE = b"NATS/1.0 \xff\xff\xff\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"PUB %b re\xffply 2\r\n{}\r\n" % SUBJECT,
        b"PUB numbering.v1.requests.live.\xff.series reply 2\r\n{}\r\n",
        b"PUB $SRV.PING \xff 0\r\n\r\n",
        b"HPUB %b reply %d %d\r\n%b{}\r\n" % (SUBJECT, len(STATUS_LINE), len(STATUS_LINE) + 2, STATUS_LINE),
    ],
    ids=["reply subject", "subject", "reply subject of a ping", "status line of the headers"],
)
async def test_a_message_that_is_not_utf_8_stops_no_other_request(
    requester: Requester, nats_url: str, sent: bytes
) -> None:
    series_id = await requester.api.a_series()
    async with connected(NatsSettings(url=nats_url), "test") as sender:
        await sender.publish_encoded([sent], 2)
        await sender.flush()

    assert (await requester.ask("series", {"series_id": series_id})).data["id"] == series_id


async def test_a_connection_that_is_read_no_more_is_closed(nats_url: str) -> None:
    async with connected(NatsSettings(url=nats_url), "test") as client:
        waiting = asyncio.create_task(client.flush())
        await asyncio.sleep(0)
        # The reply of the server then finds a cancelled future, which nats-py does not handle.
        waiting.cancel()

        await until(lambda: client.is_closed, "the end of the connection")
