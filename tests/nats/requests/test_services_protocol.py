"""The services protocol: discovery, statistics, and an endpoint that never blocks behind a slow request."""

import asyncio
import json
from contextlib import suppress
from typing import Any

from nats.errors import TimeoutError as NatsTimeoutError

from schemas.api.operations import OPERATIONS
from service.api.calling.reply import Reply
from service.nats.requests.asked import Arrived
from tests.support.nats.requesting import Requester, a_requester, decoded
from tests.support.service.client import Api
from tests.support.waiting import until

NAMES = {operation.name for operation in OPERATIONS}


async def discovered(requester: Requester, subject: str) -> dict[str, Any]:
    """The reply of the service on this subject."""
    found: dict[str, Any] = json.loads((await requester.client.request(subject, b"", timeout=5)).data)
    return found


async def test_discovery_answers_as_the_protocol_documents(requester: Requester) -> None:
    ping = await discovered(requester, "$SRV.PING")
    info = await discovered(requester, "$SRV.INFO.numbering")
    stats = await discovered(requester, f"$SRV.STATS.numbering.{ping['id']}")

    assert {found["type"] for found in (ping, info, stats)} == {
        "io.nats.micro.v1.ping_response",
        "io.nats.micro.v1.info_response",
        "io.nats.micro.v1.stats_response",
    }
    assert {(found["name"], found["id"], found["version"]) for found in (ping, info, stats)} == {
        ("numbering", ping["id"], "0.1.0")
    }
    assert {endpoint["name"] for endpoint in info["endpoints"]} == NAMES
    subjects = {endpoint["name"]: endpoint["subject"] for endpoint in info["endpoints"]}
    assert subjects["reserve"] == "numbering.v1.requests.*.*.reserve"
    assert {endpoint["queue_group"] for endpoint in stats["endpoints"]} == {"q"}
    assert isinstance(info["description"], str)
    assert stats["started"].endswith("Z")


async def test_statistics_count_requests_and_errors(requester: Requester) -> None:
    series_id = await requester.api.a_series()
    for name in (series_id, series_id, "nosuch"):
        await requester.ask("series", {"series_id": name})
    stats = await discovered(requester, "$SRV.STATS.numbering")
    found = next(endpoint for endpoint in stats["endpoints"] if endpoint["name"] == "series")

    assert (found["num_requests"], found["num_errors"]) == (3, 1)
    assert found["last_error"] == "404:resource_missing"
    assert 0 < found["average_processing_time"] <= found["processing_time"]


async def test_a_request_does_not_wait_for_a_slow_one_and_too_many_are_told_at_once(api: Api, nats_url: str) -> None:
    gate, entered = asyncio.Event(), asyncio.Event()

    async def slow(arrived: Arrived) -> Reply:
        if arrived.body == b"slow":
            entered.set()
            await gate.wait()
        return Reply(200, b'{"success": true, "data": null}')

    async with a_requester(api, nats_url, slow, in_flight_max=2) as requester:
        waiting = [asyncio.create_task(requester.ask("series", b"slow"))]
        await entered.wait()
        assert (await requester.ask("series", b"fast")).data is None
        waiting.append(asyncio.create_task(requester.ask("series", b"slow")))

        async def is_full() -> bool:
            return requester.endpoint.status().in_flight == 2

        await until(is_full)
        assert (await requester.ask("series", b"fast")).refusal == (503, "service_unavailable")
        gate.set()
        assert [(await reply).data for reply in waiting] == [None, None]


async def test_a_request_in_work_is_answered_before_the_endpoint_stops(api: Api, nats_url: str) -> None:
    gate, entered = asyncio.Event(), asyncio.Event()

    async def slow(arrived: Arrived) -> Reply:
        del arrived
        entered.set()
        await gate.wait()
        return Reply(200, b'{"success": true, "data": "late"}')

    async with a_requester(api, nats_url, slow) as requester:
        inbox = requester.client.new_inbox()
        replies = await requester.client.subscribe(inbox)  # pyright: ignore[reportUnknownMemberType] - untyped future
        subject = f"numbering.v1.requests.live.{api.firm.firm_id}.series"
        await requester.client.publish(subject, b"{}", inbox)
        await entered.wait()
        requester.endpoint.stop()
        gate.set()
        assert decoded(await replies.next_msg(timeout=5)).data == "late"


async def test_a_request_without_a_reply_subject_spends_no_number(requester: Requester) -> None:
    series_id = await requester.api.a_locked_series()
    subject = f"numbering.v1.requests.live.{requester.api.firm.firm_id}.reserve"
    body = json.dumps({"series_id": series_id}).encode()
    await requester.client.publish(subject, body, headers=requester.headers())

    async def is_counted() -> bool:
        stats = await discovered(requester, "$SRV.STATS.numbering")
        return any(endpoint["num_errors"] for endpoint in stats["endpoints"])

    await until(is_counted)
    assert await requester.api.next_number(series_id) == 1


async def test_a_lost_reply_and_a_retry_under_the_same_key_return_the_same_numbers(requester: Requester) -> None:
    series_id = await requester.api.a_locked_series()
    body = {"series_id": series_id, "count": 5}
    subject = f"numbering.v1.requests.live.{requester.api.firm.firm_id}.reserve"
    headers = requester.headers(key="once")
    # This timeout is so short that the reply always comes too late.
    with suppress(NatsTimeoutError):
        await requester.client.request(subject, json.dumps(body).encode(), timeout=0.0001, headers=headers)
    again = await requester.ask("reserve", body, key="once")

    assert [slot["number"] for slot in again.data["data"]] == [1, 2, 3, 4, 5]
    assert await requester.api.next_number(series_id) == 6


async def test_the_asyncapi_document_is_served(api: Api) -> None:
    async with api.session.get(f"{api.base_url}/asyncapi.json") as response:
        document = await response.json()

    assert (response.status, document["asyncapi"]) == (200, "3.0.0")
    assert NAMES | {"publishEvents"} == set(document["operations"])
