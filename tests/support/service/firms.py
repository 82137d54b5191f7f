"""A firm with its credentials, made as an operator makes them."""

from dataclasses import dataclass
from pathlib import Path

from schemas.values import FirmId, Mode, Platform
from service.access.key_file import ensure
from service.access.records import Right, access_records
from service.clock import now


@dataclass(frozen=True)
class Firm:
    """Credentials of one firm: API keys of both modes, two devices, an admin's, one without device, two of auditors."""

    firm_id: FirmId
    live_key: str
    test_key: str
    device_a: str
    device_b: str
    admin: str
    no_device: str
    auditor_key: str
    auditor: str


async def a_firm(database_url: str, keys_path: Path, name: str = "Firma") -> Firm:
    """A new firm; creates the key file if there is none."""
    ensure(keys_path)
    async with access_records(database_url, keys_path, now) as records:
        firm_id = await records.create_firm(name)

        async def session(device_id: str, right: Right = Right.USER) -> str:
            made = await records.create_session(
                firm_id,
                Mode.LIVE,
                device_id=device_id,
                device_name=f"Till {device_id}",
                platform=Platform.ANDROID,
                right=right,
            )
            return made.token

        return Firm(
            firm_id=firm_id,
            live_key=(await records.create_key(firm_id, Mode.LIVE)).api_key,
            test_key=(await records.create_key(firm_id, Mode.TEST)).api_key,
            device_a=await session("device-a"),
            device_b=await session("device-b"),
            admin=await session("device-admin", Right.ADMIN),
            no_device=await session(""),
            auditor_key=(await records.create_key(firm_id, Mode.LIVE, is_auditor=True)).api_key,
            auditor=await session("device-a", Right.AUDITOR),
        )
