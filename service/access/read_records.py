"""Records of what auditors read: who, what, when. They are written in batches, beside the requests.

No read fails or waits because of its record. What cannot be written is kept and tried again; what finds no room any
more is counted and said, so that no record is lost silently.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import asdict

from schemas.api.audit import AuditRead, AuditReads
from schemas.values import FirmId, Mode, UnixSeconds
from service.log.event_log import LogFaultError
from service.log.postgres_faults import read_faults
from service.log.sessions import cut_off_after
from service.random_ids import random_uuid
from service.statements import statement

WAITING_MAX: Final = 20_000
"""How many records wait for the database at most: some minutes of a busy auditor, and about 20 MiB."""

BATCH_MAX: Final = 1_000
BATCH_SECONDS: Final = 0.5
"""How long records gather before they are written: what a process that is killed loses at most."""

RETRY_SECONDS: Final = 2.0
WRITE_SECONDS_MAX: Final = 5.0
STOP_SECONDS_MAX: Final = 5.0
FORGET_SECONDS: Final = 3_600.0
FORGET_MAX: Final = 10_000
DAY_SECONDS: Final = 86_400

_say = structlog.get_logger(__name__)


class ReadRecord(Struct, frozen=True, omit_defaults=False):
    """One request of an auditor; the names are those of `schemas.api.audit.AuditRead`."""

    credential: str
    user_id: int | None
    carrier: str
    method: str
    route: str
    resource: dict[str, str]
    filter: dict[str, str]
    status: int | None
    request_id: str


class _Waiting(Struct, frozen=True):
    key: UUID
    firm_id: FirmId
    mode: Mode
    at: UnixSeconds
    body: str


class ReadRecorder:
    """Takes records at once and writes them later, over a pool of the role numbering_writer."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        keep_days: int,
        clock: Callable[[], UnixSeconds],
        on_written: Callable[[int], None] = lambda _: None,
        on_dropped: Callable[[int], None] = lambda _: None,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        """`keep_days` is how old a record gets; 0 keeps all. The callbacks are told how many."""
        self._pool = pool
        self._keep_days = keep_days
        self._clock = clock
        self._on_written = on_written
        self._on_dropped = on_dropped
        self._waiting_max = waiting_max
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._is_full = False
        self._forget_at = 0.0

    def note(self, firm_id: FirmId, mode: Mode, record: ReadRecord) -> None:
        """Keep this record for the next batch. It never waits and never fails; without room it is dropped, and said."""
        if len(self._waiting) >= self._waiting_max:
            self._drop(1)
            return
        body = msgspec.json.encode(record).decode()
        self._waiting.append(_Waiting(UUID(random_uuid()), firm_id, mode, self._clock(), body))
        self._wake.set()

    async def run(self) -> None:
        """Write until cancelled, and forget once an hour what is too old; belongs in a TaskGroup."""
        loop = asyncio.get_running_loop()
        while True:
            if loop.time() >= self._forget_at:
                self._forget_at = loop.time() + FORGET_SECONDS
                await self._forget()
            await self._woken()
            await asyncio.sleep(BATCH_SECONDS)
            while self._waiting:
                if not await self._write_batch():
                    await asyncio.sleep(RETRY_SECONDS)

    async def page(self, firm_id: FirmId, mode: Mode, *, before: int | None, limit: int) -> AuditReads:
        """One page of what auditors of the firm read in this mode, the latest first. Raises LogUnavailableError."""
        with read_faults():
            async with self._pool.acquire(timeout=WRITE_SECONDS_MAX) as connection:
                with cut_off_after(connection, WRITE_SECONDS_MAX):
                    rows = await connection.fetch(statement("access_audit_reads"), firm_id, mode, before, limit + 1)
        return AuditReads(data=[read_in(row) for row in rows[:limit]], has_more=len(rows) > limit)

    async def _woken(self) -> None:
        """Return when there is a record to write, or when it is time to forget."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(max(0.0, self._forget_at - loop.time())):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    async def write_all(self) -> None:
        """Write what waits, once no request is answered any more; what the database does not take is said and counted.

        It takes at most STOP_SECONDS_MAX.
        """
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + STOP_SECONDS_MAX
        while self._waiting and loop.time() < ends_at:
            if not await self._write_batch():
                break
        if self._waiting:
            self._drop(len(self._waiting))
            self._waiting.clear()

    async def _write_batch(self) -> bool:
        """Write the oldest records; False if the database does not take them, then they still wait."""
        batch = [self._waiting[at] for at in range(min(BATCH_MAX, len(self._waiting)))]
        columns = [[getattr(each, name) for each in batch] for name in ("key", "firm_id", "mode", "at", "body")]
        if not await self._done("access_add_audit_reads", columns):
            return False
        for _ in batch:
            self._waiting.popleft()
        self._is_full = False
        self._on_written(len(batch))
        return True

    async def _forget(self) -> None:
        """Forget what is older than `keep_days`; what is left because of a fault is forgotten an hour later."""
        if self._keep_days:
            before = self._clock() - self._keep_days * DAY_SECONDS
            await self._done("access_forget_audit_reads", (before, FORGET_MAX))

    async def _done(self, name: str, arguments: Sequence[object]) -> bool:
        try:
            with read_faults():
                async with self._pool.acquire(timeout=WRITE_SECONDS_MAX) as connection:
                    with cut_off_after(connection, WRITE_SECONDS_MAX):
                        await connection.execute(statement(name), *arguments)
        except LogFaultError as fault:
            _say.warning("the database takes no records of reads; they wait", fault=repr(fault))
            return False
        return True

    def _drop(self, count: int) -> None:
        self._on_dropped(count)
        if not self._is_full:
            self._is_full = True
            _say.error("records of what auditors read are lost: the database takes none", lost=count)


def read_in(row: asyncpg.Record) -> AuditRead:
    """The read in a row of access_audit_reads."""
    record = _decoder.decode(row["body"])
    return AuditRead(id=row["read_id"], at=row["at"], **asdict(record))


_decoder: Final = msgspec.json.Decoder(ReadRecord)


@asynccontextmanager
async def recording_reads(recorder: ReadRecorder) -> AsyncGenerator[None]:
    """Write records for the life of the block, and at its end those that still wait."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(recorder.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            await recorder.write_all()
