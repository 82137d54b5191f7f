"""CONTRACT.md sections 3 and 11: credentials and the rate limit."""

import time
from pathlib import Path

import pytest

from service.api.admission.credentials import credential_in
from tests.support.service.client import Api, Options, an_api


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "missing_api_key"),
        ("", "missing_api_key"),
        ("Bearer", "missing_api_key"),
        ("Bearer  ", "missing_api_key"),
        ("Basic c2s6eA==", "missing_api_key"),
        ("sk_live_abcdefghijklmnopqrstuvwx", "missing_api_key"),
        ("Bearer sk_live_abcdefghijklmnopqrstuvwx", "invalid_api_key"),
        ("Bearer sk_live_short", "invalid_api_key"),
        ("Bearer a.b.c", "invalid_api_key"),
        ("Bearer \u00e9", "invalid_api_key"),
        ("Bearer " + "x" * 6000, "invalid_api_key"),
    ],
)
async def test_a_bad_credential_is_401(api: Api, header: str | None, code: str) -> None:
    """CONTRACT.md D10."""
    for path, method in (("/invoice-series", "GET"), ("/invoices", "POST")):
        answer = await api.ask(method, path, "", headers={} if header is None else {"Authorization": header})

        assert answer.refusal == (401, code)
        assert answer.error["type"] == "authentication_error"


async def test_the_scheme_is_read_without_regard_to_case(api: Api) -> None:
    answer = await api.ask("GET", "/invoice-series", "", headers={"Authorization": f"bearer {api.firm.live_key}"})

    assert answer.status == 200


def test_a_header_of_a_megabyte_of_spaces_is_read_in_no_time() -> None:
    began = time.process_time()

    assert credential_in(f"Bearer{' ' * 1_000_000}\nx") == "x"

    assert time.process_time() - began < 1.0


async def test_a_session_token_that_was_changed_is_refused(api: Api) -> None:
    """CONTRACT.md D8."""
    head, claims, signature = api.firm.device_a.split(".")

    for token in (f"{head}.{claims}.{signature[::-1]}", f"{head}.{claims}.", f"{head}.{claims[::-1]}.{signature}"):
        assert (await api.get("/invoice-series", token)).refusal == (401, "invalid_api_key")


async def test_a_limit_counts_each_credential_by_itself(database_url: str, tmp_path: Path) -> None:
    """CONTRACT.md D65 and D81."""
    async with an_api(database_url, tmp_path, Options(rate_limit=3)) as api:
        api.clock.ahead_seconds = 60 - api.clock() % 60
        remaining = [(await api.get("/invoice-series")).headers["X-RateLimit-Remaining"] for _ in range(3)]
        assert remaining == ["2", "1", "0"]

        refused = await api.get("/invoice-series")
        assert refused.refusal == (429, "rate_limit_exceeded")
        assert 1 <= refused.error["retry_after"] <= 60
        assert refused.headers["Retry-After"] == str(refused.error["retry_after"])
        assert refused.headers["X-RateLimit-Limit"] == "3"
        assert int(refused.headers["X-RateLimit-Reset"]) == api.clock() + refused.error["retry_after"]
        assert (await api.get("/invoice-series", api.firm.device_a)).status == 200
        unknown = [(await api.get("/invoice-series", "nobody")).status for _ in range(4)]
        assert unknown == [401, 401, 401, 429]
        api.clock.ahead_seconds += 60
        assert (await api.get("/invoice-series")).status == 200


async def test_without_a_limit_the_headers_say_a_million(api: Api) -> None:
    """CONTRACT.md D81."""
    answer = await api.get("/invoice-series")

    assert answer.headers["X-RateLimit-Limit"] == answer.headers["X-RateLimit-Remaining"] == "1000000"
    assert int(answer.headers["X-RateLimit-Reset"]) % 60 == 0
