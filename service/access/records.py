"""The records of who may call: firms, API keys, sessions. Operators write them, with the role numbering_owner."""

import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

import asyncpg
import msgspec
from msgspec import Struct

from schemas.values import DeviceId, FirmId, Mode, Platform, UnixSeconds
from service.access.key_file import KeyFile
from service.access.session_tokens import SessionClaims, sign
from service.log.sessions import connected
from service.random_ids import BASE36, BASE62, random_text
from service.statements import statement

SECRET_CHARACTERS: Final = 24
FIRM_CHARACTERS: Final = 10
SESSION_SECONDS: Final = 365 * 86_400


class Right(StrEnum):
    """What the session of a device may do in its firm."""

    USER = "user"
    ADMIN = "admin"
    AUDITOR = "auditor"


class UnknownFirmError(Exception):
    """There is no such firm; nothing was written."""


class NewKey(Struct, frozen=True):
    """A key just made. Its secret is nowhere else: only its SHA-256 is kept."""

    key_id: int
    api_key: str


class NewSession(Struct, frozen=True):
    """A session just made, and the token that stands for it."""

    session_id: int
    token: str
    expires_at: UnixSeconds


class ApiKeyRecord(Struct, frozen=True):
    """What may be shown of a key."""

    key_id: int
    firm_id: FirmId
    mode: Mode
    last_four: str
    user_id: int
    is_auditor: bool
    created_at: UnixSeconds
    expires_at: UnixSeconds | None
    revoked_at: UnixSeconds | None


class SessionRecord(Struct, frozen=True):
    """What may be shown of a session."""

    session_id: int
    firm_id: FirmId
    mode: Mode
    user_id: int
    device_id: DeviceId
    device_name: str
    platform: Platform | None
    is_admin: bool
    is_auditor: bool
    created_at: UnixSeconds
    expires_at: UnixSeconds
    revoked_at: UnixSeconds | None


class AccessRecords:
    """Writes and lists the records, over a connection with the role numbering_owner. Faults are asyncpg's own."""

    def __init__(self, connection: asyncpg.Connection, keys_path: Path, clock: Callable[[], UnixSeconds]) -> None:
        """The key file at `keys_path` is read only to sign a session; it need not exist before."""
        self._connection = connection
        self._keys_path = keys_path
        self._clock = clock

    async def create_firm(self, name: str) -> FirmId:
        """A new firm."""
        firm_id = FirmId("firm_" + random_text(BASE36, FIRM_CHARACTERS))
        await self._connection.execute(statement("access_add_firm"), firm_id, name)
        return firm_id

    async def create_key(
        self,
        firm_id: FirmId,
        mode: Mode,
        *,
        user_id: int = 1,
        lifetime_seconds: int | None = None,
        is_auditor: bool = False,
    ) -> NewKey:
        """A new API key of a user of the firm, for ever unless a lifetime is given; one of an auditor only reads.

        Raises UnknownFirmError.
        """
        secret = f"sk_{mode}_" + random_text(BASE62, SECRET_CHARACTERS)
        digest = hashlib.sha256(secret.encode()).digest()
        expires_at = None if lifetime_seconds is None else self._clock() + lifetime_seconds
        key_id = await self._insert(
            "access_add_api_key", firm_id, mode, user_id, digest, secret[-4:], expires_at, is_auditor
        )
        return NewKey(key_id=key_id, api_key=secret)

    async def create_session(
        self,
        firm_id: FirmId,
        mode: Mode,
        *,
        device_id: str,
        device_name: str,
        platform: Platform | None,
        right: Right = Right.USER,
        user_id: int = 1,
        lifetime_seconds: int = SESSION_SECONDS,
    ) -> NewSession:
        """A new session of a device; an empty `device_id` is a session that cannot lock. One of an auditor only reads.

        Raises UnknownFirmError, and KeyFileError with nothing written.
        """
        # Only a key that exists: a session signed by a key made just now would open no running service.
        key = KeyFile(self._keys_path).current_session_key
        now = self._clock()
        expires_at = UnixSeconds(now + lifetime_seconds)
        of_device = (device_id, device_name, platform)
        is_admin, is_auditor = right is Right.ADMIN, right is Right.AUDITOR
        session_id = await self._insert(
            "access_add_session", firm_id, mode, user_id, *of_device, is_admin, expires_at, is_auditor
        )
        claims = SessionClaims(
            sub=str(user_id),
            firm=firm_id,
            sid=session_id,
            did=DeviceId(device_id),
            adm=is_admin,
            mode=mode,
            exp=expires_at,
            iat=now,
        )
        token = sign(claims, key)
        return NewSession(session_id=session_id, token=token, expires_at=expires_at)

    async def keys(self, firm_id: FirmId | None = None) -> list[ApiKeyRecord]:
        """The keys of a firm, or all, oldest first; revoked and expired ones too."""
        rows = await self._connection.fetch(statement("access_api_keys"), firm_id)
        return msgspec.convert([dict(row) for row in rows], list[ApiKeyRecord])

    async def sessions(self, firm_id: FirmId | None = None) -> list[SessionRecord]:
        """The sessions of a firm, or all, oldest first; revoked and expired ones too."""
        rows = await self._connection.fetch(statement("access_sessions"), firm_id)
        return msgspec.convert([dict(row) for row in rows], list[SessionRecord])

    async def revoke_key(self, key_id: int) -> bool:
        """End a key; False if there is none. Processes that saw it lately believe it a little longer, see `Access`."""
        return await self._connection.fetchval(statement("access_revoke_api_key"), key_id) is not None

    async def revoke_session(self, session_id: int) -> bool:
        """End a session; as `revoke_key`."""
        return await self._connection.fetchval(statement("access_revoke_session"), session_id) is not None

    async def _insert(self, name: str, firm_id: FirmId, *values: object) -> int:
        try:
            record_id: int = await self._connection.fetchval(statement(name), firm_id, *values)
        except asyncpg.ForeignKeyViolationError as error:
            raise UnknownFirmError(f"there is no firm {firm_id}") from error
        return record_id


@asynccontextmanager
async def access_records(
    database_url: str, keys_path: Path, clock: Callable[[], UnixSeconds]
) -> AsyncGenerator[AccessRecords]:
    """The records over a connection of their own. Raises asyncpg's errors and OSError."""
    async with connected(database_url, "numbering_owner", "numbering") as connection:
        yield AccessRecords(connection, keys_path, clock)
