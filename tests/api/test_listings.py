"""CONTRACT.md D114: reports as files, over HTTP."""

from typing import Any

import pytest

from service.api.reading.accepted import best_language, best_type
from service.listings.csv_writer import Dialect
from service.listings.formats import MEDIA_TYPES, Format
from tests.api.test_accounting import a_days_work
from tests.listings.read_back import csv_rows, fact, pdf_pages, sheet_rows
from tests.support.service.client import Api

TYPES = list(MEDIA_TYPES.values())
READS = ["numbers", "gaps", "gaps/explanations"]


async def file_of(api: Api, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a GET."""
    sent = {"Authorization": f"Bearer {api.firm.live_key}"} | (headers or {})
    async with api.session.get(f"{api.base_url}/v1{path}", headers=sent) as response:
        return response.status, dict(response.headers), await response.read()


async def test_the_gap_report_is_the_same_in_every_format(api: Api) -> None:
    series_id = await a_days_work(api)
    path = f"/invoice-series/{series_id}/gaps"
    report: dict[str, Any] = (await api.get(path)).data
    position = report["as_of"]["position"]
    asked = f"{path}?as_of_position={position}&language=en"
    csv = csv_rows((await file_of(api, f"{asked}&format=csv"))[2], Dialect.ROMANIAN)
    xlsx = sheet_rows((await file_of(api, f"{asked}&format=xlsx"))[2])
    (pdf,) = pdf_pages((await file_of(api, f"{asked}&format=pdf"))[2])
    equation = "4 allocated = 1 standing + 1 voided + 0 withdrawn + 1 pending + 1 released + 0 expired + 0 lost"
    for rows in (csv, xlsx):
        assert (fact(rows, "Equation"), fact(rows, "Digest (SHA-256)")) == (equation, report["digest"])
        assert api.firm.firm_id in fact(rows, "Firm")
    assert equation in pdf
    assert report["digest"] in pdf


@pytest.mark.parametrize("read", READS)
async def test_a_file_is_named_and_kept_by_no_cache(api: Api, read: str) -> None:
    series_id = await a_days_work(api)
    for shown_as in (Format.CSV, Format.XLSX, Format.PDF):
        accept = {"Accept": MEDIA_TYPES[shown_as], "Accept-Language": "ro-RO,ro;q=0.9,en;q=0.5"}
        status, headers, body = await file_of(api, f"/invoice-series/{series_id}/{read}", accept)
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, MEDIA_TYPES[shown_as])
        assert headers["Content-Disposition"].startswith('attachment; filename="')
        assert headers["Content-Disposition"].endswith(f'.{shown_as}"')
        assert (headers["Vary"], headers["Content-Language"]) == ("Accept, Accept-Language", "ro")
        assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
        assert int(headers["Content-Length"]) == len(body) > 0


@pytest.mark.parametrize("read", READS)
async def test_json_is_what_a_client_gets_that_asks_for_nothing_else(api: Api, read: str) -> None:
    series_id = await a_days_work(api)
    path = f"/invoice-series/{series_id}/{read}"
    for accept in ({}, {"Accept": "*/*"}, {"Accept": "text/html, application/*;q=0.9"}):
        status, headers, _ = await file_of(api, path, accept)
        assert (status, headers["Content-Type"]) == (200, "application/json")
        assert (headers["Vary"], headers["Content-Language"]) == ("Accept, Accept-Language", "en")


async def test_what_is_not_there_is_refused_and_what_is_there_is_named(api: Api) -> None:
    series_id = await a_days_work(api)
    status, headers, body = await file_of(api, f"/invoice-series/{series_id}/gaps", {"Accept": "image/png"})
    assert (status, headers["Content-Type"]) == (406, "application/json")
    assert b"format_not_available" in body
    assert b"application/pdf" in body
    assert (await api.get(f"/invoice-series/{series_id}/gaps?format=docx")).refusal == (400, "invalid_field_value")


async def test_explanations_are_listed_in_the_order_in_which_they_were_given(api: Api) -> None:
    series_id = await a_days_work(api)
    for text in ("A cashier was trained on it.", "=1+1: the till was broken."):
        body = {"first": 1, "last": 1, "code": "training", "text": text}
        assert (await api.post(f"/invoice-series/{series_id}/gaps/explanations", body)).status == 201
    listed = (await api.get(f"/invoice-series/{series_id}/gaps/explanations")).data
    assert listed["object"] == "gap_explanations"
    assert [each["text"][:2] for each in listed["data"]] == ["A ", "=1"]
    _, _, file = await file_of(api, f"/invoice-series/{series_id}/gaps/explanations?format=csv&dialect=plain")
    rows = csv_rows(file, Dialect.PLAIN)
    assert [row[7][:3] for row in rows[1:3]] == ["A c", "'=1"]


async def test_no_query_and_no_header_makes_a_defect_of_a_file(api: Api) -> None:
    series_id = await a_days_work(api)
    queries = ["after=1", "after=99", "fate=voided", "as_of_position=1", "as_of_time=0", "language=xx", "dialect=%00"]
    for shown_as in ("csv", "xlsx", "pdf"):
        for query in queries:
            status, _, body = await file_of(api, f"/invoice-series/{series_id}/numbers?format={shown_as}&{query}")
            assert status in {200, 400, 404}, (shown_as, query, body)
    for accept in ("text/csv;q=", ";;;,,,", "\x80/é", "a" * 5000, "text/csv;q=9e9"):
        status, _, _ = await file_of(api, f"/invoice-series/{series_id}/gaps", {"Accept": accept})
        assert status in {200, 406}


async def test_a_series_of_others_is_not_found_in_any_format(api: Api) -> None:
    for shown_as in Format:
        status, _, _ = await file_of(api, f"/invoice-series/nosuchseries/gaps?format={shown_as}")
        assert status == 404


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", 0),
        ("*/*", 0),
        ("text/csv", 1),
        ("application/pdf;q=0.5, text/csv;q=0.4", 3),
        ("application/*;q=0.1, text/csv;q=0.9", 1),
        ("application/json;q=0, */*;q=0.1", 1),
        ("image/png", None),
        ("*/*;q=0", None),
        ("text/csv;q=x", None),
    ],
)
def test_the_most_wanted_type_is_found(header: str, found: int | None) -> None:
    assert best_type(header, TYPES) == (None if found is None else TYPES[found])


@pytest.mark.parametrize(
    ("header", "found"),
    [("", "en"), ("ro", "ro"), ("ro-RO", "ro"), ("de", "en"), ("en;q=0.2, ro;q=0.3", "ro"), ("*", "en")],
)
def test_the_most_wanted_language_is_found(header: str, found: str) -> None:
    assert best_language(header, ["en", "ro"]) == found
