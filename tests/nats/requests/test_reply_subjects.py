"""The caller names the subject of the reply; a subject to which only the service may publish is not accepted."""

import json

import pytest

from service.embedded import EmbeddedNats
from service.nats.requests.replying import is_inbox
from tests.support.nats.relays import assert_stream_is_log, caught_up, relaying
from tests.support.nats.requesting import Requester, a_requester
from tests.support.service.client import Api
from tests.support.waiting import until

AMONG_EVENTS = "numbering.v1.events.live.firm.series.numbers-reserved"


async def errors_of(requester: Requester, operation: str) -> int:
    """How many requests for this operation the service counts as errors."""
    found = json.loads((await requester.client.request("$SRV.STATS.numbering", timeout=5)).data)
    errors: int = next(each["num_errors"] for each in found["endpoints"] if each["name"] == operation)
    return errors


@pytest.mark.parametrize("subject", ["numbering.v1.requests.live.{firm}.reserve", "$SRV.PING", "$SRV.STATS.numbering"])
async def test_a_reply_subject_among_the_events_halts_no_log(api: Api, server: EmbeddedNats, subject: str) -> None:
    series_id = await api.a_locked_series()
    async with relaying(api.dependencies.log, server.url) as relay, a_requester(api, server.url) as requester:
        await caught_up(relay, api.dependencies.log)
        body = json.dumps({"series_id": series_id}).encode()
        asked = subject.format(firm=api.firm.firm_id)
        await requester.client.publish(asked, body, AMONG_EVENTS, headers=requester.headers())
        # A later request is answered later, so the first one has been answered after this.
        await requester.client.request(asked, body, timeout=5, headers=requester.headers())

        await api.a_series("OTHER")
        await caught_up(relay, api.dependencies.log)
        await assert_stream_is_log(server.url, api.dependencies.log)


async def test_a_request_whose_reply_subject_is_no_inbox_is_ignored_and_counted(requester: Requester) -> None:
    series_id = await requester.api.a_locked_series()
    subject = f"numbering.v1.requests.live.{requester.api.firm.firm_id}.reserve"
    body = json.dumps({"series_id": series_id}).encode()
    refused = ("$JS.API.STREAM.DELETE.NUMBERING_1", AMONG_EVENTS, subject)
    for reply in refused:
        await requester.client.publish(subject, body, reply, headers=requester.headers())

    async def are_counted() -> bool:
        return await errors_of(requester, "reserve") == len(refused)

    await until(are_counted)
    assert await requester.api.next_number(series_id) == 1


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("_INBOX.x7Y.1", True),
        ("_INBOX_firm_1.x7Y.1", True),
        ("_R_.k2ZbVq.x7Y", True),
        ("till-7.replies.1", True),
        ("_GR_.kcbEYP.k2ZbVq._INBOX.x7Y.1", True),
        ("$JS.API.STREAM.DELETE.NUMBERING_1", False),
        ("$SRV.PING", False),
        (AMONG_EVENTS, False),
        ("numbering.v1.events-2.live.firm.series.x", False),
        ("_GR_.kcbEYP.k2ZbVq.numbering.v1.events.live.firm.series.x", False),
        ("_GR_.kcbEYP.k2ZbVq.$JS.API.STREAM.DELETE.NUMBERING_1", False),
    ],
)
def test_an_inbox_is_any_subject_but_the_servers_and_ours(subject: str, *, expected: bool) -> None:
    assert is_inbox(subject) is expected
