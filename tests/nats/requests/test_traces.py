"""CONTRACT.md D119 over NATS: a request names its trace, and so do the events and the messages that it causes."""

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from schemas.values import Position
from service.log.memory_log import MemoryLog
from tests.support.domain.batches import a_batch
from tests.support.domain.golden import TRACE, every_event
from tests.support.nats.relays import caught_up, messages, relaying
from tests.support.nats.requesting import Requester


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([f"traceparent: {TRACE}"], TRACE),
        ([f"Traceparent:{TRACE}"], TRACE),
        ([f"traceparent: {TRACE[:-1]}"], UNSET),
        ([f"traceparent: {TRACE}", f"traceparent: {TRACE}"], UNSET),
        ([f"traceparent: {TRACE}", f"TraceParent: {TRACE}"], UNSET),
    ],
    ids=["one", "another case", "malformed", "two", "two of another case"],
)
async def test_a_request_names_its_trace_in_one_well_formed_header(
    requester: Requester, lines: list[str], named: object
) -> None:
    series_id = await requester.api.a_series()
    authorization = f"Authorization: Bearer {requester.api.firm.device_a}"
    headers = "\r\n".join(["NATS/1.0", authorization, *lines, "", ""]).encode()
    client, body = requester.client, b'{"series_id": "%b"}' % series_id.encode()
    inbox = client.new_inbox()
    replies = await client.subscribe(inbox)  # pyright: ignore[reportUnknownMemberType] - untyped future
    subject = f"numbering.v1.requests.live.{requester.api.firm.firm_id}.lock"
    sent = f"HPUB {subject} {inbox} {len(headers)} {len(headers) + len(body)}\r\n".encode() + headers + body + b"\r\n"
    await client._send_command(sent)  # pyright: ignore[reportPrivateUsage] - it sends no name twice
    await client.flush()
    reply = await replies.next_msg(timeout=15)

    assert b'"success":true' in reply.data
    last = (await requester.api.dependencies.log.read(Position(1), 1))[0].record
    assert last.traceparent == named


async def test_the_message_of_an_event_passes_its_trace_on(nats_url: str) -> None:
    records = every_event()
    records[-1] = replace(records[-1], traceparent=TRACE)
    log = MemoryLog()
    await log.append(Position(0), a_batch(records))
    async with relaying(log, nats_url) as relay:
        await caught_up(relay, log)

    *others, last = [message.headers or {} for message in await messages(nats_url)]
    assert (last["traceparent"], last["ce-traceparent"]) == (TRACE, TRACE)
    assert not any({"traceparent", "ce-traceparent"} & set(each) for each in others)
