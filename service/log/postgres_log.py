"""The log in PostgreSQL. `log.append` decides what may be written; this module says it in Python."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Self

import asyncpg
import msgspec
import structlog

from schemas.outcomes import Outcome
from schemas.record import StoredRecord, decode_record
from schemas.values import DEFAULT_LOG, Digest, DocumentId, LogId, Number, Position, SeriesId
from service import clock
from service.log.clock_guard import ClockGuard
from service.log.event_log import Answer, Batch, Content, LogUnavailableError, RecordOutline, Snapshot
from service.log.identity import LogIdentity
from service.log.postgres_faults import CONNECT_SECONDS_MAX, append_faults, hearing_warnings, read_faults
from service.statements import statement

ROLE: Final = "numbering_writer"
READ_SECONDS_MAX: Final = 10
APPEND_SECONDS_MAX: Final = 60
"""An append that takes longer has lost its server without a word; its outcome is then in doubt, not failed."""
POOL_MAX: Final = 8

_outcome_encoder = msgspec.json.Encoder()
_outcome_decoder: msgspec.json.Decoder[Outcome] = msgspec.json.Decoder(Outcome)
_say = structlog.get_logger(__name__)


class DurabilityError(Exception):
    """The server would acknowledge commits that it can lose; the service refuses to start on it."""


class PostgresLog:
    """One log of a PostgreSQL database, written through a connection of its own and read through a pool."""

    def __init__(self, database_url: str, pool: asyncpg.Pool, log_id: LogId, server_settings: dict[str, str]) -> None:
        # For reads, by any coroutine; also for those of `service.access`. Nothing is written to the log through it.
        self.pool = pool
        self._database_url = database_url
        self._log_id = log_id
        self._server_settings = server_settings
        self._clock_guard = ClockGuard(self.clock_skew)
        # The connection that writes. Only the holder of `_appending` opens, uses or terminates it, except `close`.
        self._appender: asyncpg.Connection | None = None
        self._appending = asyncio.Lock()

    @classmethod
    async def open(cls, database_url: str, log_id: LogId = DEFAULT_LOG) -> Self:
        """Connect and check that commits are durable; raises DurabilityError, ClockError, LogUnavailableError."""
        with read_faults():
            # Every session keeps what was found right, so that no change of the server's settings makes the commits of
            # a running service less durable.
            commits = await _durable_commits(database_url)
            # Nor silence the warning that one of them is not durable yet (`hearing_warnings`).
            settings = {"role": ROLE, "synchronous_commit": commits, "client_min_messages": "warning"}
            pool = await asyncpg.create_pool(
                database_url,
                min_size=1,
                max_size=POOL_MAX,
                timeout=CONNECT_SECONDS_MAX,
                command_timeout=READ_SECONDS_MAX,
                server_settings={**settings, "application_name": "numbering reader"},
                reset=_keep,
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
        return LogIdentity(**{**dict(row), "given_up": frozenset(row["given_up"])})

    async def close(self) -> None:
        """Give the connections back; the log is not usable afterwards."""
        if self._appender is not None:
            self._appender.terminate()
        self.pool.terminate()

    async def append(self, expected: Position, batch: Batch) -> None:
        """See EventLog.append. One statement, one commit: when it returns, PostgreSQL has made the batch durable."""
        await self._clock_guard.refuse_if_set()
        async with self._writing() as connection, asyncio.timeout(APPEND_SECONDS_MAX):
            # Before this line nothing is written; while it waits, only the log knows. The batch is durable, and its
            # numbers are spent, when `_writing` ends without an exception, not when the row is here: a commit that did
            # not wait for its standbys succeeds with a warning, which `append_faults` finds at the end.
            await connection.fetchval(statement("log_append"), *append_arguments(self._log_id, expected, batch))

    @asynccontextmanager
    async def hold(self) -> AsyncGenerator["_HeldPostgresLog"]:
        """See EventLog.hold. The row lock of log.head is ours from the first statement until the commit."""
        await self._clock_guard.refuse_if_set()
        async with (
            self._writing() as connection,
            asyncio.timeout(APPEND_SECONDS_MAX),
            connection.transaction(isolation="read_committed"),
        ):
            head = await connection.fetchval(statement("log_hold"), self._log_id)
            # What is appended in the block is durable when the commit after it has returned and `_writing` has ended.
            yield _HeldPostgresLog(connection, self._log_id, Position(head), self._clock_guard)

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
        with read_faults():
            async with self.pool.acquire() as connection:
                with hearing_warnings(connection) as warnings:
                    head = await connection.fetchval(statement("log_barrier"), self._log_id, reader)
        if warnings:
            raise LogUnavailableError(warnings[0])
        return Position(head)

    async def read(self, after: Position, limit: int) -> list[StoredRecord]:
        """See EventLog.read."""
        return [_stored(row[0]) for row in await self._fetch("log_read", self._log_id, after, limit)]

    async def read_outlines(self, after: Position, limit: int) -> list[RecordOutline]:
        """See EventLog.read_outlines."""
        rows = await self._fetch("log_read_outlines", self._log_id, after, limit)
        return [RecordOutline(self._log_id, *row) for row in rows]

    async def record_at(self, position: Position) -> StoredRecord | None:
        """See EventLog.record_at."""
        row = await self._fetch_row("log_record_at", self._log_id, position)
        return None if row is None else _stored(row[0])

    async def document(self, document_id: DocumentId) -> list[StoredRecord]:
        """See EventLog.document."""
        return [_stored(row[0]) for row in await self._fetch("log_document", document_id)]

    async def consumption(self, series_id: SeriesId, number: Number) -> StoredRecord | None:
        """See EventLog.consumption."""
        row = await self._fetch_row("log_consumption", series_id, number)
        return None if row is None else _stored(row[0])

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
        return None if row is None else Answer(key, row["request"], _outcome_decoder.decode(row["outcome"]))

    async def snapshot(self, release: str) -> Snapshot | None:
        """See EventLog.snapshot."""
        row = await self._fetch_row("log_snapshot", self._log_id, release)
        return None if row is None else Snapshot(Position(row["position"]), row["record_digest"], row["state"])

    async def keep_snapshot(self, release: str, snapshot: Snapshot) -> None:
        """See EventLog.keep_snapshot."""
        values = (snapshot.position, release, snapshot.record_digest, snapshot.state)
        await self._fetch_row("log_keep_snapshot", self._log_id, *values)

    async def clock_skew(self) -> float:
        """How many seconds this machine's clock is ahead of the server's. Raises LogUnavailableError."""
        before = clock.seconds()
        row = await self._fetch_row("clock")
        assert row is not None, "a SELECT without FROM returns a row"
        return (before + clock.seconds()) / 2 - float(row["now"])

    async def _fetch(self, name: str, *arguments: object) -> list[asyncpg.Record]:
        with read_faults():
            return await self.pool.fetch(statement(name), *arguments)

    async def _fetch_row(self, name: str, *arguments: object) -> asyncpg.Record | None:
        with read_faults():
            return await self.pool.fetchrow(statement(name), *arguments)

    @asynccontextmanager
    async def _writing(self) -> AsyncGenerator[asyncpg.Connection]:
        """The one connection that writes, for one coroutine at a time; what fails in the block is a fault of append."""
        async with self._appending:
            if self._appender is None or self._appender.is_closed():
                with read_faults():
                    self._appender = await asyncpg.connect(
                        self._database_url,
                        timeout=CONNECT_SECONDS_MAX,
                        server_settings={**self._server_settings, "application_name": "numbering writer"},
                    )
            connection = self._appender
            try:
                with append_faults(connection):
                    yield connection
            except asyncio.CancelledError:
                # A cancelled BEGIN or COMMIT leaves a transaction open, with the lock of the log: the next append
                # would write into it, be told that it is durable, and lose it.
                connection.terminate()
                raise


class _HeldPostgresLog:
    """A log inside a transaction that holds the row lock of its head."""

    def __init__(self, connection: asyncpg.Connection, log_id: LogId, head: Position, clock_guard: ClockGuard) -> None:
        self.head = head
        self._connection = connection
        self._log_id = log_id
        self._clock_guard = clock_guard

    async def read(self, after: Position, limit: int) -> list[StoredRecord]:
        """See HeldLog.read."""
        rows = await self._connection.fetch(statement("log_read"), self._log_id, after, limit)
        return [_stored(row[0]) for row in rows]

    async def append(self, expected: Position, batch: Batch) -> None:
        """See HeldLog.append."""
        await self._clock_guard.refuse_if_set()
        await self._connection.fetchval(statement("log_append"), *append_arguments(self._log_id, expected, batch))


async def _durable_commits(database_url: str) -> str:
    """The server's synchronous_commit, by which no acknowledged commit is lost. Raises DurabilityError."""
    connection = await asyncpg.connect(database_url, timeout=CONNECT_SECONDS_MAX, server_settings={"role": ROLE})
    try:
        row = await connection.fetchrow(statement("log_durability"))
    finally:
        await connection.close()
    assert row is not None, "a SELECT without FROM returns a row"
    found: str = row["synchronous_commit"]
    if found not in {"on", "remote_apply"}:
        raise DurabilityError(f"synchronous_commit is {found}: the server may lose what it acknowledged; set it to on")
    for name in ("fsync", "full_page_writes"):
        if row[name] != "on":
            _say.warning("a power cut may lose acknowledged numbers", setting=name, value=row[name])
    return found


def _stored(text: str) -> StoredRecord:
    return StoredRecord(decode_record(text), text.encode())


def append_arguments(log_id: LogId, expected: Position, batch: Batch) -> tuple[object, ...]:
    """What log.append takes, in its order."""
    return (
        log_id,
        expected,
        [stored.canonical.decode() for stored in batch.records],
        [bytes.fromhex(content.digest) for content in batch.contents],
        [content.salt for content in batch.contents],
        [content.body.decode() for content in batch.contents],
        [answer.key for answer in batch.answers],
        [answer.request for answer in batch.answers],
        [_outcome_encoder.encode(answer.outcome).decode() for answer in batch.answers],
    )


async def _keep(connection: asyncpg.Connection) -> None:
    """A connection goes back to the pool as it is: nothing here changes a session's settings."""
