"""A reply made from what was just written equals the reply made by reading it back."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from schemas.api.operations import OPERATIONS
from schemas.record import StoredRecord
from schemas.values import Digest, DocumentId
from service.api.entrance import Entrance
from service.log.event_log import Content, LogUnavailableError
from service.nats.requests.asked import Arrived
from service.nats.requests.operations import Operations
from tests.support.domain.faulty_logs import LosesReplies
from tests.support.service.client import AN_INVOICE, Answer, Api, break_off

[ISSUE] = [each for each in OPERATIONS if each.name == "issue"]
BODIES: list[dict[str, Any]] = [
    {},
    {"is_draft": 1},
    {"is_draft": 1, "document_type": "receipt", "date": "2026-01-01"},
    {"due_date": "2020-01-01", "notes": "\u05e9\u0301", "delegate": {"a": [1.5, None]}},
    {"currency": "EUR", "currency_rate": 4.9763},
    {"client_data": None, "client_id": "c"},
]


async def a_reply_and_its_reading(api: Api, path: str, body: dict[str, Any]) -> tuple[Answer, Answer, Answer]:
    fresh = await api.post(path, body, key="k")
    return fresh, await api.post(path, body, key="k"), await api.get(f"/invoices/{fresh.data['id']}")


@pytest.mark.parametrize("more", BODIES)
async def test_a_new_invoice_reads_the_same_fresh_replayed_and_read_back(api: Api, more: dict[str, Any]) -> None:
    await api.a_series()

    fresh, replayed, read = await a_reply_and_its_reading(api, "/invoices", {**AN_INVOICE, **more})

    assert fresh.data == replayed.data == read.data
    assert replayed.headers["Idempotent-Replayed"] == "true"


async def test_so_does_one_with_a_reserved_number(api: Api) -> None:
    (token,) = await api.tokens(await api.a_locked_series())
    device = api.firm.device_a

    fresh = await api.issue(device, "k", reservation_token=token)

    assert (await api.issue(device, "k", reservation_token=token)).data == fresh.data
    assert (await api.get(f"/invoices/{fresh.data['id']}")).data == fresh.data


async def test_so_does_a_reversal(api: Api) -> None:
    await api.a_series()
    source = (await api.issue()).data["id"]

    fresh, replayed, read = await a_reply_and_its_reading(api, f"/invoices/{source}/storno", {})

    assert fresh.data == replayed.data == read.data


async def test_a_replay_is_of_the_moment_and_the_day_it_repeats(api: Api) -> None:
    await api.a_series()
    tomorrow = api.dependencies.day_of(api.clock()).isoformat()
    fresh = await api.issue(key="k", due_date=tomorrow)
    await api.post(f"/invoices/{fresh.data['id']}/void", {"reason": "r"}, key="v")
    api.clock.ahead_seconds = 3 * 86_400

    assert (await api.issue(key="k", due_date=tomorrow)).data == fresh.data
    assert fresh.data["status"] == "issued"
    await api.post(f"/invoices/{fresh.data['id']}/unvoid")
    assert (await api.get(f"/invoices/{fresh.data['id']}")).data["status"] == "overdue"


async def test_a_replay_does_not_name_a_reversal_that_stands_only_now(api: Api) -> None:
    await api.a_series()
    source = (await api.issue()).data["id"]
    unreversed = await api.post(f"/invoices/{source}/void", key="before")
    await api.post(f"/invoices/{source}/unvoid")
    first = (await api.post(f"/invoices/{source}/storno")).data["id"]
    await api.post(f"/invoices/{first}/void")
    voided = await api.post(f"/invoices/{source}/void", key="after the first")
    without = await api.post(f"/invoices/{source}/unvoid", key="without")
    second = (await api.post(f"/invoices/{source}/storno")).data["id"]
    assert (await api.get(f"/invoices/{source}")).data["storno_bill_id"] == second

    then = (unreversed, voided, without)
    assert [answer.data["storno_bill_id"] for answer in then] == [None, None, None]
    for key, path, answer in (
        ("before", "void", unreversed),
        ("after the first", "void", voided),
        ("without", "unvoid", without),
    ):
        assert (await api.post(f"/invoices/{source}/{path}", key=key)).data == answer.data, key


class WithoutDocuments(LosesReplies):
    """A log that takes events, and fails if a document is read."""

    async def document(self, document_id: DocumentId) -> list[StoredRecord]:
        """Not to be read."""
        raise LogUnavailableError(f"{document_id} is not to be read")

    async def contents(self, digests: Sequence[Digest]) -> dict[Digest, Content]:
        """Not to be read."""
        raise LogUnavailableError(f"{len(digests)} contents are not to be read")


@pytest.mark.parametrize("more", BODIES)
async def test_a_new_invoice_is_not_read_back_from_the_store(api: Api, more: dict[str, Any]) -> None:
    await api.a_series()
    dependencies = replace(api.dependencies, log=WithoutDocuments(api.dependencies.log, ()))
    body = json.dumps({**AN_INVOICE, **more}).encode()
    arrived = Arrived(ISSUE, ("live", api.firm.firm_id), f"Bearer {api.firm.live_key}", None, body, 1_000_000)

    reply = await Operations(Entrance(dependencies, break_off)).answer(arrived)

    assert (reply.status, json.loads(reply.body)["data"]["total"]) == (201, 24.99)
