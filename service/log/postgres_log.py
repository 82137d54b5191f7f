"""The log in PostgreSQL. `log.append` decides what may be written; this module says it in Python."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Self

import asyncpg
import msgspec
import structlog
from asyncpg.pool import PoolConnectionProxy

from schemas.outcomes import KNOWN_OUTCOMES, Outcome
from schemas.record import StoredRecord
from schemas.values import DEFAULT_LOG, Digest, DocumentId, LogId, Number, Position, SeriesId
from service import clock
from service.log.appender import ROLE, Appender, stored_of
from service.log.clock_guard import ClockGuard
from service.log.event_log import (
    Answer,
    Batch,
    Content,
    HeldLog,
    LogUnavailableError,
    NewerReleaseError,
    RecordOutline,
    Snapshot,
    StalePositionError,
)
from service.log.identity import LogIdentity
from service.log.postgres_faults import hearing_warnings, read_faults
from service.log.sessions import ANSWER_SECONDS_MAX, connected, cut_off_after, end, open_pool
from service.statements import statement

READ_SECONDS_MAX: Final = ANSWER_SECONDS_MAX
SNAPSHOT_SECONDS_MAX: Final = 10
"""A snapshot is the one thing that is read, or kept, as a whole however large it is."""
POOL_MAX: Final = 8
SILENT_MILLISECONDS_MAX: Final = 5_000
TRANSACTION_TIMEOUT: Final = "30s"
"""For a transaction that stays open although its process says something now and then. A commit's wait for its standbys
does not count."""

TRANSACTION_TIMEOUT_SINCE: Final = 170_000
TRY_SECONDS_MAX: Final = 2.5
TRY_FRESH_SECONDS: Final = 1.0


class _Kind(msgspec.Struct, frozen=True):
    type: str


_outcome_decoder: msgspec.json.Decoder[Outcome] = msgspec.json.Decoder(Outcome)
_kind_decoder = msgspec.json.Decoder(_Kind)
_say = structlog.get_logger(__name__)


class DurabilityError(Exception):
    """The server would acknowledge commits that it can lose; the service refuses to start on it."""


class PostgresLog:
    """One log of a PostgreSQL database, written through a connection of its own and read through a pool."""

    def __init__(self, database_url: str, pool: asyncpg.Pool, log_id: LogId, server_settings: dict[str, str]) -> None:
        # For reads, by any coroutine; also for those of `service.access`. Nothing is written to the log through it.
        self.pool = pool
        self._log_id = log_id
        self._clock_guard = ClockGuard(self.clock_skew)
        self._appender = Appender(database_url, log_id, self._clock_guard, server_settings, pool.expire_connections)
        # Where the log ended when `try_to_write` last looked.
        self._tried_at = Position(0)

    @classmethod
    async def open(cls, database_url: str, log_id: LogId = DEFAULT_LOG) -> Self:
        """Connect and check that commits are durable; raises DurabilityError, ClockError, LogUnavailableError."""
        with read_faults():
            # Every session keeps what was found right, so that no change of the server's settings makes the commits of
            # a running service less durable.
            commits, server_version = await _durable_commits(database_url)
            # Nor silence the warning that one of them is not durable yet (`hearing_warnings`).
            settings = {"synchronous_commit": commits, "client_min_messages": "warning"}
            if server_version >= TRANSACTION_TIMEOUT_SINCE:
                settings["transaction_timeout"] = TRANSACTION_TIMEOUT
            pool = await open_pool(
                database_url,
                ROLE,
                "numbering reader",
                sizes=(1, POOL_MAX),
                seconds_max=SNAPSHOT_SECONDS_MAX,
                reset=_keep,
                **settings,
            )
        log = cls(database_url, pool, log_id, settings)
        try:
            await log._clock_guard.require_agreement()
        except BaseException:
            await log.close()
            raise
        return log

    @property
    def log_id(self) -> LogId:
        """Which log this is."""
        return self._log_id

    async def identity(self) -> LogIdentity:
        """See EventLog.identity."""
        row = await self._fetch_row("log_identity", self._log_id)
        if row is None:
            raise LogUnavailableError(f"log {self._log_id} does not exist")
        return LogIdentity(
            installation=row["installation"],
            lineage=row["lineage"],
            given_up=frozenset(row["given_up"]),
            home=row["home"],
            system=row["system"],
            timeline=row["timeline"],
        )

    async def close(self) -> None:
        """Give the connections back; the log is not usable afterwards."""
        self._appender.close()
        end(self.pool)

    async def append(self, expected: Position, batch: Batch) -> None:
        """See EventLog.append."""
        await self._appender.append(expected, batch)

    def hold(self, after: Position | None = None) -> AbstractAsyncContextManager[HeldLog]:
        """See EventLog.hold."""
        return self._appender.hold(after)

    async def try_to_write(self) -> None:
        """Do what a request needs that writes, with nothing in it; costs nothing just after a write.

        Raises LogReadOnlyError, LogHaltedError, LogUnavailableError and AppendInDoubtError.
        """
        try:
            await self._appender.try_to_write(self._tried_at, TRY_SECONDS_MAX, fresh_seconds=TRY_FRESH_SECONDS)
        except StalePositionError as stale:
            # The connection, the lock and the look at the head work; the next try is made where the log ends by now.
            self._tried_at = stale.head

    async def head(self) -> Position:
        """See EventLog.head."""
        await self._clock_guard.refuse_if_set()
        row = await self._fetch_row("log_head", self._log_id)
        return Position(row["position"] if row is not None else 0)

    async def halted(self) -> str | None:
        """See EventLog.halted."""
        row = await self._fetch_row("log_head", self._log_id)
        return row["halted_because"] if row is not None else None

    async def halt(self, because: str) -> None:
        """See EventLog.halt."""
        await self._fetch_row("log_halt", self._log_id, because)

    async def barrier(self, reader: str) -> Position:
        """See EventLog.barrier. The statement is its own transaction: it has committed when the row is here."""
        async with self._reading() as connection:
            with hearing_warnings(connection) as warnings:
                head = await connection.fetchval(statement("log_barrier"), self._log_id, reader)
        if warnings:
            raise LogUnavailableError(warnings[0])
        return Position(head)

    async def read(self, after: Position, limit: int) -> list[StoredRecord]:
        """See EventLog.read."""
        return [stored_of(row[0]) for row in await self._fetch("log_read", self._log_id, after, limit)]

    async def read_outlines(self, after: Position, limit: int) -> list[RecordOutline]:
        """See EventLog.read_outlines."""
        rows = await self._fetch("log_read_outlines", self._log_id, after, limit)
        return [RecordOutline(self._log_id, *row) for row in rows]

    async def record_at(self, position: Position) -> StoredRecord | None:
        """See EventLog.record_at."""
        row = await self._fetch_row("log_record_at", self._log_id, position)
        return None if row is None else stored_of(row[0])

    async def document(self, document_id: DocumentId) -> list[StoredRecord]:
        """See EventLog.document."""
        return [stored_of(row[0]) for row in await self._fetch("log_document", document_id)]

    async def consumption(self, series_id: SeriesId, number: Number) -> StoredRecord | None:
        """See EventLog.consumption."""
        row = await self._fetch_row("log_consumption", series_id, number)
        return None if row is None else stored_of(row[0])

    async def contents(self, digests: Sequence[Digest]) -> dict[Digest, Content]:
        """See EventLog.contents."""
        rows = await self._fetch("log_contents", [bytes.fromhex(digest) for digest in digests])
        found = (Content(Digest(row["digest"].hex()), row["salt"], row["body"].encode()) for row in rows)
        return {content.digest: content for content in found}

    async def lost_contents(self, digests: Sequence[Digest]) -> set[Digest]:
        """See EventLog.lost_contents."""
        rows = await self._fetch("log_lost_contents", [bytes.fromhex(digest) for digest in digests])
        return {Digest(row["digest"].hex()) for row in rows}

    async def answer(self, key: bytes) -> Answer | None:
        """See EventLog.answer."""
        row = await self._fetch_row("log_answer", key)
        return None if row is None else Answer(key, row["request"], _outcome_of(row["outcome"]))

    async def snapshot(self, release: str) -> Snapshot | None:
        """See EventLog.snapshot."""
        async with self._reading(SNAPSHOT_SECONDS_MAX) as connection:
            row = await connection.fetchrow(statement("log_snapshot"), self._log_id, release)
        return None if row is None else Snapshot(Position(row["position"]), row["record_digest"], row["state"])

    async def keep_snapshot(self, release: str, snapshot: Snapshot) -> None:
        """See EventLog.keep_snapshot."""
        values = (snapshot.position, release, snapshot.record_digest, snapshot.state)
        async with self._reading(SNAPSHOT_SECONDS_MAX) as connection:
            await connection.execute(statement("log_keep_snapshot"), self._log_id, *values)

    async def takes_writes(self) -> bool:
        """Whether the server lets a session write: it is no standby, and not read-only. Raises LogUnavailableError."""
        row = await self._fetch_row("server_takes_writes")
        assert row is not None, "a SELECT without FROM returns a row"
        return bool(row["takes_writes"])

    async def clock_skew(self) -> float:
        """How many seconds this machine's clock is ahead of the server's. Raises LogUnavailableError."""
        before = clock.seconds()
        row = await self._fetch_row("clock")
        assert row is not None, "a SELECT without FROM returns a row"
        return (before + clock.seconds()) / 2 - float(row["now"])

    async def _fetch(self, name: str, *arguments: object) -> list[asyncpg.Record]:
        async with self._reading() as connection:
            return await connection.fetch(statement(name), *arguments)

    async def _fetch_row(self, name: str, *arguments: object) -> asyncpg.Record | None:
        async with self._reading() as connection:
            return await connection.fetchrow(statement(name), *arguments)

    @asynccontextmanager
    async def _reading(self, seconds_max: float = READ_SECONDS_MAX) -> AsyncGenerator[PoolConnectionProxy]:
        """A connection for one statement, which has `seconds_max`. Raises LogUnavailableError."""
        with read_faults():
            # The same time again to get one, and to give it back.
            async with self.pool.acquire(timeout=READ_SECONDS_MAX) as connection:
                try:
                    with cut_off_after(connection, seconds_max):
                        yield connection
                except asyncio.CancelledError:
                    # asyncpg would ask the server to cancel the statement, and have the caller wait for a silent one.
                    connection.terminate()
                    raise
                except asyncpg.PostgresConnectionError:
                    # The others of the pool may be as dead: each is replaced when it is next asked for.
                    await self.pool.expire_connections()
                    raise


def _outcome_of(text: str) -> Outcome:
    """What is kept as an answer. Raises NewerReleaseError."""
    try:
        return _outcome_decoder.decode(text)
    except msgspec.ValidationError as error:
        kind = _kind_decoder.decode(text).type
        if kind in KNOWN_OUTCOMES:
            raise
        raise NewerReleaseError(
            f"the answer that is kept is of kind {kind}, which this release does not know: a newer release wrote it. "
            "Start that release in place of this one"
        ) from error


async def _durable_commits(database_url: str) -> tuple[str, int]:
    """The server's synchronous_commit, by which no acknowledged commit is lost, and its version.

    Raises DurabilityError.
    """
    async with connected(database_url, ROLE, "numbering") as connection:
        row = await connection.fetchrow(statement("log_durability"))
    assert row is not None, "a SELECT without FROM returns a row"
    found: str = row["synchronous_commit"]
    if found not in {"on", "remote_apply"}:
        raise DurabilityError(f"synchronous_commit is {found}: the server may lose what it acknowledged; set it to on")
    for name in ("fsync", "full_page_writes"):
        if row[name] != "on":
            _say.warning("a power cut may lose acknowledged numbers", setting=name, value=row[name])
    if not 0 < row["silent_milliseconds"] <= SILENT_MILLISECONDS_MAX:
        setting = "idle_in_transaction_session_timeout"
        _say.warning("a vanished process may keep the log locked", setting=setting, value=row["silent_milliseconds"])
    return found, row["server_version"]


async def _keep(connection: asyncpg.Connection) -> None:
    """A connection goes back to the pool as it is: nothing here changes a session's settings."""
