"""Requests of both carriers go through the same steps in the same order (D55, D74)."""

import re
from typing import Any

import pytest

from schemas.api.operations import OPERATIONS, Operation
from schemas.api.queries import NoQuery
from service.api.catalogue import ROUTES
from tests.support.nats.requesting import Requester
from tests.support.service.client import AN_INVOICE
from tests.support.waiting import until

BROKEN = b'{"series_id": '


async def refusals(requester: Requester, operation: str, path: str, body: bytes, key: str) -> list[tuple[int, str]]:
    """The refusals of HTTP and of NATS for the same body under the same key."""
    api = requester.api
    headers = {"Idempotency-Key": key}
    over_http = await api.ask("POST", path, api.firm.device_a, data=body, headers=headers)
    return [over_http.refusal, (await requester.ask(operation, body, key=key)).refusal]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_an_operation_is_one_call_without_a_query_and_replies_as_it_does(operation: Operation) -> None:
    [route] = [each for each in ROUTES if (each.method, each.path) == (operation.method, operation.path)]
    assert operation.reply == route.reply
    assert route.query is NoQuery, "a request over NATS has no query"
    assert set(operation.in_path) == set(re.findall(r"\{(\w+)\}", operation.path)), "each is a field of the body"


async def test_a_used_key_is_seen_before_a_body_that_cannot_be_read(requester: Requester) -> None:
    series_id = await requester.api.a_locked_series()
    await requester.ask("issue", {**AN_INVOICE, "series_id": series_id}, key="used")

    assert await refusals(requester, "issue", "/invoices", BROKEN, "used") == [(409, "idempotency_key_reused")] * 2
    assert await refusals(requester, "issue", "/invoices", BROKEN, "fresh") == [(400, "invalid_format")] * 2


async def test_a_used_key_is_seen_before_what_an_operation_asks_of_its_body(requester: Requester) -> None:
    series_id = await requester.api.a_locked_series()
    (token,) = await requester.api.tokens(series_id)
    await requester.ask("consume", {**AN_INVOICE, "reservation_token": token}, key="used")

    without = await requester.ask("consume", AN_INVOICE, key="used")
    of_another = await requester.ask("issue", {**AN_INVOICE, "reservation_token": token}, key="used")
    fresh = await requester.ask("consume", AN_INVOICE, key="fresh")

    assert without.refusal == (409, "idempotency_key_reused")
    assert of_another.headers["Idempotent-Replayed"] == "true"
    assert (fresh.refusal, fresh.body["error"]["param"]) == ((400, "missing_required_field"), "reservation_token")


@pytest.mark.parametrize("body", [{"count": 0}, {"count": "many"}, {"count": 51}])
async def test_a_used_key_is_seen_before_a_field_out_of_range(requester: Requester, body: dict[str, Any]) -> None:
    api = requester.api
    series_id = await api.a_locked_series()
    await requester.ask("reserve", {"series_id": series_id, "count": 2}, key="used")
    path = f"/invoice-series/{series_id}/reserve-numbers"

    over_http = await api.post(path, body, api.firm.device_a, key="used")
    over_nats = await requester.ask("reserve", {"series_id": series_id, **body}, key="used")

    assert [over_http.refusal, over_nats.refusal] == [(409, "idempotency_key_reused")] * 2
    assert await api.next_number(series_id) == 3


async def test_a_body_that_names_no_series_asks_for_nothing_that_a_key_could_have_answered(
    requester: Requester,
) -> None:
    series_id = await requester.api.a_locked_series()
    await requester.ask("reserve", {"series_id": series_id, "count": 2}, key="used")

    assert (await requester.ask("reserve", BROKEN, key="used")).refusal == (400, "invalid_format")
    assert (await requester.ask("reserve", {"count": 2}, key="used")).refusal == (400, "missing_required_field")


async def test_an_auditor_reads_and_writes_nothing_over_nats_too(requester: Requester) -> None:
    api = requester.api
    series_id = await api.a_locked_series()
    (token,) = await api.tokens(series_id)
    before = await api.dependencies.log.head()
    body = {**AN_INVOICE, "series_id": series_id, "number": 1, "token": token, "reservation_token": token}

    for operation in OPERATIONS:
        for credential in (api.firm.auditor_key, api.firm.auditor):
            reply = await requester.ask(operation.name, body, credential)
            if operation.method == "GET":
                assert reply.body["success"], operation.name
            else:
                assert reply.refusal == (403, "read_only_credential"), operation.name

    assert await api.dependencies.log.head() == before

    async def are_recorded() -> bool:
        found: list[dict[str, Any]] = (await api.get("/audit/reads")).data["data"]
        over_nats = [each for each in found if each["carrier"] == "nats"]
        return len(over_nats) == 2 * len(OPERATIONS)

    await until(are_recorded, "the records of the auditor")
