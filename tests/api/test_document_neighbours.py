"""CONTRACT.md sections 6.2 and 11: clients call paths of the public API that this service does not have."""

import pytest

from tests.support.service.client import Api


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["pay", "send", "pdf", "send-to-spv"])
async def test_what_others_do_with_an_invoice_is_not_found_here(api: Api, method: str, path: str) -> None:
    await api.a_series()
    invoice = (await api.issue()).data["id"]

    assert (await api.ask(method, f"/invoices/{invoice}/{path}")).refusal == (404, "resource_missing")


@pytest.mark.parametrize("path", ["totals", "stats"])
async def test_sums_over_all_invoices_are_not_found_here(api: Api, path: str) -> None:
    assert (await api.get(f"/invoices/{path}")).refusal == (404, "resource_missing")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/auth/login"),
        ("GET", "/webhooks"),
        ("POST", "/webhooks"),
        ("GET", "/test/public"),
        ("GET", "/test/protected"),
        ("POST", "/test/echo"),
        ("GET", "/test/rate-limit"),
        ("GET", "/test/error"),
    ],
)
async def test_there_are_no_logins_no_webhooks_and_no_test_calls(api: Api, method: str, path: str) -> None:
    """CONTRACT.md D8, D66 and D67."""
    assert (await api.ask(method, path)).refusal == (404, "resource_missing")


@pytest.mark.parametrize("path", ["/ping", "/version", ""])
async def test_a_client_that_only_asks_who_is_there_is_answered(api: Api, path: str) -> None:
    """CONTRACT.md D37 and D67."""
    assert (await api.ask("GET", path, "")).status == 200


@pytest.mark.parametrize("prefix", ["/invoice-series", "/series"])
async def test_a_series_is_not_deleted_by_either_path(api: Api, prefix: str) -> None:
    """CONTRACT.md D35 and D77."""
    series_id = await api.a_series()

    answer = await api.ask("DELETE", f"{prefix}/{series_id}")

    assert answer.refusal == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


async def test_all_invoices_at_once_are_not_deleted(api: Api) -> None:
    assert (await api.ask("DELETE", "/invoices")).refusal == (405, "method_not_allowed")
