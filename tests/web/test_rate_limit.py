"""Limits that a caller without a credential cannot get round, and that strangers cannot use up for others."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

import asyncpg
import pytest_asyncio

from schemas.operations import OPERATIONS
from schemas.values import UnixSeconds
from service.access import Access, AuthFailure, Principal
from service.asking import Asked
from service.keys import KeyFile
from service.web.envelope import Exchange
from service.web.errors import RefusedError
from service.web.operations import Operations
from service.web.parts import WebParts
from service.web.pipeline import Pipeline
from service.web.rate_limit import HOLDERS_MAX, RateLimit
from tests.support.client import CACHE_SECONDS, Api

LIMIT: Final = 5
ADDRESS: Final = "address:192.0.2.1"
LET_IN: Final = 400
"""What an empty body gets from whoever may send one."""


class Counting(Access):
    """Access that knows how many credentials it looked up."""

    looked_up = 0

    async def _look_up(self, credential: str, digest: bytes) -> Principal | AuthFailure:
        self.looked_up += 1
        return await super()._look_up(credential, digest)


@pytest_asyncio.fixture
async def access(api: Api, database_url: str) -> AsyncIterator[Counting]:
    keys = KeyFile(api.parts.settings.keys_path)
    async with asyncpg.create_pool(database_url, min_size=1, server_settings={"role": "numbering_writer"}) as pool:
        # At the beginning of a minute, so that no window ends within a test.
        api.clock.ahead_seconds = 60 - api.clock() % 60
        yield Counting(pool, keys, cache_seconds=CACHE_SECONDS, clock=api.clock)


def the_parts(api: Api, access: Access) -> WebParts:
    return replace(api.parts, access=access)


def made_up() -> str:
    return f"sk_live_{secrets.token_hex(12)}"


async def status(pipeline: Pipeline, credential: str) -> int:
    try:
        await pipeline.principal(f"Bearer {credential}", ADDRESS, Exchange())
    except RefusedError as error:
        return error.refusal.status
    return 200


async def test_an_address_beyond_its_limit_costs_no_query_even_if_all_come_at_once(api: Api, access: Counting) -> None:
    pipeline = Pipeline(the_parts(api, access), RateLimit(LIMIT))

    found = await asyncio.gather(*(status(pipeline, made_up()) for _ in range(60)))

    assert sorted(found) == [401] * LIMIT + [429] * (60 - LIMIT)
    assert access.looked_up == LIMIT
    api.clock.ahead_seconds += 60
    assert await status(pipeline, made_up()) == 401


async def test_strangers_at_an_address_do_not_lock_out_who_is_known_there(api: Api, access: Counting) -> None:
    pipeline = Pipeline(the_parts(api, access), RateLimit(LIMIT))
    assert await status(pipeline, api.firm.live_key) == 200
    api.clock.ahead_seconds += CACHE_SECONDS
    assert {await status(pipeline, made_up()) for _ in range(LIMIT)} == {401}

    assert await status(pipeline, made_up()) == 429
    assert await status(pipeline, api.firm.live_key) == 200
    assert await status(pipeline, api.firm.device_a) == 200
    assert await status(pipeline, api.other_firm.live_key) == 429


async def test_callers_we_know_use_up_nothing_of_their_address(api: Api, access: Counting) -> None:
    pipeline = Pipeline(the_parts(api, access), RateLimit(LIMIT))
    known = (api.firm.live_key, api.firm.device_a, api.firm.device_b, api.firm.test_key)

    assert {await status(pipeline, credential) for _ in range(LIMIT) for credential in known} == {200}

    assert await status(pipeline, api.firm.live_key) == 429
    assert await status(pipeline, made_up()) == 401


async def test_strangers_on_the_subjects_of_one_firm_lock_out_nobody_of_another(api: Api, access: Counting) -> None:
    for credential in (api.firm.live_key, api.other_firm.live_key):
        await api.post("/invoice-series", {"name": "F", "document_type": "fiscal"}, credential)
    operations = Operations(the_parts(api, access), RateLimit(LIMIT))
    [issue] = [each for each in OPERATIONS if each.name == "issue"]

    async def told(firm_id: str, credential: str) -> int:
        asked = Asked(issue, ("live", firm_id), f"Bearer {credential}", None, b"", answer_bytes_max=1_000_000)
        return (await operations.answer(asked)).status

    flood = [await told(api.other_firm.firm_id, made_up()) for _ in range(2 * LIMIT)]

    assert flood == [401] * LIMIT + [429] * LIMIT
    assert await told(api.other_firm.firm_id, api.other_firm.live_key) == 429
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


def test_what_is_given_back_can_be_taken_again_in_its_minute_only() -> None:
    limit = RateLimit(1)
    taken = limit.take(ADDRESS, UnixSeconds(59))
    limit.give_back(ADDRESS, taken)
    taken = limit.take(ADDRESS, UnixSeconds(59))
    assert not taken.is_exceeded

    assert not limit.take(ADDRESS, UnixSeconds(60)).is_exceeded
    limit.give_back(ADDRESS, taken)

    assert limit.take(ADDRESS, UnixSeconds(60)).is_exceeded
