"""A part is away: requests get 503 with Retry-After, nothing acknowledged is lost, and the service recovers."""

import asyncio
from pathlib import Path

import asyncpg

from tests.support.servers.cut_proxy import CutProxy
from tests.support.service.client import Answer, Api, an_api
from tests.support.waiting import until

RESUME_SECONDS_MAX = 20


async def until_it_resumes(api: Api) -> Answer:
    async with asyncio.timeout(RESUME_SECONDS_MAX):
        while True:
            answer = await api.issue(key="first")
            if answer.status != 503:
                return answer


async def test_while_postgresql_is_away_everything_is_503_and_afterwards_all_is_as_before(
    database_url: str, tmp_path: Path
) -> None:
    async with CutProxy.before(database_url) as proxy, an_api(proxy.url, tmp_path) as api:
        series_id = await api.a_series()
        first = await api.issue(key="first")

        proxy.shut()
        for method, path, body in (
            ("GET", "/invoice-series", None),
            ("GET", f"/invoices/{first.data['id']}", None),
            ("GET", f"/invoice-series/{series_id}/gaps", None),
            ("POST", "/invoices", {"client_id": "c", "items": [{"description": "x", "quantity": 1, "price": 1}]}),
            ("POST", "/invoice-series", {"name": "B", "document_type": "fiscal"}),
        ):
            answer = await api.ask(method, path, None, body)
            assert answer.refusal == (503, "service_unavailable"), (method, path)
            assert answer.error["type"] == "api_error"
            assert int(answer.headers["Retry-After"]) >= 1

        proxy.open()
        again = await until_it_resumes(api)
        assert (again.status, again.data) == (201, first.data)
        assert await api.next_number(series_id) == 2
        assert (await api.issue()).data["number_idx"] == 2


async def test_a_halted_log_issues_nothing_and_still_answers_reads(api: Api) -> None:
    series_id = await api.a_series()
    await api.dependencies.log.halt("the stream is ahead of the log")

    answer = await api.issue()

    assert answer.refusal == (503, "service_unavailable")
    assert "operator" in answer.error["message"]
    assert await api.next_number(series_id) == 1


async def test_a_read_only_database_is_named_in_the_refusal_and_still_answers_reads(
    api: Api, database_url: str
) -> None:
    series_id = await api.a_series()
    admin = await asyncpg.connect(database_url)
    name = await admin.fetchval("SELECT quote_ident(current_database())")
    await admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await admin.execute(END)

    async def is_named() -> bool:
        answer = await api.issue()
        assert answer.refusal == (503, "service_unavailable")
        return "read-only" in answer.error["message"]

    await until(is_named)
    assert await api.next_number(series_id) == 1
    await admin.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")

    async def is_issued() -> bool:
        return (await api.issue(key="after")).status == 201

    await until(is_issued)
    await admin.close()


END = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'numbering writer'
"""
