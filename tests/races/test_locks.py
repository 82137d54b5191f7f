"""Races about the lock and about new numbers (CONTRACT.md section 8, and invariants 5 and 6 of section 12)."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from tests.races.contest import Round, contest
from tests.support.service.client import Answer, Api

Pair = tuple[Api, Api]


async def act(series_id: str, action: str, who: str, api: Api) -> Answer:
    credential: str = getattr(api.firm, who)
    match action:
        case "force":
            return await api.post(f"/invoice-series/{series_id}/unlock", {"force": True}, credential)
        case "reserve":
            return await api.post(f"/invoice-series/{series_id}/reserve-numbers", {"count": 3}, credential)
        case "issue":
            return await api.issue(credential, series_id=series_id)
        case _:
            return await api.post(f"/invoice-series/{series_id}/{action}", credential=credential)


class Names:
    """Makes new series, each with its own name."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._count = 0

    async def series(self, *, is_locked: bool) -> str:
        """One more series; `is_locked` locks it to device A."""
        self._count += 1
        name = f"S{self._count}"
        return await (self._api.a_locked_series(name) if is_locked else self._api.a_series(name))


async def seen(api: Api, series_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await api.get(f"/invoice-series/{series_id}")).data
    return found


async def holder(api: Api, series_id: str) -> str | None:
    lock = (await seen(api, series_id))["lock"]
    return None if lock is None else lock["device_id"]


async def test_lock_against_lock(pair: Pair) -> None:
    names = Names(pair[0])

    async def prepare() -> Round:
        series_id = await names.series(is_locked=False)

        async def check(answers: Sequence[Answer]) -> None:
            winner = "device-a" if answers[0].status == 200 else "device-b"
            assert [await holder(api, series_id) for api in pair] == [winner, winner]

        return Round([partial(act, series_id, "lock", f"device_{each}") for each in "ab"], check)

    lost = "series_locked_other_device"
    await contest(pair, prepare, {(200, lost), (lost, 200)})


async def test_lock_against_unlock(pair: Pair) -> None:
    """The holder unlocks while another device locks: the other device holds the series, or no device does."""
    names = Names(pair[0])

    async def prepare() -> Round:
        series_id = await names.series(is_locked=True)

        async def check(answers: Sequence[Answer]) -> None:
            winner = "device-b" if answers[0].status == 200 else None
            assert [await holder(api, series_id) for api in pair] == [winner, winner]

        return Round(
            [partial(act, series_id, "lock", "device_b"), partial(act, series_id, "unlock", "device_a")], check
        )

    await contest(pair, prepare, {(200, 200), ("series_locked_other_device", 200)})


async def test_unlock_by_the_holder_against_unlock_by_force_then_lock(pair: Pair) -> None:
    """Two unlocks never remove the lock of a third device: a late plain unlock is refused or changes nothing."""
    names = Names(pair[0])

    async def prepare() -> Round:
        series_id = await names.series(is_locked=True)

        async def force_and_lock(api: Api) -> Answer:
            assert (await act(series_id, "force", "admin", api)).status == 200
            return await act(series_id, "lock", "device_b", api)

        async def check(_: Sequence[Answer]) -> None:
            assert await holder(pair[0], series_id) == "device-b"

        return Round([force_and_lock, partial(act, series_id, "unlock", "device_a")], check)

    await contest(pair, prepare, {(200, 200), (200, "series_locked_other_device")})


async def test_reserve_against_force_unlock(pair: Pair) -> None:
    names = Names(pair[0])

    async def prepare() -> Round:
        series_id = await names.series(is_locked=True)

        async def check(answers: Sequence[Answer]) -> None:
            after = await seen(pair[1], series_id)
            assert (after["is_locked"], after["next_number"]) == (False, 4 if answers[0].status == 201 else 1)
            listed = await pair[1].get(f"/invoice-series/{series_id}/reservations", pair[0].firm.device_a)
            told: list[object] = answers[0].data["data"] if answers[0].status == 201 else []
            assert listed.data["data"] == told, "a reservation outlives the lock"

        return Round([partial(act, series_id, "reserve", "device_a"), partial(act, series_id, "force", "admin")], check)

    await contest(pair, prepare, {(201, 200), ("series_not_locked_to_device", 200)})


async def test_lock_against_issuing_by_the_office(pair: Pair) -> None:
    names = Names(pair[0])

    async def prepare() -> Round:
        series_id = await names.series(is_locked=False)

        async def check(answers: Sequence[Answer]) -> None:
            assert (await seen(pair[1], series_id))["next_number"] == (2 if answers[1].status == 201 else 1)

        return Round([partial(act, series_id, "lock", "device_a"), partial(act, series_id, "issue", "live_key")], check)

    await contest(pair, prepare, {(200, 201), (200, "series_locked_to_device")})


async def test_reserve_against_reserve_gives_two_whole_blocks(pair: Pair) -> None:
    series_id = await pair[0].a_locked_series()

    async def prepare() -> Round:
        async def check(answers: Sequence[Answer]) -> None:
            blocks = sorted([slot["number"] for slot in answer.data["data"]] for answer in answers)
            first = blocks[0][0]
            assert blocks == [list(range(first, first + 3)), list(range(first + 3, first + 6))]

        return Round([partial(act, series_id, "reserve", "device_a")] * 2, check)

    await contest(pair, prepare, {(201, 201)})


async def test_one_name_is_opened_once(pair: Pair) -> None:
    count = iter(range(1000))

    async def prepare() -> Round:
        body = {"name": f"N{next(count)}", "document_type": "fiscal"}

        async def open_series(api: Api) -> Answer:
            return await api.post("/invoice-series", body)

        async def check(_: Sequence[Answer]) -> None:
            listed = (await pair[1].get("/invoice-series")).data["data"]
            assert [each["name"] for each in listed].count(body["name"]) == 1

        return Round([open_series] * 2, check)

    lost = "resource_already_exists"
    await contest(pair, prepare, {(201, lost), (lost, 201)})


async def test_set_primary_against_set_primary_leaves_one(pair: Pair) -> None:
    ids = [await pair[0].a_series(f"P{place}") for place in range(3)]

    async def prepare() -> Round:
        async def check(_: Sequence[Answer]) -> None:
            listed = (await pair[1].get("/invoice-series")).data["data"]
            primary = [each["id"] for each in listed if each["is_primary"]]
            assert primary in [[ids[0]], [ids[1]]]
            assert (await act(ids[2], "set-primary", "live_key", pair[0])).status == 200

        return Round([partial(act, each, "set-primary", "live_key") for each in ids[:2]], check)

    await contest(pair, prepare, {(200, 200)})
