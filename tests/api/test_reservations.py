"""CONTRACT.md section 7: the life of a reservation, every cell of its table."""

import asyncio
import json
import re
from pathlib import Path
from typing import Final

import pytest

from schemas.commands import Caller, ExpireReservations
from schemas.values import Actor, ActorKind, FirmId, Mode, SeriesId
from service.access.callers import Principal
from service.api.calling.call import Call
from service.api.calling.sent import Sent
from service.api.reading.body import NO_BODY
from service.api.series.reservation_objects import SLICE_BLOCKS, pending_reservations
from service.writer.request import Submission
from tests.support.service.client import Answer, Api, Options, an_api

TTL_SECONDS: Final = 2_592_000


async def release(api: Api, token: str, credential: str | None = None) -> Answer:
    path = f"/invoice-series/reservations/{token}/release"
    return await api.post(path, credential=credential or api.firm.device_a)


async def consume(api: Api, token: str, key: str | None = None) -> Answer:
    return await api.issue(api.firm.device_a, key, reservation_token=token, force_chronology=False)


async def listed(api: Api, series_id: str, credential: str | None = None) -> list[str]:
    found = (await api.get(f"/invoice-series/{series_id}/reservations", credential or api.firm.device_a)).data
    assert found["total"] == len(found["data"])
    return [slot["token"] for slot in found["data"]]


async def fate(api: Api, token: str) -> str:
    found: str = (await api.get(f"/invoice-series/reservations/{token}")).data["status"]
    return found


async def sweep(api: Api) -> None:
    system = Caller(FirmId(""), Mode.LIVE, Actor(ActorKind.SYSTEM, "sweeper"))
    await api.dependencies.writer.submit(
        Submission(ExpireReservations(tuple(api.dependencies.writer.known.state.unsettled)), system)
    )


async def test_a_reservation_is_shown_in_full(api: Api) -> None:
    """CONTRACT.md D5, D21, D22 and D40."""
    series_id = await api.a_locked_series()

    answer = await api.post(f"/invoice-series/{series_id}/reserve-numbers", {"count": 3}, api.firm.device_a)

    assert answer.status == 201
    assert (answer.data["object"], answer.data["total"]) == ("list", 3)
    for number, slot in enumerate(answer.data["data"], start=1):
        assert re.fullmatch(r"rsv_[0-9a-f]{32}", slot.pop("token"))
        assert slot.pop("expires_at") == slot.pop("reserved_at") + TTL_SECONDS
        assert slot == {
            "object": "number_reservation",
            "series_id": series_id,
            "number": number,
            "status": "pending",
            "device_id": "device-a",
            "consumed_at": None,
            "client_local_uuid": None,
            "invoice_id": None,
        }
    assert await api.next_number(series_id) == 4


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b'{"work_point_id":3}', b" \n"])
async def test_without_a_count_ten_numbers_are_reserved(api: Api, body: bytes) -> None:
    """CONTRACT.md D1, D12 and D36."""
    series_id = await api.a_locked_series()

    answer = await api.ask("POST", f"/invoice-series/{series_id}/reserve-numbers", api.firm.device_a, data=body or None)

    assert answer.data["total"] == 10


@pytest.mark.parametrize("count", [0, -1, 51, 1.5, "3", True, None, 10**20, [3]])
async def test_a_bad_count_is_named_and_spends_nothing(api: Api, count: object) -> None:
    """CONTRACT.md D36 and D74."""
    series_id = await api.a_locked_series()

    for credential in (api.firm.device_a, api.firm.device_b, api.firm.live_key):
        answer = await api.post(f"/invoice-series/{series_id}/reserve-numbers", {"count": count}, credential)
        assert answer.refusal == (400, "invalid_field_value")
        assert answer.error["param"] == "count"
    assert await api.next_number(series_id) == 1


async def test_pending(api: Api) -> None:
    series_id = await api.a_locked_series()
    first, second, third = await api.tokens(series_id, 3)

    assert await listed(api, series_id) == [first, second, third]
    consumed = await consume(api, second)
    assert (consumed.status, consumed.data["number"], consumed.data["full_number"][-6:]) == (201, "00002", "-00002")
    released = await release(api, third)
    assert (released.status, released.data["status"], released.data["token"]) == (200, "released", third)
    assert await listed(api, series_id) == [first]
    assert [await fate(api, token) for token in (first, second, third)] == ["pending", "consumed", "released"]


@pytest.mark.parametrize("is_swept", [False, True])
async def test_expired_before_and_after_the_sweep(api: Api, *, is_swept: bool) -> None:
    """CONTRACT.md D43, D45 and D47."""
    series_id = await api.a_locked_series()
    (token,) = await api.tokens(series_id)
    api.clock.ahead_seconds = TTL_SECONDS + 1
    if is_swept:
        await sweep(api)

    assert (await consume(api, token)).refusal == (409, "reservation_expired")
    assert (await release(api, token)).refusal == (409, "reservation_expired")
    assert await listed(api, series_id) == []
    assert await fate(api, token) == "expired"


async def test_released(api: Api) -> None:
    """CONTRACT.md D44."""
    series_id = await api.a_locked_series()
    (token,) = await api.tokens(series_id)
    first = await release(api, token)
    position = (await api.dependencies.writer.known.read()).position

    assert (await consume(api, token)).refusal == (409, "reservation_not_pending")
    again = await release(api, token)
    assert (again.status, again.data) == (200, first.data)
    assert (await api.dependencies.writer.known.read()).position == position
    assert await listed(api, series_id) == []


async def test_consumed(api: Api) -> None:
    """CONTRACT.md D21, D22 and D44."""
    series_id = await api.a_locked_series()
    (token,) = await api.tokens(series_id)
    first = await consume(api, token, "local-uuid-1")

    again = await consume(api, token, "local-uuid-1")
    assert (again.status, again.data) == (201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (await consume(api, token)).refusal == (409, "reservation_already_consumed")
    assert (await consume(api, token, "local-uuid-2")).refusal == (409, "reservation_already_consumed")
    assert (await release(api, token)).refusal == (409, "reservation_already_consumed")
    assert await listed(api, series_id) == []
    found = (await api.get(f"/invoice-series/reservations/{token}", api.firm.device_a)).data
    assert (found["invoice_id"], found["client_local_uuid"]) == (first.data["id"], "local-uuid-1")
    assert isinstance(found["consumed_at"], int)


async def test_the_clients_own_id_is_that_of_the_body_before_that_of_the_key(api: Api) -> None:
    """CONTRACT.md D22."""
    (token,) = await api.tokens(await api.a_locked_series())

    await api.issue(api.firm.device_a, "the key", reservation_token=token, client_local_uuid="the field")

    assert (await api.get(f"/invoice-series/reservations/{token}")).data["client_local_uuid"] == "the field"


async def test_a_consumed_reservation_stays_consumed_when_its_invoice_is_voided(api: Api) -> None:
    series_id = await api.a_locked_series()
    (token,) = await api.tokens(series_id)
    invoice = (await consume(api, token)).data["id"]
    await api.post(f"/invoices/{invoice}/void")

    assert (await release(api, token)).refusal == (409, "reservation_already_consumed")
    assert await fate(api, token) == "consumed"


async def test_a_token_of_another_firm_or_mode_or_nobody_does_not_exist(api: Api) -> None:
    """CONTRACT.md D11 and D14."""
    series_id = await api.a_locked_series()
    (token,) = await api.tokens(series_id)

    for credential in (api.other_firm.device_a, api.other_firm.live_key, api.firm.test_key):
        assert (await release(api, token, credential)).refusal == (404, "resource_missing")
        read = await api.get(f"/invoice-series/reservations/{token}", credential)
        assert read.refusal == (404, "resource_missing")
    for unknown in ("rsv_" + "0" * 32, "x", token[:-1], token.upper(), "%00"):
        assert (await release(api, unknown)).refusal == (404, "resource_missing")
        assert (await api.get(f"/invoice-series/reservations/{unknown}")).refusal == (404, "resource_missing")


async def test_only_its_device_and_keys_of_the_firm_read_a_reservation(api: Api) -> None:
    """CONTRACT.md D68."""
    series_id = await api.a_locked_series()
    (token,) = await api.tokens(series_id)

    for credential, status in (("device_a", 200), ("live_key", 200), ("device_b", 403), ("no_device", 403)):
        read = await api.get(f"/invoice-series/reservations/{token}", getattr(api.firm, credential))
        assert read.status == status, credential


async def test_a_strangers_release_is_forbidden_whatever_the_state(api: Api) -> None:
    """CONTRACT.md D44 and D74."""
    series_id = await api.a_locked_series()
    pending, released, consumed = await api.tokens(series_id, 3)
    await release(api, released)
    await consume(api, consumed)

    for token in (pending, released, consumed):
        assert (await release(api, token, api.firm.device_b)).refusal == (403, "forbidden")
        assert (await release(api, token, api.firm.live_key)).refusal == (403, "forbidden")


async def test_a_caller_without_a_device_and_another_device_list_nothing(api: Api) -> None:
    """CONTRACT.md D43."""
    series_id = await api.a_locked_series()
    await api.tokens(series_id, 2)

    for credential in (api.firm.live_key, api.firm.no_device, api.firm.device_b):
        assert await listed(api, series_id, credential) == []


async def test_a_cap_on_pending_numbers_refuses_more_until_some_are_used(database_url: str, tmp_path: Path) -> None:
    """CONTRACT.md D42."""
    async with an_api(database_url, tmp_path, Options(settings={"pending_max": 3})) as api:
        series_id = await api.a_locked_series()
        token, *_ = await api.tokens(series_id, 3)
        path = f"/invoice-series/{series_id}/reserve-numbers"

        assert (await api.post(path, {"count": 1}, api.firm.device_a)).refusal == (409, "pending_limit_reached")
        await release(api, token)
        assert (await api.post(path, {"count": 1}, api.firm.device_a)).status == 201


async def test_a_number_that_expired_by_the_log_is_not_listed_by_a_clock_that_is_behind(api: Api) -> None:
    series_id = await api.a_locked_series()
    (token,) = await api.tokens(series_id)
    api.clock.ahead_seconds = TTL_SECONDS + 1
    await api.post(f"/invoice-series/{series_id}/unlock", {"force": True})

    api.clock.ahead_seconds = 0

    assert (await consume(api, token)).refusal == (409, "reservation_expired")
    assert await listed(api, series_id) == []
    assert await fate(api, token) == "expired"


async def test_others_are_answered_while_a_long_list_is_made(api: Api) -> None:
    series_id = await api.a_locked_series()
    await asyncio.gather(*(api.tokens(series_id, 50) for _ in range(3 * SLICE_BLOCKS)))
    principal = await api.dependencies.access.who(api.firm.device_a)
    assert isinstance(principal, Principal)
    call = Call(api.dependencies, Sent("", {}, {}, NO_BODY), principal, None)
    state = await call.state()
    answered = 0

    async def others() -> None:
        nonlocal answered
        while True:
            answered += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    found = await pending_reservations(call, state.series[SeriesId(series_id)], state)
    beside.cancel()

    assert answered == 3
    assert found.whole.total == 3 * SLICE_BLOCKS * 50
    numbers = [each["number"] for each in json.loads(b"[" + b"".join(found.rows.slices) + b"]")]
    assert numbers == list(range(1, found.whole.total + 1))
