"""The connection of a request is gone before its reply: a server by our templates refuses it, and a repeat gets it."""

import asyncio
import json
from pathlib import Path

from service.api.calling.reply import Reply
from service.nats.client.connection import NatsSettings
from service.nats.requests.asked import Arrived
from service.nats.requests.endpoint import RequestsEndpoint, answering_requests
from service.nats.requests.operations import Operations
from tests.support.nats.firm_program import a_program
from tests.support.nats.requesting import decoded
from tests.support.nats.secured import secured_server
from tests.support.servers.cut_proxy import CutProxy
from tests.support.service.client import Api
from tests.support.waiting import until


async def test_a_reply_over_a_younger_connection_is_refused_and_a_retry_is_answered(api: Api, data_dir: Path) -> None:
    series_id = await api.a_locked_series()
    operations = Operations(api.entrance)
    entered, gate = asyncio.Event(), asyncio.Event()

    async def late(arrived: Arrived) -> Reply:
        reply = await operations.answer(arrived)
        entered.set()
        await gate.wait()
        return reply

    firm_id = api.firm.firm_id
    with secured_server(data_dir, (firm_id, "live")) as server:
        async with CutProxy.before(server.url) as proxy, a_program(server, firm_id) as program:
            settings = NatsSettings(url=proxy.url, nkey_seed_file=server.seeds["requests"], tls_ca_file=server.ca_file)
            endpoint = RequestsEndpoint(settings, late, operations.overload)
            async with answering_requests(endpoint):
                await until(lambda: endpoint.status().is_serving)
                subject, body = f"numbering.v1.requests.live.{firm_id}.reserve", {"series_id": series_id, "count": 2}
                headers = {"Authorization": f"Bearer {api.firm.device_a}", "Idempotency-Key": "once"}
                request, inbox = json.dumps(body).encode(), program.client.new_inbox()
                replies = await program.client.subscribe(inbox)  # pyright: ignore[reportUnknownMemberType] - untyped future
                await program.client.publish(subject, request, inbox, headers=headers)
                await entered.wait()
                proxy.cut()
                await until(lambda: not endpoint.status().is_serving, "the notice of the cut")
                await until(lambda: endpoint.status().is_serving, "the next connection")
                gate.set()
                await until(lambda: endpoint.status().in_flight == 0)
                # This request uses the same connections as the reply before it.
                again = decoded(await program.client.request(subject, request, timeout=5, headers=headers))

                assert replies.pending_msgs == 0
                assert [slot["number"] for slot in again.data["data"]] == [1, 2]
                assert again.headers["Idempotent-Replayed"] == "true"
