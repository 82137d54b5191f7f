"""What the first start of `numbering up` makes for a newcomer: a demo firm, and demo.json with its credentials."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from schemas.values import FirmId, Mode, Platform
from service.access.callers import Access, Principal
from service.access.key_file import KeyFile
from service.access.records import AccessRecords, Right, access_records
from service.cli.starting.present import Runtime, write_private
from service.clock import now
from service.log.sessions import ANSWER_SECONDS_MAX, end, open_pool


class DemoCredentials(Struct, frozen=True):
    """demo.json: where the service is, and who may call it. Mode 0600, never shown."""

    base_url: str
    live_key: str
    test_key: str
    device_a: str
    device_b: str
    device_admin: str
    other_firm_key: str
    other_firm_device: str
    database_url: str
    nats_url: str
    firm_id: str = ""

    def secrets(self) -> tuple[str, ...]:
        """What may call."""
        devices = (self.device_a, self.device_b, self.device_admin, self.other_firm_device)
        return (self.live_key, self.test_key, self.other_firm_key, *devices)


def read_demo(path: Path) -> DemoCredentials | None:
    """The credentials of the demo firm, if the file is there and whole."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=DemoCredentials)
    except (OSError, msgspec.DecodeError):
        return None


async def ensure_demo(path: Path, runtime: Runtime, keys: KeyFile) -> bool:
    """Make demo.json right for this service; whether a firm had to be made for it.

    Credentials that still work are kept, with the addresses of this start. Raises asyncpg's errors and OSError.
    """
    kept = read_demo(path)
    is_kept = kept is not None and await _still_work(kept, runtime.database_url, keys)
    if kept is None or not is_kept:
        kept = await _create(runtime, keys)
    present = msgspec.structs.asdict(runtime) | {"firm_id": await _firm_of(kept, runtime.database_url, keys)}
    write_private(path, msgspec.structs.replace(kept, **present))
    return not is_kept


async def _still_work(credentials: DemoCredentials, database_url: str, keys: KeyFile) -> bool:
    async with _access(database_url, keys) as access:
        return all([isinstance(await access.who(secret), Principal) for secret in credentials.secrets()])


async def _firm_of(credentials: DemoCredentials, database_url: str, keys: KeyFile) -> FirmId:
    """The demo firm, whose id is in the subjects of NATS; an older demo.json does not say it."""
    async with _access(database_url, keys) as access:
        found = await access.who(credentials.live_key)
    assert isinstance(found, Principal), "the key was tried or made just now"
    return found.caller.firm_id


@asynccontextmanager
async def _access(database_url: str, keys: KeyFile) -> AsyncGenerator[Access]:
    pool = await open_pool(database_url, "numbering_writer", "numbering", sizes=(1, 1), seconds_max=ANSWER_SECONDS_MAX)
    try:
        yield Access(pool, keys, cache_seconds=0, clock=now)
    finally:
        end(pool)


async def _create(runtime: Runtime, keys: KeyFile) -> DemoCredentials:
    async with access_records(runtime.database_url, keys.path, now) as records:
        firm = await records.create_firm("Demo SRL")
        other = await records.create_firm("Other SRL")
        return DemoCredentials(
            live_key=(await records.create_key(firm, Mode.LIVE)).api_key,
            test_key=(await records.create_key(firm, Mode.TEST)).api_key,
            device_a=await _till(records, firm, "device-a", "Till A", 2),
            device_b=await _till(records, firm, "device-b", "Till B", 3),
            device_admin=await _till(records, firm, "device-admin", "Manager's phone", 4, is_admin=True),
            other_firm_key=(await records.create_key(other, Mode.LIVE)).api_key,
            other_firm_device=await _till(records, other, "device-other", "Other till", 1),
            **msgspec.structs.asdict(runtime),
        )


async def _till(
    records: AccessRecords, firm: FirmId, device_id: str, name: str, user_id: int, *, is_admin: bool = False
) -> str:
    platform = Platform.IOS if is_admin else Platform.ANDROID
    session = await records.create_session(
        firm,
        Mode.LIVE,
        device_id=device_id,
        device_name=name,
        platform=platform,
        right=Right.ADMIN if is_admin else Right.USER,
        user_id=user_id,
    )
    return session.token
