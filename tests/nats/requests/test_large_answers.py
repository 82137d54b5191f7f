"""Replies that a NATS server does not carry: the caller learns that its request was done, and the connection stays."""

import json

from service.api.calling.reply import Reply
from service.nats.requests.asked import Arrived
from tests.support.nats.requesting import Requester, a_requester
from tests.support.servers.cut_proxy import CutProxy
from tests.support.service.client import AN_INVOICE, Api
from tests.support.waiting import until

# The default limit of a server, headers included.
PAYLOAD_MAX = 1_048_576
AN_ITEM = AN_INVOICE["items"][0]
LARGE = {**AN_INVOICE, "items": [{**AN_ITEM, "description": "x" * 850}] * 1000}


async def test_an_answer_too_large_for_nats_says_that_it_was_done_and_where_it_is(requester: Requester) -> None:
    api = requester.api
    series_id = await api.a_locked_series()
    first = await requester.ask("issue", {**LARGE, "series_id": series_id}, key="k")
    again = await requester.ask("issue", {**LARGE, "series_id": series_id}, key="k")
    place = first.body["error"]["message"].rpartition("GET /v1")[2].removesuffix(".")
    stats = json.loads((await requester.client.request("$SRV.STATS.numbering", timeout=5)).data)
    [counted] = [each for each in stats["endpoints"] if each["name"] == "issue"]

    assert first.refusal == again.refusal == (413, "answer_too_large")
    assert "The request was done" in first.body["error"]["message"]
    assert again.body["error"]["message"].endswith(f"GET /v1{place}.")
    assert len((await api.get(place)).data["items"]) == 1000
    assert await api.next_number(series_id) == 2
    assert (counted["num_errors"], counted["last_error"]) == (2, "413:answer_too_large")


async def test_an_answer_too_large_only_with_its_headers_does_not_end_the_connection(api: Api, nats_url: str) -> None:
    async def barely(arrived: Arrived) -> Reply:
        assert arrived.reply_bytes_max < PAYLOAD_MAX - len("NATS/1.0\r\nIdempotent-Replayed: true\r\n\r\n")
        is_large = arrived.body == b"large"
        return Reply(200, b'{"success": true, "data": 1}' + b" " * (PAYLOAD_MAX - 40) * is_large, is_repeat=is_large)

    async with CutProxy.before(nats_url) as proxy, a_requester(api, proxy.url, barely) as requester:
        connections = proxy.accepted
        subject = f"numbering.v1.requests.live.{api.firm.firm_id}.series"
        await requester.client.publish(subject, b"large", requester.client.new_inbox())

        async def is_counted() -> bool:
            stats = json.loads((await requester.client.request("$SRV.STATS.numbering", timeout=5)).data)
            return any(each["num_errors"] for each in stats["endpoints"])

        await until(is_counted)
        assert (await requester.ask("series", {})).data == 1
        assert proxy.accepted == connections
