"""Receipts and gap certificates over HTTP (CONTRACT.md D115), each verified from the specification alone."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from projections.keeping.runner import ProjectionRunner
from projections.reports import number_events
from service.api.openapi.examples import reply_example
from service.log.postgres_log import PostgresLog
from tests.support.evidence.receipt_verifier import WrongError, fates
from tests.support.evidence.sealing import KEYS, LOG, a_sealer, rewriting
from tests.support.service.client import AN_INVOICE, Answer, Api, an_api
from tests.support.tasks import running_beside
from tests.support.waiting import until

TRUSTED = [str(KEYS.verifier_keys(LOG)[0])]


@pytest_asyncio.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service with projections that follow its log."""
    runner = ProjectionRunner(database_url, poll_seconds=0.01)
    await runner.catch_up()
    async with running_beside(runner.run()), an_api(database_url, tmp_path) as running:
        yield running


async def seal(api: Api, directory: Path) -> None:
    """Seal everything that is there."""
    log = api.dependencies.log
    assert isinstance(log, PostgresLog)
    await a_sealer(log, directory).turn()


async def a_days_work(api: Api) -> tuple[str, str]:
    """A series with 1 and 2 released, 3 on an invoice that says who bought, 4 pending, 5 online; and that invoice."""
    series = await api.a_locked_series()
    tokens = await api.tokens(series, 4)
    for token in tokens[:2]:
        await api.post(f"/invoice-series/reservations/{token}/release", credential=api.firm.device_a)
    invoice = (await api.issue(api.firm.device_a, reservation_token=tokens[2])).data["id"]
    await api.post(f"/invoices/{invoice}/void", {"reason": "Wrong client"})
    await api.issue(api.firm.device_a, series_id=series)
    return series, invoice


async def proof(api: Api, series: str, number: object, credential: str | None = None, **query: object) -> Answer:
    """GET the proof."""
    asked = f"?{urlencode(query)}" if query else ""
    return await api.get(f"/invoice-series/{series}/numbers/{number}/proof{asked}", credential)


async def test_a_receipt_verifies_for_admins_keys_and_auditors(api: Api, tmp_path: Path) -> None:
    series, _ = await a_days_work(api)
    await seal(api, tmp_path)

    for credential in (api.firm.live_key, api.firm.admin, api.firm.auditor_key, api.firm.auditor):
        for number, fate in enumerate(("released", "released", "voided", "pending", "standing"), start=1):
            answer = await proof(api, series, number, credential)
            assert fates(answer.data, TRUSTED) == {number: fate}, answer.body
            assert answer.data["firm_id"] == api.firm.firm_id
            assert len(answer.data["life"]["en"]) == len(answer.data["life"]["ro"]) == len(answer.data["events"]) + 2


async def test_a_gap_certificate_is_about_gaps_alone(api: Api, tmp_path: Path) -> None:
    series, _ = await a_days_work(api)
    await seal(api, tmp_path)

    assert fates((await proof(api, series, 1, last=2)).data, TRUSTED) == {1: "released", 2: "released"}
    for last in (3, 4, 5):
        answer = await proof(api, series, 1, last=last)
        assert answer.refusal == (409, "not_a_gap")
        assert "Number 3 " in answer.error["message"]


async def test_what_cannot_be_proved_is_refused_by_name(api: Api, tmp_path: Path) -> None:
    series, _ = await a_days_work(api)
    early = await proof(api, series, 1)
    assert early.refusal == (409, "not_sealed")
    assert early.headers["Retry-After"] == "1"
    await seal(api, tmp_path)
    await api.issue(api.firm.device_a, series_id=series)
    assert (await proof(api, series, 6)).refusal == (409, "not_sealed")
    assert (await proof(api, series, 5)).status == 200

    for number in (7, 100, 2**53 - 1):
        assert (await proof(api, series, number)).refusal == (404, "resource_missing")
    assert (await proof(api, series, 1, last=7)).refusal == (404, "resource_missing")
    for last in (0, 1_002, "x", -1):
        assert (await proof(api, series, 2, last=last)).refusal == (400, "invalid_field_value")
    assert (await proof(api, series, 2, last=1)).refusal == (400, "invalid_field_value")
    assert (await proof(api, series, "x")).refusal == (400, "invalid_field_value")
    assert (await proof(api, "nothing", 1)).refusal == (404, "resource_missing")


async def test_others_get_no_receipt(api: Api, tmp_path: Path) -> None:
    series, _ = await a_days_work(api)
    await seal(api, tmp_path)

    for device in (api.firm.device_a, api.firm.device_b, api.firm.no_device):
        assert (await proof(api, series, 1, device)).refusal == (403, "insufficient_permissions")
    for stranger in (api.firm.test_key, api.other_firm.live_key, api.other_firm.auditor):
        assert (await proof(api, series, 1, stranger)).refusal == (404, "resource_missing")


async def test_contents_are_shown_on_request_until_they_are_erased(api: Api, tmp_path: Path) -> None:
    series, invoice = await a_days_work(api)
    await seal(api, tmp_path)
    name = AN_INVOICE["client_data"]["name"]

    plain = await proof(api, series, 3)
    assert (plain.data["contents"], name in json.dumps(plain.body)) == ([], False)
    asked = await proof(api, series, 3, api.firm.auditor, contents="true")
    assert fates(asked.data, TRUSTED) == {3: "voided"}
    said = [json.loads(each["body"]) for each in asked.data["contents"]]
    assert name in json.dumps(said[0])
    assert "Wrong client" in json.dumps(said[1])

    assert (await api.post(f"/invoices/{invoice}/erase", {"reason": "asked for"})).status == 200
    await seal(api, tmp_path)
    erased = await proof(api, series, 3, contents="true")
    assert fates(erased.data, TRUSTED) == {3: "voided"}
    assert name not in json.dumps(erased.body)
    assert "Wrong client" not in json.dumps(erased.body)
    assert [json.loads(each["body"])["reason"] for each in erased.data["contents"]] == ["asked for"]


async def test_the_same_is_told_without_projections(database_url: str, tmp_path: Path) -> None:
    async with an_api(database_url, tmp_path) as api:
        series, _ = await a_days_work(api)
        await seal(api, tmp_path)
        folded = [(await proof(api, series, number)).data for number in range(1, 6)]
        await ProjectionRunner(database_url).catch_up()
        kept = [(await proof(api, series, number)).data for number in range(1, 6)]
    assert folded == kept


async def test_numbers_with_too_many_events_get_no_receipt(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(number_events, "EVENTS_MAX", 3)
    series, _ = await a_days_work(api)
    await seal(api, tmp_path)
    assert (await proof(api, series, 1)).status == 200
    assert (await proof(api, series, 3)).refusal == (409, "receipt_too_large")


async def test_a_rewritten_event_gets_no_receipt(api: Api, tmp_path: Path, database_url: str) -> None:
    series, _ = await a_days_work(api)
    await seal(api, tmp_path)
    async with rewriting(database_url) as connection:
        await connection.execute(
            "UPDATE log.event SET record = replace(record, 'device-a', 'device-b') WHERE tag LIKE 'numbers-reserved/%'"
        )
    answer = await proof(api, series, 1)
    assert answer.refusal == (503, "service_unavailable")
    assert "contradict" in answer.error["message"]


async def test_an_auditor_s_receipt_is_recorded(api: Api, tmp_path: Path) -> None:
    series, _ = await a_days_work(api)
    await seal(api, tmp_path)
    await proof(api, series, 1, api.firm.auditor, last=2, contents="true")
    found: list[dict[str, Any]] = []

    async def is_there() -> bool:
        found[:] = (await api.get("/audit/reads")).data["data"]
        return bool(found)

    await until(is_there, "the record of the auditor")
    assert [each["route"] for each in found] == ["/v1/invoice-series/{id}/numbers/{number}/proof"]
    assert found[0]["resource"] == {"id": series, "number": "1"}
    assert found[0]["filter"] == {"last": "2", "contents": "true"}


def test_the_example_of_the_documentation_verifies() -> None:
    assert fates(reply_example("Receipt"), TRUSTED) == {4: "expired"}
    with pytest.raises(WrongError):
        fates(reply_example("Receipt") | {"first": 12, "last": 12}, TRUSTED)
