"""CONTRACT.md section 8: which caller may do what with a locked series; every cell of the table."""

from typing import Final

import pytest

from tests.support.service.client import Answer, Api

Cell = tuple[int, str | None]

OTHER: Final = "series_locked_other_device"
NOT_LOCKED: Final = "series_not_locked_to_device"

LOCKED: Final[dict[str, dict[str, Cell]]] = {
    "device_a": {
        "lock": (200, None),
        "unlock": (200, None),
        "force": (200, None),
        "issue": (201, None),
        "reserve": (201, None),
        "release": (200, None),
    },
    "device_b": {
        "lock": (409, OTHER),
        "unlock": (403, OTHER),
        "force": (403, "insufficient_permissions"),
        "issue": (403, OTHER),
        "reserve": (409, NOT_LOCKED),
        "release": (403, "forbidden"),
    },
    "admin": {
        "lock": (409, OTHER),
        "unlock": (403, OTHER),
        "force": (200, None),
        "issue": (403, OTHER),
        "reserve": (409, NOT_LOCKED),
        "release": (403, "forbidden"),
    },
    "live_key": {
        "lock": (403, "device_id_missing"),
        "unlock": (403, OTHER),
        "force": (200, None),
        "issue": (403, "series_locked_to_device"),
        "reserve": (409, NOT_LOCKED),
        "release": (403, "forbidden"),
    },
    "no_device": {
        "lock": (403, "device_id_missing"),
        "unlock": (403, OTHER),
        "force": (403, "insufficient_permissions"),
        "issue": (403, "series_locked_to_device"),
        "reserve": (409, NOT_LOCKED),
        "release": (403, "forbidden"),
    },
}

UNLOCKED: Final[dict[str, dict[str, Cell]]] = {
    caller: {
        "lock": (403, "device_id_missing") if caller in {"live_key", "no_device"} else (200, None),
        "unlock": (200, None),
        "force": (200, None),
        "issue": (201, None),
        "reserve": (409, NOT_LOCKED),
    }
    for caller in LOCKED
}


async def act(api: Api, action: str, series_id: str, credential: str, token: str = "") -> Answer:
    match action:
        case "force":
            return await api.post(f"/invoice-series/{series_id}/unlock", {"force": True}, credential)
        case "reserve":
            return await api.post(f"/invoice-series/{series_id}/reserve-numbers", {"count": 2}, credential)
        case "issue":
            return await api.issue(credential, series_id=series_id)
        case "release":
            return await api.post(f"/invoice-series/reservations/{token}/release", credential=credential)
        case _:
            return await api.post(f"/invoice-series/{series_id}/{action}", credential=credential)


def cell(answer: Answer) -> Cell:
    return answer.status, None if answer.body["success"] else answer.error["code"]


@pytest.mark.parametrize("caller", LOCKED)
async def test_on_a_series_locked_to_device_a(api: Api, caller: str) -> None:
    """CONTRACT.md D41, D50, D52 and D75."""
    credential: str = getattr(api.firm, caller)
    for place, (action, wanted) in enumerate(LOCKED[caller].items()):
        series_id = await api.a_locked_series(f"S{place}")
        (token,) = await api.tokens(series_id)
        before = await api.next_number(series_id)

        answer = await act(api, action, series_id, credential, token)

        assert cell(answer) == wanted, action
        taken = {"issue": 1, "reserve": 2}.get(action, 0) if answer.status == 201 else 0
        assert await api.next_number(series_id) == before + taken, action


@pytest.mark.parametrize("caller", UNLOCKED)
async def test_on_an_unlocked_series(api: Api, caller: str) -> None:
    """CONTRACT.md D49 and D75."""
    credential: str = getattr(api.firm, caller)
    for place, (action, wanted) in enumerate(UNLOCKED[caller].items()):
        series_id = await api.a_series(f"S{place}")

        assert cell(await act(api, action, series_id, credential)) == wanted, action


async def test_a_lock_says_who_holds_it_and_a_second_one_changes_nothing(api: Api) -> None:
    """CONTRACT.md D52."""
    series_id = await api.a_series()

    first = (await act(api, "lock", series_id, api.firm.device_a)).data
    api.clock.ahead_seconds = 100
    second = (await act(api, "lock", series_id, api.firm.device_a)).data

    assert first == second
    assert first["is_locked"] is True
    lock = first["lock"]
    assert (lock["device_id"], lock["device_name"], lock["device_platform"]) == (
        "device-a",
        "Till device-a",
        "android",
    )
    assert isinstance(lock["session_id"], int)
    assert isinstance(lock["user_id"], int)
    assert isinstance(lock["locked_at"], int)


async def test_an_unlocked_series_says_so(api: Api) -> None:
    series_id = await api.a_locked_series()

    unlocked = (await act(api, "unlock", series_id, api.firm.device_a)).data

    assert (unlocked["is_locked"], unlocked["lock"]) == (False, None)


async def test_unlocking_leaves_reservations_to_their_device_even_while_another_holds_the_series(api: Api) -> None:
    """CONTRACT.md D43 and D51."""
    series_id = await api.a_locked_series()
    tokens = await api.tokens(series_id, 2)
    await act(api, "force", series_id, api.firm.admin)
    await act(api, "lock", series_id, api.firm.device_b)

    listed = (await api.get(f"/invoice-series/{series_id}/reservations", api.firm.device_a)).data
    invoice = await api.issue(api.firm.device_a, reservation_token=tokens[1], force_chronology=False)

    assert [slot["token"] for slot in listed["data"]] == tokens
    assert (invoice.status, invoice.data["number_idx"]) == (201, 2)


async def test_a_device_may_hold_several_series(api: Api) -> None:
    """CONTRACT.md D48."""
    held = [await api.a_locked_series(name) for name in ("A", "B")]

    assert len(held) == 2


@pytest.mark.parametrize("force", ["yes", 1, None, []])
async def test_force_is_a_boolean(api: Api, force: object) -> None:
    series_id = await api.a_locked_series()

    answer = await api.post(f"/invoice-series/{series_id}/unlock", {"force": force}, api.firm.admin)

    assert answer.refusal == (400, "invalid_field_value")
