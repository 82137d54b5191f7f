"""Each request leaves one log line, without tokens, keys or any text of the client."""

from pathlib import Path

from structlog.testing import capture_logs

from tests.support.service.client import Api, an_api


async def test_a_request_leaves_one_line_by_the_pattern_of_its_path(api: Api) -> None:
    series_id = await api.a_locked_series()
    (token,) = await api.tokens(series_id)

    with capture_logs() as lines:
        released = await api.post(f"/invoice-series/reservations/{token}/release", credential=api.firm.device_a)
        await api.get(f"/nothing/{token}")
        await api.issue(reservation_token=token, notes="private words", key="a-key-of-a-client")

    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["route"], line["status"]) for line in requests] == [
        ("/v1/invoice-series/reservations/{token}/release", 200),
        ("none", 404),
        ("/v1/invoices", 409),
    ]
    assert requests[0]["request_id"] == released.body["meta"]["request_id"]
    text = str(lines)
    for secret in (token, api.firm.device_a, api.firm.live_key, "private words", "a-key-of-a-client"):
        assert secret not in text


async def test_a_defect_is_a_500_that_says_nothing_and_is_logged_once_with_its_request_id(
    database_url: str, tmp_path: Path
) -> None:
    """CONTRACT.md D6."""
    async with an_api(database_url, tmp_path) as api:
        del api.dependencies.access._pool  # pyright: ignore[reportPrivateUsage] - a defect, as good as any
        with capture_logs() as lines:
            answer = await api.get("/invoice-series")

    assert answer.refusal == (500, "internal_server_error")
    assert answer.error["request_id"] == answer.body["meta"]["request_id"]
    assert "pool" not in str(answer.body)
    (line,) = [line for line in lines if line["log_level"] == "error"]
    assert line["request_id"] == answer.error["request_id"]
