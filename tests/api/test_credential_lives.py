"""CONTRACT.md section 3: credentials begin, end and are replaced; a device keeps locks and reservations."""

import base64
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from schemas.values import Mode, Platform
from service.access.identity_provider import IdentityKeys
from service.access.records import AccessRecords, access_records
from tests.support.service.client import CACHE_SECONDS, Api, Options, an_api
from tests.support.service.identity_provider import IdentityProvider


@asynccontextmanager
async def an_operator(api: Api, database_url: str) -> AsyncGenerator[AccessRecords]:
    """The access records, changed in the way of the command line."""
    async with access_records(database_url, api.dependencies.settings.keys_path, api.clock) as records:
        yield records


async def a_login(api: Api, records: AccessRecords, device_id: str = "device-a", **more: Any) -> str:
    made = await records.create_session(
        api.firm.firm_id, Mode.LIVE, device_id=device_id, device_name="Till", platform=Platform.IOS, **more
    )
    return made.token


async def test_a_device_keeps_lock_and_reservations_over_a_new_login(api: Api, database_url: str) -> None:
    series_id = await api.a_locked_series()
    tokens = await api.tokens(series_id, 3)
    async with an_operator(api, database_url) as records:
        again = await a_login(api, records)
        [first, *_] = [each.session_id for each in await records.sessions(api.firm.firm_id)]
        await records.revoke_session(first)
    api.clock.ahead_seconds += CACHE_SECONDS

    path = f"/invoice-series/{series_id}"
    assert (await api.get(path, api.firm.device_a)).refusal == (401, "invalid_api_key")
    lock = (await api.get(path, again)).data["lock"]
    assert (lock["device_id"], lock["session_id"]) == ("device-a", first)
    pending = (await api.get(f"{path}/reservations", again)).data["data"]
    assert [slot["token"] for slot in pending] == tokens
    assert (await api.issue(again, reservation_token=tokens[0])).data["number_idx"] == 1
    assert (await api.post(f"/invoice-series/reservations/{tokens[1]}/release", credential=again)).status == 200
    assert (await api.post(f"{path}/reserve-numbers", {"count": 1}, again)).data["data"][0]["number"] == 4
    assert (await api.post(f"{path}/unlock", credential=again)).status == 200


async def test_a_login_of_another_device_does_not_inherit(api: Api, database_url: str) -> None:
    series_id = await api.a_locked_series()
    [token] = await api.tokens(series_id)
    async with an_operator(api, database_url) as records:
        other = await a_login(api, records, "device-A")

    assert (await api.get(f"/invoice-series/{series_id}/reservations", other)).data["total"] == 0
    assert (await api.issue(other, reservation_token=token)).refusal == (403, "reservation_device_mismatch")


async def test_a_revoked_key_ends_and_its_firm_s_others_go_on(api: Api, database_url: str) -> None:
    assert (await api.get("/invoice-series")).status == 200
    async with an_operator(api, database_url) as records:
        keys = await records.keys(api.firm.firm_id)
        [key] = [each for each in keys if each.mode is Mode.LIVE and not each.is_auditor]
        assert await records.revoke_key(key.key_id)
    api.clock.ahead_seconds += CACHE_SECONDS

    assert (await api.get("/invoice-series")).refusal == (401, "invalid_api_key")
    assert (await api.get("/invoice-series", api.firm.test_key)).status == 200
    assert (await api.get("/invoice-series", api.firm.device_a)).status == 200


async def test_a_key_and_a_session_end_with_their_time(api: Api, database_url: str) -> None:
    """CONTRACT.md D8."""
    async with an_operator(api, database_url) as records:
        key = (await records.create_key(api.firm.firm_id, Mode.LIVE, lifetime_seconds=60)).api_key
        session = await a_login(api, records, lifetime_seconds=60)
    assert (await api.get("/invoice-series", key)).status == 200
    assert (await api.get("/invoice-series", session)).status == 200

    api.clock.ahead_seconds += 60

    assert (await api.get("/invoice-series", key)).refusal == (401, "expired_api_key")
    assert (await api.get("/invoice-series", session)).refusal == (401, "invalid_api_key")


async def test_a_session_of_the_test_partition_sees_that_one_only(api: Api, database_url: str) -> None:
    """CONTRACT.md D69."""
    await api.a_series()
    async with an_operator(api, database_url) as records:
        made = await records.create_session(
            api.firm.firm_id, Mode.TEST, device_id="device-a", device_name="Till", platform=Platform.IOS
        )

    assert (await api.get("/invoice-series", made.token)).data["total"] == 0


async def test_a_token_of_the_identity_provider_is_a_device(database_url: str, tmp_path: Path) -> None:
    provider = IdentityProvider(tmp_path / "jwks.json")
    async with an_api(database_url, tmp_path, Options(identity=IdentityKeys(provider.path))) as api:
        own = json.loads(base64.urlsafe_b64decode(api.firm.device_a.split(".")[1] + "=="))
        token = provider.token(own | {"exp": time.time() + 60}, "ES256")
        series_id = await api.a_series()

        assert (await api.post(f"/invoice-series/{series_id}/lock", credential=token)).status == 200
        assert (await api.post(f"/invoice-series/{series_id}/lock", credential=api.firm.device_a)).status == 200
        assert (await api.issue(token, series_id=series_id)).status == 201
        forged = provider.token(own | {"did": "device-b"}, "ES256")
        assert (await api.get("/invoice-series", forged)).refusal == (401, "invalid_api_key")
