"""What a caller sends never becomes a header of a reply, which servers would obey."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from msgspec import inspect as shape

from schemas.api.operations import OPERATIONS, Operation
from tests.support.nats.requesting import Requester, decoded

HOSTILE: Final = "x\r\nNats-Trace-Dest: numbering.v1.events.a\r\nNats-Trace-Only: true\r\n"
OURS: Final = {"Nats-Service-Error", "Nats-Service-Error-Code"}
LEAVES_MIN: Final = 30


@pytest.fixture(autouse=True)
def nothing_cleans_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    """nats-py turns line ends in headers into blanks, since 2.16: here it does not, so that ours is what is tried."""
    monkeypatch.setattr("nats.aio.client._HEADER_VALUE_NEWLINES", {})


def bodies(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """For each field that the operation knows, at any depth, and for a name: a body that is hostile just there."""
    right: dict[str, Any] = dict.fromkeys(operation.in_path.values(), "1")
    for path, body in hostile(shape.type_info(operation.body)):
        yield path, {**right, **body}
    yield "a name", {**right, HOSTILE: 1, "client_data": {HOSTILE: 1}, "items": [{HOSTILE: 1}]}


def hostile(kind: shape.Type, path: str = "") -> Iterator[tuple[str, Any]]:
    """Values of this type, each with one hostile text in it."""
    match kind:
        case shape.StructType(fields=fields):
            for field in fields:
                for name, value in hostile(field.type, f"{path}.{field.encode_name}"):
                    yield name, {field.encode_name: value}
        case shape.Metadata(type=inner):
            yield from hostile(inner, path)
        case shape.UnionType(types=kinds):
            yield from hostile(kinds[0], path)
        case shape.ListType(item_type=inner) | shape.VarTupleType(item_type=inner):
            for name, value in hostile(inner, path):
                yield name, [value]
        case _:
            yield path, HOSTILE


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
async def test_a_line_end_in_any_field_of_a_request_makes_no_header(requester: Requester, operation: Operation) -> None:
    """A refusal has our two headers and no other, whatever field its message shows."""
    for path, body in bodies(operation):
        reply = await requester.ask(operation.name, body)
        assert set(reply.headers) <= OURS, path
        assert all(value.isascii() and value.isprintable() for value in reply.headers.values()), path


async def test_a_line_end_in_the_subject_or_the_headers_of_a_request_makes_no_header(requester: Requester) -> None:
    own, written = requester.api.firm.firm_id, "x%0D%0ANats-Trace-Dest: a"
    for subject in (f"numbering.v1.requests.{written}.{own}.series", f"numbering.v1.requests.live.{written}.series"):
        raw = subject.replace(" ", "%20")
        reply = decoded(await requester.client.request(raw, b"{}", timeout=5, headers=requester.headers()))
        assert set(reply.headers) == OURS
    for headers in ({"Authorization": "Bearer a\tb"}, {"Idempotency-Key": "a\x0bNats-Trace-Dest: a"}):
        sent = {**requester.headers(), **headers}
        subject = f"numbering.v1.requests.live.{own}.reserve"
        reply = decoded(await requester.client.request(subject, b'{"series_id":"1"}', timeout=5, headers=sent))
        assert set(reply.headers) == OURS


async def test_a_long_message_is_cut_in_the_header_and_whole_in_the_body(requester: Requester) -> None:
    wrong = {f"field_{n:03}": n for n in range(40)}
    body: dict[str, Any] = {
        "client_data": {"name": 1, "cui": 2, "email": 3, "phone": 4, "address": 5, **wrong},
        "items": [{}] * 50,
    }
    reply = await requester.ask("issue", body)

    assert reply.refusal == (400, "invalid_request")
    assert len(reply.headers["Nats-Service-Error"]) <= 300


def test_every_operation_has_fields_to_try() -> None:
    tried = [path for operation in OPERATIONS for path, _ in bodies(operation)]
    assert len(tried) >= LEAVES_MIN
    assert {".client_data.name", ".items.description", ".reservation_token"} <= set(tried)
