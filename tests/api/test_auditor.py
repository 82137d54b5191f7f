"""Credentials of an auditor: they read everything of their firm and write nothing (CONTRACT.md D110)."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
import pytest_asyncio

from projections.keeping.runner import ProjectionRunner
from service.api.calling.route import Route
from service.api.catalogue import ROUTES
from service.log.postgres_log import PostgresLog
from tests.support.evidence.sealing import a_sealer
from tests.support.service.client import Api, an_api
from tests.support.tasks import running_beside
from tests.support.waiting import until

WRITING: Final = [route for route in ROUTES if route.writes]
READING: Final = [route for route in ROUTES if not route.writes and route.file is None]


def named(route: Route) -> str:
    """The name of a route in the list of tests."""
    return f"{route.method} {route.path}"


@pytest_asyncio.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service with projections that follow its log."""
    runner = ProjectionRunner(database_url, poll_seconds=0.01)
    await runner.catch_up()
    async with running_beside(runner.run()), an_api(database_url, tmp_path) as running:
        yield running


async def reads(api: Api, count: int) -> Sequence[dict[str, Any]]:
    """What the firm's auditors read, once at least `count` of it is written; the latest first."""

    data: list[dict[str, Any]] = []

    async def are_there() -> bool:
        data[:] = (await api.get("/audit/reads?per_page=1000", api.firm.live_key)).data["data"]
        return len(data) >= count

    await until(are_there, "the records of the auditor")
    return data


async def places_of(api: Api) -> dict[str, str]:
    """What to write for the variables of every path, each of a thing that exists."""
    series = await api.a_locked_series()
    token = (await api.tokens(series))[0]
    invoice = (await api.issue(api.firm.device_a, series_id=series)).data["id"]
    return {"series": series, "token": token, "invoice": invoice}


def path_of(route: Route, places: dict[str, str]) -> str:
    """The path of a route, under /v1, about these things."""
    of = places["series"] if "series" in route.path else places["invoice"]
    return route.path.removeprefix("/v1").format(id=of, token=places["token"], number=1)


async def test_an_auditor_writes_nothing_by_any_call(api: Api) -> None:
    places = await places_of(api)
    before = await api.dependencies.log.head()

    for route in WRITING:
        for credential in (api.firm.auditor_key, api.firm.auditor):
            answer = await api.ask(route.method, path_of(route, places), credential, {})
            assert answer.refusal == (403, "read_only_credential"), named(route)

    assert await api.dependencies.log.head() == before
    assert {each["status"] for each in await reads(api, 2 * len(WRITING))} == {403}


async def test_an_auditor_reads_everything_of_its_firm(api: Api, tmp_path: Path) -> None:
    places = await places_of(api)
    log = api.dependencies.log
    assert isinstance(log, PostgresLog)
    await a_sealer(log, tmp_path).turn()

    for route in READING:
        for credential in (api.firm.auditor_key, api.firm.auditor):
            assert (await api.get(path_of(route, places), credential)).status == 200, named(route)

    found = await reads(api, 2 * len(READING))
    assert {(each["method"], each["route"]) for each in found} == {(each.method, each.path) for each in READING}


async def test_an_auditor_sees_no_token_and_no_other_firm(api: Api) -> None:
    places = await places_of(api)

    listed = await api.get(f"/invoice-series/{places['series']}/reservations", api.firm.auditor)
    assert listed.data["data"] == []
    assert (await api.get(f"/invoices/{places['invoice']}", api.other_firm.auditor)).refusal[0] == 404
    assert (await api.get("/audit/reads", api.other_firm.live_key)).data["data"] == []


async def test_a_record_says_who_what_and_when_and_nothing_that_a_person_typed(api: Api) -> None:
    places = await places_of(api)
    await api.get("/invoices?search=Popescu&client_id=ion@example.com&status=issued&page=1", api.firm.auditor_key)
    await api.get(f"/invoice-series/reservations/{places['token']}", api.firm.auditor)
    await api.get(f"/invoices/{api.firm.live_key}", api.firm.auditor)
    await api.get(f"/invoice-series/{places['series']}/gaps?as_of_position=3", api.firm.auditor)

    gaps, guess, token, listed = await reads(api, 4)
    assert listed["filter"] == {"client_id": "(hidden)", "search": "(hidden)", "status": "issued", "page": "1"}
    assert (listed["credential"].partition(":")[0], listed["carrier"]) == ("key", "http")
    assert (token["resource"], guess["resource"], guess["status"]) == ({}, {"id": "(hidden)"}, 404)
    assert (gaps["route"], gaps["status"]) == ("/v1/invoice-series/{id}/gaps", 200)
    assert (gaps["resource"], gaps["filter"]) == ({"id": places["series"]}, {"as_of_position": "3"})
    assert abs(gaps["at"] - api.clock()) < 60
    text = json.dumps([gaps, guess, token, listed])
    for secret in (places["token"], api.firm.live_key, api.firm.auditor_key, api.firm.auditor, "Popescu", "@"):
        assert secret not in text


async def test_only_auditors_leave_a_record_and_only_admins_and_auditors_see_it(api: Api) -> None:
    assert (await api.get("/invoices", api.firm.device_a)).status == 200
    assert (await api.get("/audit/reads", api.firm.device_a)).refusal == (403, "insufficient_permissions")
    assert (await api.get("/audit/reads", api.firm.admin)).data == {"object": "list", "data": [], "has_more": False}

    await api.get("/audit/reads", api.firm.auditor)
    assert [each["route"] for each in await reads(api, 1)] == ["/v1/audit/reads"]


async def test_the_records_come_page_by_page_the_latest_first(api: Api) -> None:
    for page in range(1, 6):
        await api.get(f"/invoices?page={page}", api.firm.auditor)
    whole = await reads(api, 5)

    pages: list[dict[str, Any]] = []
    query = "per_page=2"
    while True:
        got = (await api.get(f"/audit/reads?{query}")).data
        pages += got["data"]
        if not got["has_more"]:
            break
        query = f"per_page=2&before={pages[-1]['id']}"
    assert pages == whole
    assert [each["filter"]["page"] for each in pages] == ["5", "4", "3", "2", "1"]


async def test_a_read_is_answered_while_its_record_cannot_be_written_and_the_record_follows(
    api: Api, database_url: str
) -> None:
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute("REVOKE INSERT ON access.audit_read FROM numbering_writer")
        for _ in range(3):
            assert (await api.get("/invoices", api.firm.auditor)).status == 200
        assert await owner.fetchval("SELECT count(*) FROM access.audit_read") == 0
        await owner.execute("GRANT INSERT ON access.audit_read TO numbering_writer")
    finally:
        await owner.close()

    assert len(await reads(api, 3)) == 3
    assert b"numbering_audit_reads_lost_total 0.0" in api.dependencies.metrics.text()


async def test_the_service_can_neither_change_a_record_nor_forget_a_young_one(api: Api, database_url: str) -> None:
    await api.get("/invoices", api.firm.auditor)
    await reads(api, 1)

    writer = await asyncpg.connect(database_url, server_settings={"role": "numbering_writer"})
    try:
        for statement in ("DELETE FROM access.audit_read", "UPDATE access.audit_read SET firm_id = 'x'"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await writer.execute(statement)
        assert await writer.fetchval("SELECT access.forget_audit_reads($1, 100)", 2**40) == 0
    finally:
        await writer.close()
    assert len(await reads(api, 1)) == 1


async def test_what_is_past_its_time_is_forgotten(api: Api, database_url: str) -> None:
    await api.get("/invoices", api.firm.auditor)
    await reads(api, 1)
    owner = await asyncpg.connect(database_url)
    try:
        await owner.execute("UPDATE access.audit_read SET at = at - interval '40 days'")
        assert await owner.fetchval("SELECT access.forget_audit_reads($1, 100)", api.clock() - 50 * 86_400) == 0
        assert await owner.fetchval("SELECT access.forget_audit_reads($1, 100)", api.clock() - 35 * 86_400) == 1
    finally:
        await owner.close()
