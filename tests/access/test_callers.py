"""Which caller a credential stands for, on a real database: good and bad ones, and a database that is away."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import jwt
import msgspec
import pytest
import pytest_asyncio

from schemas.values import ActorKind, FirmId, Mode, Platform, UnixSeconds
from service.access.callers import Access, AuthFailure, Principal
from service.access.key_file import KeyFile, ensure, rotate
from service.access.records import AccessRecords, UnknownFirmError, access_records
from service.access.session_tokens import SessionClaims, sign
from service.log.event_log import LogUnavailableError

CACHE_SECONDS = 5


class Clock:
    """A clock that moves when the test says so."""

    def __init__(self) -> None:
        self.now = UnixSeconds(1_800_000_000)

    def __call__(self) -> UnixSeconds:
        return self.now

    def advance(self, seconds: int) -> None:
        self.now = UnixSeconds(self.now + seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path) -> KeyFile:
    return ensure(tmp_path / "keys.json")


@pytest_asyncio.fixture
async def records(database_url: str, keys: KeyFile, clock: Clock) -> AsyncIterator[AccessRecords]:
    async with access_records(database_url, keys.path, clock) as opened:
        yield opened


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(
        database_url, min_size=1, max_size=4, server_settings={"role": "numbering_writer"}
    ) as opened:
        yield opened


@pytest.fixture
def access(pool: asyncpg.Pool, keys: KeyFile, clock: Clock) -> Access:
    return Access(pool, keys, cache_seconds=CACHE_SECONDS, clock=clock)


@pytest_asyncio.fixture
async def firm(records: AccessRecords) -> FirmId:
    return await records.create_firm("Demo SRL")


async def a_session(records: AccessRecords, firm: FirmId, device_id: str = "till-1") -> str:
    made = await records.create_session(
        firm, Mode.LIVE, device_id=device_id, device_name="Till 1", platform=Platform.ANDROID, user_id=7
    )
    return made.token


async def test_an_api_key_stands_for_its_firm_and_partition(
    records: AccessRecords, access: Access, firm: FirmId
) -> None:
    """CONTRACT.md D9."""
    made = await records.create_key(firm, Mode.TEST, user_id=3)

    who = await access.who(made.api_key)

    assert made.api_key.startswith("sk_test_")
    assert isinstance(who, Principal)
    assert (who.caller.firm_id, who.caller.mode, who.caller.device_id) == (firm, Mode.TEST, None)
    assert (who.caller.actor.kind, who.caller.actor.user_id) == (ActorKind.KEY, 3)
    assert (who.key_id, who.session_id, who.credential_id) == (made.key_id, None, f"key:{made.key_id}")


async def test_a_session_stands_for_its_device(records: AccessRecords, access: Access, firm: FirmId) -> None:
    """CONTRACT.md D8."""
    who = await access.who(await a_session(records, firm))

    assert isinstance(who, Principal)
    assert (who.caller.device_id, who.caller.platform, who.device_name) == ("till-1", Platform.ANDROID, "Till 1")
    assert (who.caller.actor.kind, who.caller.actor.user_id, who.key_id) == (ActorKind.SESSION, 7, None)
    assert not who.caller.is_admin
    assert await access.device_names([who.session_id or 0, 999]) == {who.session_id: "Till 1"}


async def test_a_session_with_an_empty_device_id_is_no_device(
    records: AccessRecords, access: Access, firm: FirmId
) -> None:
    who = await access.who(await a_session(records, firm, device_id=""))
    assert isinstance(who, Principal)
    assert who.caller.device_id is None
    assert who.session_id is not None


async def test_only_the_digest_of_a_key_is_stored(records: AccessRecords, pool: asyncpg.Pool, firm: FirmId) -> None:
    made = await records.create_key(firm, Mode.LIVE)
    stored = await pool.fetchval("SELECT k::text FROM access.api_key AS k WHERE k.key_id = $1", made.key_id)
    assert made.api_key[8:-4] not in stored


@pytest.mark.parametrize(
    "credential",
    [
        "sk_live_" + "a" * 24,
        "sk_live_short",
        "sk_prod_" + "a" * 24,
        "a.b.c",
        "nonsense",
        "ș" * 10,
        "\udcff",
        "x" * 100_000,
        base64.b64encode(b"a:b").decode(),
    ],
)
async def test_what_nobody_issued_is_invalid(access: Access, credential: str) -> None:
    assert await access.who(credential) is AuthFailure.INVALID


async def test_nothing_is_missing(access: Access) -> None:
    assert await access.who("") is AuthFailure.MISSING


async def test_a_token_signed_by_another_key_is_invalid(
    records: AccessRecords, access: Access, firm: FirmId, tmp_path: Path
) -> None:
    claims = msgspec.convert(
        jwt.decode(await a_session(records, firm), options={"verify_signature": False}), SessionClaims
    )
    foreign = ensure(tmp_path / "other.json").current_session_key
    assert await access.who(sign(claims, foreign)) is AuthFailure.INVALID


async def test_an_unsigned_token_is_invalid(
    records: AccessRecords, access: Access, firm: FirmId, keys: KeyFile
) -> None:
    claims = jwt.decode(await a_session(records, firm), options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": keys.current_session_key.id})
    assert await access.who(unsigned) is AuthFailure.INVALID


async def test_a_token_of_another_partition_than_its_record_is_invalid(
    records: AccessRecords, access: Access, firm: FirmId, keys: KeyFile
) -> None:
    """CONTRACT.md D69."""
    claims = msgspec.convert(
        jwt.decode(await a_session(records, firm), options={"verify_signature": False}), SessionClaims
    )
    moved = msgspec.structs.replace(claims, mode=Mode.TEST)
    assert await access.who(sign(moved, keys.current_session_key)) is AuthFailure.INVALID


async def test_a_session_outlives_a_rotation_of_the_keys(
    records: AccessRecords, pool: asyncpg.Pool, clock: Clock, firm: FirmId, keys: KeyFile
) -> None:
    token = await a_session(records, firm)
    rotate(keys.path)
    restarted = Access(pool, ensure(keys.path), cache_seconds=0, clock=clock)
    assert isinstance(await restarted.who(token), Principal)


async def test_a_running_process_believes_a_session_signed_with_a_newer_key(
    database_url: str, access: Access, clock: Clock, firm: FirmId, keys: KeyFile
) -> None:
    rotate(keys.path)
    async with access_records(database_url, keys.path, clock) as newer:
        token = await a_session(newer, firm)
    assert isinstance(await access.who(token), Principal)


async def test_a_revoked_key_is_invalid_once_the_cache_is_old(
    records: AccessRecords, access: Access, clock: Clock, firm: FirmId
) -> None:
    made = await records.create_key(firm, Mode.LIVE)
    assert isinstance(await access.who(made.api_key), Principal)

    assert await records.revoke_key(made.key_id)
    assert isinstance(await access.who(made.api_key), Principal)
    clock.advance(CACHE_SECONDS)

    assert await access.who(made.api_key) is AuthFailure.INVALID


async def test_a_revoked_session_is_invalid(records: AccessRecords, access: Access, clock: Clock, firm: FirmId) -> None:
    """CONTRACT.md D8."""
    token = await a_session(records, firm)
    assert await records.revoke_session((await records.sessions(firm))[0].session_id)
    assert await access.who(token) is AuthFailure.INVALID


async def test_a_clock_set_back_makes_nothing_believed_for_longer(
    records: AccessRecords, access: Access, clock: Clock, firm: FirmId
) -> None:
    made = await records.create_key(firm, Mode.LIVE)
    await access.who(made.api_key)
    await records.revoke_key(made.key_id)
    clock.advance(-3600)
    assert await access.who(made.api_key) is AuthFailure.INVALID


async def test_an_expired_key_says_so_and_an_expired_session_is_invalid(
    records: AccessRecords, access: Access, clock: Clock, firm: FirmId
) -> None:
    key = await records.create_key(firm, Mode.LIVE, lifetime_seconds=2)
    session = await records.create_session(
        firm, Mode.LIVE, device_id="d", device_name="n", platform=None, lifetime_seconds=2
    )
    assert isinstance(await access.who(key.api_key), Principal)
    assert isinstance(await access.who(session.token), Principal)

    clock.advance(2)

    assert await access.who(key.api_key) is AuthFailure.EXPIRED
    assert await access.who(session.token) is AuthFailure.INVALID


async def test_a_known_caller_stays_known_while_postgresql_is_gone_and_an_unknown_one_is_a_fault(
    records: AccessRecords, pool: asyncpg.Pool, access: Access, firm: FirmId
) -> None:
    known = (await records.create_key(firm, Mode.LIVE)).api_key
    unknown = (await records.create_key(firm, Mode.LIVE)).api_key
    await access.who(known)

    await pool.close()

    assert isinstance(await access.who(known), Principal)
    with pytest.raises(LogUnavailableError):
        await access.who(unknown)


async def test_the_lists_show_what_exists_and_no_secret(records: AccessRecords, firm: FirmId) -> None:
    made = await records.create_key(firm, Mode.LIVE, user_id=2)
    await a_session(records, firm)
    other = await records.create_firm("Other SRL")
    await records.create_key(other, Mode.LIVE)

    [key] = await records.keys(firm)
    [session] = await records.sessions(firm)

    assert (key.key_id, key.last_four, key.user_id, key.revoked_at) == (made.key_id, made.api_key[-4:], 2, None)
    assert (session.device_id, session.platform) == ("till-1", Platform.ANDROID)
    assert len(await records.keys()) == 2


async def test_a_key_needs_a_firm(records: AccessRecords) -> None:
    with pytest.raises(UnknownFirmError, match="firm_none"):
        await records.create_key(FirmId("firm_none"), Mode.LIVE)


async def test_what_does_not_exist_is_not_revoked(records: AccessRecords) -> None:
    assert not await records.revoke_key(1)
    assert not await records.revoke_session(1)


async def test_what_was_good_here_or_is_signed_is_credible_until_it_is_found_to_be_over(
    records: AccessRecords, access: Access, clock: Clock, firm: FirmId
) -> None:
    key = await records.create_key(firm, Mode.LIVE)
    session = await a_session(records, firm)
    assert not any(access.is_credible(each) for each in (key.api_key, "", "a.b.c", "\u0219", "x" * 100_000))
    assert access.is_credible(session)
    who = await access.who(session)
    assert isinstance(who, Principal)
    await access.who(key.api_key)
    clock.advance(CACHE_SECONDS)
    assert access.is_credible(key.api_key)

    await records.revoke_key(key.key_id)
    await records.revoke_session(who.session_id or 0)
    for credential in (key.api_key, session):
        assert await access.who(credential) is AuthFailure.INVALID
        assert not access.is_credible(credential)
