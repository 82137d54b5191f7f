"""CONTRACT.md D119 over HTTP: the events and the log line of a request name its trace; nothing is refused for it."""

import pytest
from msgspec import UNSET
from multidict import CIMultiDict
from structlog.testing import capture_logs

from schemas.values import Position
from tests.support.domain.golden import TRACE
from tests.support.service.client import Api

OTHER = TRACE.replace("4bf9", "beef")


async def traces(api: Api) -> list[str | None]:
    """The trace that each event names."""
    records = [each.record for each in await api.dependencies.log.read(Position(0), 1000)]
    return [None if record.traceparent is UNSET else record.traceparent for record in records]


async def opened(api: Api, headers: dict[str, str], name: str) -> int:
    """The status of a request that opens a series."""
    return (
        await api.ask("POST", "/invoice-series", None, {"name": name, "document_type": "fiscal"}, headers=headers)
    ).status


async def test_events_and_log_line_name_the_trace_of_their_request(api: Api) -> None:
    with capture_logs() as lines:
        assert await opened(api, {"TraceParent": TRACE}, "A") == 201
        assert await opened(api, {}, "B") == 201

    assert await traces(api) == [TRACE, None]
    traced, untraced = [line for line in lines if line["event"] == "request"]
    assert (traced["trace_id"], traced["span_id"]) == (TRACE[3:35], TRACE[36:52])
    assert not {"trace_id", "span_id"} & set(untraced)


async def test_a_repeat_under_the_same_key_keeps_the_first_trace(api: Api) -> None:
    for trace in (TRACE, OTHER):
        assert await opened(api, {"traceparent": trace, "Idempotency-Key": "k"}, "A") == 201

    assert await traces(api) == [TRACE]


@pytest.mark.parametrize(
    "sent", ["", "x", f"ff{TRACE[2:]}", TRACE * 100, TRACE.upper()], ids=["empty", "x", "ff", "long", "capitals"]
)
async def test_a_malformed_header_is_as_none(api: Api, sent: str) -> None:
    assert await opened(api, {"traceparent": sent, "tracestate": "a=1"}, "A") == 201
    assert await traces(api) == [None]


async def test_two_headers_are_as_none(api: Api) -> None:
    url = f"{api.base_url}/v1/invoice-series"
    headers = CIMultiDict(
        [("Authorization", f"Bearer {api.firm.live_key}"), ("traceparent", TRACE), ("traceparent", TRACE)]
    )
    async with api.session.post(url, json={"name": "A", "document_type": "fiscal"}, headers=headers) as response:
        assert response.status == 201
    assert await traces(api) == [None]
