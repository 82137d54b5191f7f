"""CONTRACT.md section 11.5: requests over NATS do what HTTP does, with the same answers, refusals and keys."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from projections.keeping.runner import ProjectionRunner
from tests.support.nats.requesting import Requester
from tests.support.service.client import AN_INVOICE
from tests.support.tasks import running_beside
from tests.support.waiting import until


async def test_a_day_over_nats(requester: Requester) -> None:
    api = requester.api
    series_id = await api.a_series()
    lock = await requester.ask("lock", {"series_id": series_id})
    reserved = await requester.ask("reserve", {"series_id": series_id, "count": 3})
    tokens = [slot["token"] for slot in reserved.data["data"]]
    consumed = await requester.ask("consume", {**AN_INVOICE, "reservation_token": tokens[0]})
    released = await requester.ask("release", {"token": tokens[1]})
    issued = await requester.ask("issue", {**AN_INVOICE, "series_id": series_id})
    left = await requester.ask("reservations", {"series_id": series_id})
    unlocked = await requester.ask("unlock", {"series_id": series_id})
    series = await requester.ask("series", {"series_id": series_id})

    assert lock.data["lock"]["device_id"] == "device-a"
    assert [slot["number"] for slot in reserved.data["data"]] == [1, 2, 3]
    assert (consumed.data["number_idx"], issued.data["number_idx"]) == (1, 4)
    assert released.data["status"] == "released"
    assert [slot["number"] for slot in left.data["data"]] == [3]
    assert (unlocked.data["is_locked"], series.data["next_number"]) == (False, 5)


async def test_a_number_is_explained_by_the_events_that_made_its_fate(requester: Requester) -> None:
    api = requester.api
    series_id = await api.a_locked_series()
    tokens = await api.tokens(series_id, 3)
    invoice = (await api.issue(api.firm.device_a, reservation_token=tokens[0])).data
    await api.post(f"/invoices/{invoice['id']}/void")
    await requester.ask("release", {"token": tokens[1]})
    stories = await stories_of(requester, series_id, (1.0, 2, 3.0))
    over_http = (await api.get(f"/invoice-series/{series_id}/numbers/1")).data

    assert [story["fate"] for story in stories] == ["voided", "released", "pending"]
    assert [[event["type"] for event in story["events"]] for story in stories] == [
        ["numbers-reserved/1", "reservation-consumed/1", "document-voided/1"],
        ["numbers-reserved/1", "reservation-released/1"],
        ["numbers-reserved/1"],
    ]
    assert (stories[0]["invoice_id"], stories[0]["full_number"]) == (invoice["id"], invoice["full_number"])
    assert (stories[0]["device_id"], stories[1]["invoice_id"]) == ("device-a", None)
    assert over_http["events"] == stories[0]["events"]
    untaken = await requester.ask("number", {"series_id": series_id, "number": 4})
    assert untaken.refusal == (404, "resource_missing")


async def test_the_register_and_the_log_tell_the_same_story(requester: Requester, database_url: str) -> None:
    api = requester.api
    series_id = await api.a_locked_series()
    tokens = await api.tokens(series_id, 4)
    await api.issue(api.firm.device_a, reservation_token=tokens[0])
    await requester.ask("release", {"token": tokens[2]})
    await api.issue(api.firm.device_a, series_id=series_id)
    # After this the head of the log, as of which the register is made, is not the last event of the series.
    await api.a_series("OTHER")

    from_log = await stories_of(requester, series_id, range(1, 6))
    runner = ProjectionRunner(database_url)
    head = await api.dependencies.log.head()

    async def has_all() -> bool:
        return runner.head == head and not any(runner.lag().values())

    async with running_beside(runner.run()):
        await until(has_all)
        from_register = await stories_of(requester, series_id, range(1, 6))

    assert {story.pop("as_of") for story in from_log} == {head - 1}
    assert {story.pop("as_of") for story in from_register} == {head}
    assert from_register == from_log
    assert [story["fate"] for story in from_log] == ["standing", "pending", "released", "pending", "standing"]


async def test_a_key_has_one_answer_over_http_and_nats(requester: Requester) -> None:
    api = requester.api
    series_id = await api.a_locked_series()
    path = f"/invoice-series/{series_id}/reserve-numbers"
    first = await requester.ask("reserve", {"count": 4, "series_id": series_id}, key="k1")
    again = await requester.ask("reserve", {"series_id": series_id, "count": 4}, key="k1")
    by_http = await api.post(path, {"count": 4}, api.firm.device_a, "k1")
    other = await requester.ask("reserve", {"series_id": series_id, "count": 5}, key="k1")
    issued = await api.issue(api.firm.device_a, "k2", series_id=series_id)
    over_nats = await requester.ask("issue", {**AN_INVOICE, "series_id": series_id}, key="k2")

    assert first.data == again.data == by_http.data
    assert (first.headers.get("Idempotent-Replayed"), again.headers.get("Idempotent-Replayed")) == (None, "true")
    assert other.refusal == (409, "idempotency_key_reused")
    assert over_nats.data == issued.data
    assert await api.next_number(series_id) == 6


async def test_every_call_shares_its_key_with_its_http_twin(requester: Requester) -> None:
    api, device = requester.api, requester.api.firm.device_a
    series_id = await api.a_series()
    of_series = f"/invoice-series/{series_id}"
    locked = await requester.ask("lock", {"series_id": series_id}, key="lock")
    [token] = await api.tokens(series_id)
    released = await requester.ask("release", {"token": token}, key="release")
    unlocked = await requester.ask("unlock", {"series_id": series_id, "force": True}, key="unlock")
    twins = [
        (locked, await api.post(of_series + "/lock", credential=device, key="lock")),
        (released, await api.post(f"/invoice-series/reservations/{token}/release", credential=device, key="release")),
        (unlocked, await api.post(of_series + "/unlock", {"force": True}, device, "unlock")),
    ]

    for over_nats, by_http in twins:
        assert by_http.headers["Idempotent-Replayed"] == "true"
        assert by_http.data == over_nats.data


async def test_the_subject_must_be_of_the_callers_firm_and_mode(requester: Requester) -> None:
    api = requester.api
    series_id = await api.a_series()
    asked = {"series_id": series_id}
    other = api.other_firm

    forbidden = (403, "insufficient_permissions")
    assert (await requester.ask("series", asked, firm=other.firm_id)).refusal == forbidden
    assert (await requester.ask("series", asked, mode="test")).refusal == forbidden
    assert (await requester.ask("series", asked, other.live_key)).refusal == forbidden
    assert (await requester.ask("series", asked, other.live_key, firm=other.firm_id)).refusal[0] == 404
    assert (await requester.ask("series", asked, "")).refusal == (401, "missing_api_key")
    assert (await requester.ask("series", asked, "sk_live_" + "x" * 24)).refusal == (401, "invalid_api_key")


@pytest.mark.parametrize(
    ("operation", "body", "refusal", "param"),
    [
        ("reserve", b"{", (400, "invalid_format"), None),
        ("reserve", b"[1]", (400, "invalid_format"), None),
        ("reserve", b"\xff\xfe", (400, "invalid_format"), None),
        ("reserve", b"[" * 50_000, (400, "invalid_format"), None),
        ("reserve", b"", (400, "missing_required_field"), "series_id"),
        ("reserve", {"series_id": 7}, (400, "invalid_field_value"), "series_id"),
        ("reserve", {"series_id": "no.such"}, (404, "resource_missing"), "series_id"),
        ("reserve", {"series_id": "nosuch"}, (404, "resource_missing"), "series_id"),
        ("reserve", {"series_id": "nosuch", "count": 51}, (400, "invalid_field_value"), "count"),
        ("release", {"token": "rsv_" + "0" * 32}, (404, "resource_missing"), "token"),
        ("consume", AN_INVOICE, (400, "missing_required_field"), "reservation_token"),
        ("issue", {**AN_INVOICE, "reservation_token": "rsv_1"}, (400, "invalid_field_value"), "reservation_token"),
        ("number", {"series_id": "nosuch", "number": True}, (400, "invalid_field_value"), "number"),
    ],
)
async def test_bad_input_is_refused_as_data(
    requester: Requester, operation: str, body: object, refusal: tuple[int, str], param: str | None
) -> None:
    reply = await requester.ask(operation, body)

    assert reply.refusal == refusal
    assert reply.body["error"].get("param") == param


async def test_a_bad_key_is_refused_and_nothing_is_done(requester: Requester) -> None:
    series_id = await requester.api.a_locked_series()
    reply = await requester.ask("reserve", {"series_id": series_id}, key="x" * 256)

    assert reply.refusal == (400, "invalid_field_value")
    assert await requester.api.next_number(series_id) == 1


async def test_rejections_have_the_codes_of_http(requester: Requester) -> None:
    api = requester.api
    series_id = await api.a_locked_series()
    asked = {"series_id": series_id}
    firm = api.firm

    assert (await requester.ask("reserve", asked, firm.device_b)).refusal == (409, "series_not_locked_to_device")
    assert (await requester.ask("lock", asked, firm.device_b)).refusal == (409, "series_locked_other_device")
    assert (await requester.ask("unlock", asked, firm.device_b)).refusal == (403, "series_locked_other_device")
    assert (await requester.ask("lock", asked, firm.live_key)).refusal == (403, "device_id_missing")
    issue = {**AN_INVOICE, **asked}
    assert (await requester.ask("issue", issue, firm.live_key)).refusal == (403, "series_locked_to_device")


async def test_requests_at_once_get_distinct_contiguous_numbers(requester: Requester) -> None:
    series_id = await requester.api.a_locked_series()
    replies = await asyncio.gather(
        *(requester.ask("reserve", {"series_id": series_id, "count": 2}) for _ in range(200))
    )
    numbers = sorted(slot["number"] for reply in replies for slot in reply.data["data"])

    assert numbers == list(range(1, 401))


async def stories_of(requester: Requester, series_id: str, numbers: Iterable[float]) -> list[dict[str, Any]]:
    """What became of each number, asked for at once: what is not in the projections yet is waited for once."""
    asked = [requester.ask("number", {"series_id": series_id, "number": number}) for number in numbers]
    return [answer.data for answer in await asyncio.gather(*asked)]
