"""A caller without a credential cannot avoid the rate limit, and strangers cannot use up the limit of others."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import asyncpg
import pytest
import pytest_asyncio

from schemas.api.operations import OPERATIONS
from schemas.values import UnixSeconds
from service.access.callers import Access, AuthFailure, Principal
from service.access.key_file import KeyFile
from service.api.admission.admission import Admission
from service.api.admission.rate_limit import HOLDERS_MAX, LOOK_UPS_AT_ONCE, SPARE_LOOK_UPS, RateLimit
from service.api.entrance import Entrance
from service.api.refusals.table import refusal_of
from service.clock import now
from service.log.event_log import LogUnavailableError
from service.nats.requests.asked import Arrived
from service.nats.requests.operations import Operations
from tests.support.service.client import CACHE_SECONDS, Api, Clock, an_api, break_off

LIMIT: Final = 5
ADDRESS: Final = "address:192.0.2.1"
LET_IN: Final = 400
"""The status of an empty body from a caller that was admitted."""


class Counting(Access):
    """Access that counts its look-ups of credentials."""

    looked_up = 0
    is_away = False

    async def _look_up(self, credential: str, digest: bytes) -> Principal | AuthFailure:
        if self.is_away:
            raise LogUnavailableError
        self.looked_up += 1
        return await super()._look_up(credential, digest)


class Standing(Clock):
    """A clock that stands at the beginning of a minute until the test moves it; no minute ends within a test."""

    def __init__(self) -> None:
        super().__init__(ahead_seconds=0)
        self._began = now() // 60 * 60 + 60

    def __call__(self) -> UnixSeconds:
        """The time now."""
        return UnixSeconds(self._began + self.ahead_seconds)


@pytest_asyncio.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with an_api(database_url, tmp_path, clock=Standing()) as api:
        yield api


@pytest_asyncio.fixture
async def access(api: Api, database_url: str) -> AsyncIterator[Counting]:
    keys = KeyFile(api.dependencies.settings.keys_path)
    async with asyncpg.create_pool(database_url, min_size=1, server_settings={"role": "numbering_writer"}) as pool:
        yield Counting(pool, keys, cache_seconds=CACHE_SECONDS, clock=api.clock)


def admission(api: Api, access: Access, limit: RateLimit) -> Admission:
    return Admission(access, limit, api.dependencies.log.log_id, api.clock)


def spend_what_is_to_spare(limit: RateLimit, now: UnixSeconds) -> None:
    assert all(limit.look_ups.spend(now) for _ in range(SPARE_LOOK_UPS))


def made_up() -> str:
    return f"sk_live_{secrets.token_hex(12)}"


async def status(door: Admission, credential: str) -> int:
    found, _ = await door.admit(f"Bearer {credential}", ADDRESS)
    return 200 if isinstance(found, Principal) else refusal_of(found).status


async def test_a_flood_costs_a_bounded_number_of_queries_even_if_all_come_at_once(api: Api, access: Counting) -> None:
    door = admission(api, access, RateLimit(LIMIT))

    found = await asyncio.gather(*(status(door, made_up()) for _ in range(100)))

    assert sorted(found) == [401] * LIMIT + [429] * (100 - LIMIT)
    assert LIMIT + SPARE_LOOK_UPS <= access.looked_up < LIMIT + SPARE_LOOK_UPS + LOOK_UPS_AT_ONCE
    api.clock.ahead_seconds += 60
    assert await status(door, made_up()) == 401


async def test_a_good_key_we_have_not_met_gets_in_beside_a_flood_from_its_address(api: Api, access: Counting) -> None:
    door = admission(api, access, RateLimit(LIMIT))
    assert [await status(door, made_up()) for _ in range(LIMIT + 2)] == [401] * LIMIT + [429] * 2

    assert await status(door, api.firm.live_key) == 200

    assert {await status(door, made_up()) for _ in range(100)} == {429}
    assert access.looked_up == LIMIT + SPARE_LOOK_UPS
    assert await status(door, api.other_firm.live_key) == 429
    api.clock.ahead_seconds += 1
    assert await status(door, api.other_firm.live_key) == 200
    assert await status(door, made_up()) == 429


async def test_only_text_that_could_be_a_key_is_looked_up_beyond_the_limit(api: Api, access: Counting) -> None:
    door = admission(api, access, RateLimit(LIMIT))
    assert [await status(door, "") for _ in range(LIMIT)] == [401] * LIMIT

    assert {await status(door, each) for each in ("", "nobody", "a.b.c", "sk_live_short", "\u0219")} == {429}

    assert access.looked_up == 0


async def test_good_keys_that_arrive_at_once_lock_out_no_caller(api: Api, access: Counting) -> None:
    limit = RateLimit(1)
    spend_what_is_to_spare(limit, api.clock())
    door = admission(api, access, limit)
    keys = (api.firm.live_key, api.firm.test_key, api.other_firm.live_key, api.other_firm.test_key)

    assert await asyncio.gather(*(status(door, each) for each in keys)) == [200] * 4

    assert await status(door, made_up()) == 401


async def test_a_key_we_met_while_it_waited_needs_no_look_up_to_spare(api: Api, access: Counting) -> None:
    limit = RateLimit(LIMIT)
    door = admission(api, access, limit)
    assert {await status(door, made_up()) for _ in range(LIMIT)} == {401}
    assert all(limit.look_ups.spend(api.clock()) for _ in range(SPARE_LOOK_UPS - LOOK_UPS_AT_ONCE))

    found = await asyncio.gather(*(status(door, api.firm.live_key) for _ in range(2 * LOOK_UPS_AT_ONCE)))

    assert found.count(200) == LIMIT
    assert access.looked_up == LIMIT + 1


async def test_no_request_is_counted_while_the_database_is_away(api: Api, access: Counting) -> None:
    door = admission(api, access, RateLimit(LIMIT))
    access.is_away = True
    for _ in range(2 * LIMIT):
        with pytest.raises(LogUnavailableError):
            await status(door, made_up())
    access.is_away = False

    assert await status(door, made_up()) == 401


async def test_strangers_at_an_address_do_not_lock_out_known_callers_there(api: Api, access: Counting) -> None:
    limit = RateLimit(LIMIT)
    door = admission(api, access, limit)
    assert await status(door, api.firm.live_key) == 200
    api.clock.ahead_seconds += CACHE_SECONDS
    assert {await status(door, made_up()) for _ in range(LIMIT)} == {401}
    spend_what_is_to_spare(limit, api.clock())

    assert await status(door, made_up()) == 429
    assert await status(door, api.firm.live_key) == 200
    assert await status(door, api.firm.device_a) == 200
    assert await status(door, api.other_firm.live_key) == 429


async def test_callers_we_know_use_up_nothing_of_their_address(api: Api, access: Counting) -> None:
    door = admission(api, access, RateLimit(LIMIT))
    known = (api.firm.live_key, api.firm.device_a, api.firm.device_b, api.firm.test_key)

    assert {await status(door, credential) for _ in range(LIMIT) for credential in known} == {200}

    assert await status(door, api.firm.live_key) == 429
    assert await status(door, made_up()) == 401


async def test_strangers_on_the_subjects_of_one_firm_lock_out_no_caller_of_another(api: Api, access: Counting) -> None:
    for credential in (api.firm.live_key, api.other_firm.live_key):
        await api.post("/invoice-series", {"name": "F", "document_type": "fiscal"}, credential)
    limit = RateLimit(LIMIT)
    operations = Operations(Entrance(replace(api.dependencies, access=access), break_off, limit))
    [issue] = [each for each in OPERATIONS if each.name == "issue"]

    async def told(firm_id: str, credential: str) -> int:
        arrived = Arrived(issue, ("live", firm_id), f"Bearer {credential}", None, b"", reply_bytes_max=1_000_000)
        return (await operations.answer(arrived)).status

    flood = [await told(api.other_firm.firm_id, made_up()) for _ in range(2 * LIMIT)]

    assert flood == [401] * LIMIT + [429] * LIMIT
    assert await told(api.other_firm.firm_id, api.other_firm.live_key) == LET_IN
    assert {await told(api.other_firm.firm_id, made_up()) for _ in range(SPARE_LOOK_UPS)} == {429}
    assert access.looked_up == LIMIT + SPARE_LOOK_UPS
    assert await told(api.other_firm.firm_id, api.other_firm.test_key) == 429
    assert await told(api.other_firm.firm_id, api.other_firm.device_a) == LET_IN
    assert await told(api.firm.firm_id, api.firm.live_key) == LET_IN
    assert {await told(f"firm_{place}", made_up()) for place in range(LIMIT)} == {401}
    assert await told("firm_6", made_up()) == 429


def test_a_minute_of_many_addresses_leaves_credentials_their_own_counts() -> None:
    limit, now = RateLimit(LIMIT), UnixSeconds(60)
    for place in range(HOLDERS_MAX + LIMIT):
        limit.take(f"address:{place}", now)

    assert limit.take("address:one more", now).is_exceeded
    assert limit.take("key:7", now).remaining == LIMIT - 1


def test_look_ups_to_spare_come_back_every_second_also_if_the_clock_was_set_back() -> None:
    limit = RateLimit(1)
    for second in (60, 61, 59):
        spend_what_is_to_spare(limit, UnixSeconds(second))
        assert not limit.look_ups.spend(UnixSeconds(second))
