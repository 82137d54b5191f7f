"""Explanations of gaps: events that stand in the gap report, and keep their history (CONTRACT.md D112)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from projections.keeping.runner import ProjectionRunner
from schemas.values import GapCode
from tests.support.service.client import Api, an_api
from tests.support.tasks import running_beside

TEXT: Final = "The till of shop 12 broke"


@pytest_asyncio.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service with projections that follow its log."""
    runner = ProjectionRunner(database_url, poll_seconds=0.01)
    await runner.catch_up()
    async with running_beside(runner.run()), an_api(database_url, tmp_path) as running:
        yield running


async def a_series_with_gaps(api: Api) -> str:
    """A series whose numbers 1, 2 and 4 were released, 3 is on an invoice, and 5 is pending."""
    series = await api.a_locked_series()
    tokens = await api.tokens(series, 5)
    for token in (tokens[0], tokens[1], tokens[3]):
        await api.post(f"/invoice-series/reservations/{token}/release", credential=api.firm.device_a)
    await api.issue(api.firm.device_a, reservation_token=tokens[2])
    return series


def said(first: int, last: int, text: str = TEXT, code: str = "device_failure") -> dict[str, Any]:
    """The body of an explanation."""
    return {"first": first, "last": last, "code": code, "text": text}


async def explain(api: Api, series: str, body: dict[str, Any], credential: str | None = None) -> dict[str, Any]:
    """Explain a gap; the explanation."""
    answer = await api.post(f"/invoice-series/{series}/gaps/explanations", body, credential)
    assert answer.status == 201, answer.body
    found: dict[str, Any] = answer.data
    return found


async def gaps(api: Api, series: str, query: str = "") -> list[dict[str, Any]]:
    """The gaps of the report."""
    found: list[dict[str, Any]] = (await api.get(f"/invoice-series/{series}/gaps{query}")).data["data"]
    return found


async def test_an_explanation_stands_in_the_report_beside_the_numbers_that_it_is_about(api: Api) -> None:
    series = await a_series_with_gaps(api)
    whole = await explain(api, series, said(1, 2), api.firm.admin)
    assert (whole["first"], whole["last"], whole["code"], whole["text"]) == (1, 2, "device_failure", TEXT)

    one, two, four = await gaps(api, series)
    assert [each["explanations"] for each in (one, two, four)] == [[whole], [whole], []]
    assert [each["is_explained"] for each in (one, two, four)] == [True, True, False]
    folded = await gaps(api, series, f"?as_of_position={whole['position']}")
    assert folded == [one, two, four], "the log alone tells the same"
    before = await gaps(api, series, f"?as_of_position={whole['position'] - 1}")
    assert [each["explanations"] for each in before] == [[], [], []]


async def test_a_changed_explanation_keeps_its_history(api: Api) -> None:
    series = await a_series_with_gaps(api)
    first = await explain(api, series, said(1, 1))
    second = await explain(api, series, said(1, 1, "It was the printer after all", "printer_failure"))

    assert (await gaps(api, series))[0]["explanations"] == [first, second]


@pytest.mark.parametrize(("first", "last", "wrong"), [(3, 3, 3), (1, 4, 3), (4, 5, 5), (6, 9, 6)])
async def test_what_is_no_gap_is_not_explained(api: Api, first: int, last: int, wrong: int) -> None:
    series = await a_series_with_gaps(api)
    answer = await api.post(f"/invoice-series/{series}/gaps/explanations", said(first, last))
    assert answer.refusal == (409, "not_a_gap")
    assert f"Number {wrong} " in answer.error["message"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (said(1, 1, "too short"), "text"),
        (said(1, 1, "x" * 256), "text"),
        (said(1, 1, "a line\nand another one"), "text"),
        (said(1, 1, code="weather"), "code"),
        (said(2, 1), "last"),
        (said(0, 1), "first"),
    ],
)
async def test_a_wrong_explanation_is_refused_by_its_field(api: Api, body: dict[str, Any], param: str) -> None:
    series = await a_series_with_gaps(api)
    answer = await api.post(f"/invoice-series/{series}/gaps/explanations", body)
    assert (answer.status, answer.error["param"]) == (400, param)


async def test_only_an_admin_or_an_api_key_explains(api: Api) -> None:
    series = await a_series_with_gaps(api)
    path = f"/invoice-series/{series}/gaps/explanations"
    assert (await api.post(path, said(1, 1), api.firm.device_a)).refusal == (403, "insufficient_permissions")
    assert (await api.post(path, said(1, 1), api.other_firm.live_key)).refusal == (404, "resource_missing")
    for code in GapCode:
        await explain(api, series, said(1, 1, code=code.value))


async def test_a_rebuild_finds_the_same_explanations(api: Api, database_url: str) -> None:
    series = await a_series_with_gaps(api)
    await explain(api, series, said(1, 2))
    before = await gaps(api, series)

    assert (await ProjectionRunner(database_url).rebuild("gaps")).is_same
    assert await gaps(api, series) == before
