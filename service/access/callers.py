"""Who is calling: API keys and device sessions, verified against their records (CONTRACT.md section 3)."""

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, TypeVar

import asyncpg
from msgspec import Struct
from msgspec.structs import replace

from schemas.commands import Caller
from schemas.values import Actor, ActorKind, DeviceId, FirmId, LogId, Mode, Platform, UnixSeconds
from service.access.identity_provider import IdentityClaims, IdentityKeys
from service.access.key_file import KeyFile
from service.access.session_tokens import SessionClaims, verify
from service.log.postgres_faults import read_faults
from service.log.sessions import cut_off_after
from service.statements import statement

CREDENTIALS_MAX: Final = 50_000
DEVICE_NAMES_MAX: Final = 50_000
LOOKUP_SECONDS: Final = 5.0
TURNS: Final = 64
SESSION_ID_MAX: Final = 9_223_372_036_854_775_807
API_KEY: Final = re.compile(r"sk_(live|test)_[0-9A-Za-z]{24}", re.ASCII)
CREDENTIAL_CHARACTERS_MAX: Final = 4096


Kept = TypeVar("Kept")


class AuthFailure(StrEnum):
    """Why a credential does not let in; the web has an error code for each."""

    MISSING = "missing"
    INVALID = "invalid"
    EXPIRED = "expired"


class Principal(Struct, frozen=True):
    """Who calls, and what only the edge needs to know of it.

    `credential_id` (`key:7`, `session:12`) names the credential in limits and log lines without giving it away. An
    auditor may read everything of its firm and write nothing.
    """

    caller: Caller
    log_id: LogId
    credential_id: str
    expires_at: UnixSeconds | None
    device_name: str | None = None
    is_auditor: bool = False

    @property
    def key_id(self) -> int | None:
        """The record of the API key, if it is one."""
        return int(self.caller.actor.id) if self.caller.actor.kind is ActorKind.KEY else None

    @property
    def session_id(self) -> int | None:
        """The record of the device session, if it is one."""
        return self.caller.session_id


class _Seen(Struct, frozen=True):
    principal: Principal
    at: UnixSeconds


class Access:
    """Answers who calls. What it found is believed for `cache_seconds`; a revocation acts that much later."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        keys: KeyFile,
        *,
        cache_seconds: int,
        clock: Callable[[], UnixSeconds],
        identity: IdentityKeys | None = None,
    ) -> None:
        """`pool` is of the role numbering_writer; `identity` are the keys of an identity provider, if there is one."""
        self._pool = pool
        self._keys = keys
        self._identity = identity
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._seen: OrderedDict[bytes, _Seen] = OrderedDict()
        self._over: OrderedDict[bytes, None] = OrderedDict()
        self._device_names: OrderedDict[int, str] = OrderedDict()
        # One look-up at a time for one credential, so that a burst of requests costs one query.
        self._turns = [asyncio.Lock() for _ in range(TURNS)]

    async def who(self, credential: str) -> Principal | AuthFailure:
        """Whom this credential (what follows `Bearer `) stands for, or why for nobody.

        Raises LogUnavailableError if PostgreSQL must be asked and cannot be.
        """
        if not credential:
            return AuthFailure.MISSING
        digest = _digest_of(credential)
        if digest is None:
            return AuthFailure.INVALID
        known = self._recall(digest)
        if known is not None:
            return known
        async with self._turns[digest[0] % TURNS]:
            found = self._recall(digest) or await self._look_up(credential, digest)
            if isinstance(found, Principal):
                self._remember(digest, found)
            else:
                self._seen.pop(digest, None)
        return found

    def recall(self, credential: str) -> Principal | None:
        """Whom it stands for, if that was looked up a moment ago: nearly every request needs no more than this."""
        digest = _digest_of(credential)
        return None if digest is None else self._recall(digest)

    def is_credible(self, credential: str) -> bool:
        """Whether a stranger cannot have made it up: it was good here before, or somebody we trust signed it.

        Costs no query. What a look-up found to be over is not credible any more.
        """
        digest = _digest_of(credential)
        if digest is None:
            return False
        if digest in self._seen:
            return True
        return digest not in self._over and not API_KEY.fullmatch(credential) and self._claims(credential) is not None

    @staticmethod
    def is_key_shaped(credential: str) -> bool:
        """Whether it could be one of our API keys, which only a look-up can tell."""
        return API_KEY.fullmatch(credential) is not None

    async def device_names(self, session_ids: Sequence[int]) -> dict[int, str]:
        """The device names of these sessions, for views of locks: they are personal data, so no event has them.

        Raises LogUnavailableError.
        """
        missing = [each for each in session_ids if each not in self._device_names]
        if missing:
            rows = await self._fetch("access_device_names", missing)
            self._device_names.update({row["session_id"]: row["device_name"] for row in rows})
        found = {each: self._device_names[each] for each in session_ids if each in self._device_names}
        while len(self._device_names) > DEVICE_NAMES_MAX:
            self._device_names.popitem(last=False)
        return found

    def _recall(self, digest: bytes) -> Principal | None:
        seen = self._seen.get(digest)
        now = self._clock()
        # A clock set back must not make us believe for longer, so an age below zero is too old as well.
        if seen is None or not 0 <= now - seen.at < self._cache_seconds or _is_over(seen.principal.expires_at, now):
            return None
        return seen.principal

    def _remember(self, digest: bytes, principal: Principal) -> None:
        _keep(self._seen, digest, _Seen(principal, self._clock()))

    async def _look_up(self, credential: str, digest: bytes) -> Principal | AuthFailure:
        if API_KEY.fullmatch(credential):
            return await self._key(digest)
        claims = self._claims(credential)
        if claims is None:
            return AuthFailure.INVALID
        found = await self._session(claims)
        if not isinstance(found, Principal):
            _keep(self._over, digest, None)
        return found

    def _claims(self, token: str) -> SessionClaims | IdentityClaims | None:
        """What a token says that somebody we trust signed and whose time is now."""
        now = self._clock()
        own = verify(token, self._keys)
        if own is not None:
            return None if _is_over(own.exp, now) else own
        theirs = None if self._identity is None else self._identity.verify(token)
        return theirs if theirs is not None and theirs.nbf <= now < theirs.exp else None

    async def _key(self, digest: bytes) -> Principal | AuthFailure:
        rows = await self._fetch("access_api_key", digest)
        if not rows or rows[0]["is_revoked"]:
            return AuthFailure.INVALID
        row = rows[0]
        if _is_over(row["expires_at"], self._clock()):
            return AuthFailure.EXPIRED
        actor = Actor(kind=ActorKind.KEY, id=str(row["key_id"]), user_id=row["user_id"])
        return Principal(
            caller=Caller(firm_id=FirmId(row["firm_id"]), mode=Mode(row["mode"]), actor=actor),
            log_id=LogId(row["log_id"]),
            credential_id=f"key:{row['key_id']}",
            expires_at=row["expires_at"],
            is_auditor=row["is_auditor"],
        )

    async def _session(self, claims: SessionClaims | IdentityClaims) -> Principal | AuthFailure:
        if not 0 < claims.sid <= SESSION_ID_MAX:
            return AuthFailure.INVALID
        rows = await self._fetch("access_session", claims.sid)
        if not rows or not _matches(rows[0], claims) or _is_over(rows[0]["expires_at"], self._clock()):
            return AuthFailure.INVALID
        principal = _session_principal(rows[0])
        return replace(principal, expires_at=min(rows[0]["expires_at"], int(claims.exp)))

    async def _fetch(self, name: str, argument: object) -> list[asyncpg.Record]:
        with read_faults():
            async with self._pool.acquire(timeout=LOOKUP_SECONDS) as connection:
                with cut_off_after(connection, LOOKUP_SECONDS):
                    return await connection.fetch(statement(name), argument)


def _matches(row: asyncpg.Record, claims: SessionClaims | IdentityClaims) -> bool:
    """Whether the record is alive and the one the token was signed for; its rights are the record's."""
    told = (claims.firm, claims.mode, claims.sub, row["device_id"] if claims.did is None else claims.did)
    return not row["is_revoked"] and told == (row["firm_id"], row["mode"], str(row["user_id"]), row["device_id"])


def _session_principal(row: asyncpg.Record) -> Principal:
    platform = Platform(row["platform"]) if row["platform"] else None
    return Principal(
        caller=Caller(
            firm_id=FirmId(row["firm_id"]),
            mode=Mode(row["mode"]),
            actor=Actor(kind=ActorKind.SESSION, id=str(row["session_id"]), user_id=row["user_id"]),
            # An auditor is no device: it must not see, or use, the tokens of one.
            device_id=DeviceId(row["device_id"]) if row["device_id"] and not row["is_auditor"] else None,
            platform=platform,
            session_id=row["session_id"],
            is_admin=row["is_admin"],
        ),
        log_id=LogId(row["log_id"]),
        credential_id=f"session:{row['session_id']}",
        expires_at=row["expires_at"],
        device_name=row["device_name"],
        is_auditor=row["is_auditor"],
    )


def _digest_of(credential: str) -> bytes | None:
    """The digest by which a credential is known; none for a text that cannot be a credential."""
    if not credential.isascii() or len(credential) > CREDENTIAL_CHARACTERS_MAX:
        return None
    return hashlib.sha256(credential.encode()).digest()


def _keep(kept: OrderedDict[bytes, Kept], digest: bytes, what: Kept) -> None:
    """Keep it and at most CREDENTIALS_MAX in all; the oldest is dropped, and looked up again when it is used."""
    kept[digest] = what
    kept.move_to_end(digest)
    while len(kept) > CREDENTIALS_MAX:
        kept.popitem(last=False)


def _is_over(expires_at: int | None, now: UnixSeconds) -> bool:
    return expires_at is not None and now >= expires_at
