"""The API in this process behind a real port, and a client that calls it with one credential or another."""

import io
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import asyncpg

from schemas.values import UnixSeconds
from service.access.callers import Access
from service.access.identity_provider import IdentityKeys
from service.access.key_file import KeyFile, ensure
from service.access.lost_history import LostHistory
from service.access.read_records import ReadRecorder, recording_reads
from service.access.reservation_tokens import TokenSealer
from service.api.admission.reply_room import ReplyRoom
from service.api.calling.dependencies import Dependencies
from service.api.catalogue import ROUTES
from service.api.entrance import Entrance
from service.api.openapi.document import openapi_document
from service.configuration.settings import Settings
from service.health import Check, HealthBoard
from service.log.event_log import EventLog
from service.log.postgres_log import PostgresLog
from service.metrics import new_metrics
from service.tracing.tracer import Tracer
from service.web.application import WebApplication
from service.web.health import OPEN_ROUTES
from service.web.patience import Patience
from service.web.server import serving
from service.writer.writer import Writer
from tests.support.service.firms import Firm, a_firm
from tests.support.service.openapi_check import Document
from tests.support.tasks import running_beside

CACHE_SECONDS: Final = 5
"""After this time a revocation surely acts: a test must move its clock by at least this much."""

AN_INVOICE: Final[dict[str, Any]] = {
    "client_data": {"type": "b2b", "name": "Acme SRL", "cui": "RO123"},
    "items": [{"description": "Paper", "quantity": 2, "price": 10.5, "vat_rate": 19}],
}


@dataclass
class Clock:
    """A clock that a test sets."""

    ahead_seconds: int = 0

    def __call__(self) -> UnixSeconds:
        """The time now."""
        return UnixSeconds(int(time.time()) + self.ahead_seconds)


@dataclass(frozen=True)
class Answer:
    """One reply, decoded."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def data(self) -> Any:
        """The data of a success."""
        assert self.body["success"] is True, self.body
        return self.body["data"]

    @property
    def error(self) -> dict[str, Any]:
        """The error of a failure."""
        assert self.body["success"] is False, self.body
        error: dict[str, Any] = self.body["error"]
        assert error["status"] == self.status
        return error

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and code."""
        return self.status, self.error["code"]


@dataclass(frozen=True)
class Api:
    """A running service and the credentials of two firms."""

    base_url: str
    session: aiohttp.ClientSession
    firm: Firm
    other_firm: Firm
    clock: Clock
    entrance: Entrance
    document: Document

    @property
    def dependencies(self) -> Dependencies:
        """The dependencies of the API in this service."""
        return self.entrance.dependencies

    async def ask(
        self,
        method: str,
        path: str,
        credential: str | None = None,
        json: object = None,
        *,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request under /v1, as the firm's live key unless another credential is given; "" sends none."""
        credential = self.firm.live_key if credential is None else credential
        sent = {"Authorization": f"Bearer {credential}"} if credential else {}
        if data is not None:
            sent["Content-Type"] = "application/json"
        url = f"{self.base_url}/v1{path}"
        sent |= headers or {}
        sending = None if data is None else io.BytesIO(data)
        async with self.session.request(method, url, json=json, data=sending, headers=sent) as response:
            answer = Answer(response.status, await response.json(), response.headers)
        self.document.check(method, f"/v1{path.partition('?')[0]}", answer.status, answer.body)
        return answer

    async def get(self, path: str, credential: str | None = None) -> Answer:
        """GET."""
        return await self.ask("GET", path, credential)

    async def post(
        self, path: str, json: object = None, credential: str | None = None, key: str | None = None
    ) -> Answer:
        """POST, with an Idempotency-Key if one is given."""
        return await self.ask("POST", path, credential, json, headers={} if key is None else {"Idempotency-Key": key})

    async def a_series(self, name: str = "FACT", document_type: str = "fiscal", **more: object) -> str:
        """The id of a new series."""
        body = {"name": name, "document_type": document_type, **more}
        found: str = (await self.post("/invoice-series", body)).data["id"]
        return found

    async def a_locked_series(self, name: str = "FACT") -> str:
        """The id of a new series that device A holds."""
        series_id = await self.a_series(name)
        assert (await self.post(f"/invoice-series/{series_id}/lock", credential=self.firm.device_a)).status == 200
        return series_id

    async def tokens(self, series_id: str, count: int = 1) -> list[str]:
        """The tokens of new reservations of device A, ascending."""
        path = f"/invoice-series/{series_id}/reserve-numbers"
        answer = await self.post(path, {"count": count}, self.firm.device_a)
        return [slot["token"] for slot in answer.data["data"]]

    async def issue(self, credential: str | None = None, key: str | None = None, **more: object) -> Answer:
        """POST /v1/invoices with a right body; `more` adds or replaces fields of it."""
        return await self.post("/invoices", {**AN_INVOICE, **more}, credential, key)

    async def next_number(self, series_id: str) -> int:
        """The next number of the series."""
        found: int = (await self.get(f"/invoice-series/{series_id}")).data["next_number"]
        return found


@dataclass
class Options:
    """What a test may choose about its service."""

    rate_limit: int = 0
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    checks: Mapping[str, Check] = field(default_factory=dict[str, Check])
    patience: Patience = field(default_factory=Patience)
    identity: IdentityKeys | None = None
    replies: ReplyRoom = field(default_factory=ReplyRoom)
    tracer: Tracer | None = None


@asynccontextmanager
async def an_api(
    database_url: str, directory: Path, options: Options | None = None, clock: Clock | None = None
) -> AsyncGenerator[Api]:
    """The service over PostgreSQL, on its own port, with two firms; several services may share a clock."""
    log = await PostgresLog.open(database_url)
    try:
        reads = await asyncpg.create_pool(database_url, min_size=0, server_settings={"role": "numbering_reader"})
        async with reads, _served(log, reads, database_url, directory, options or Options(), clock or Clock()) as api:
            yield api
    finally:
        await log.close()


@asynccontextmanager
async def _served(
    log: PostgresLog, reads: asyncpg.Pool, database_url: str, directory: Path, options: Options, clock: Clock
) -> AsyncGenerator[Api]:
    entrance = Entrance(dependencies_of(log, log.pool, reads, directory, clock, options), break_off)
    application = WebApplication(entrance, HealthBoard(options.checks), options.patience)
    async with (
        running_beside(entrance.dependencies.writer.run()),
        recording_reads(entrance.dependencies.read_recorder),
        serving(application, "127.0.0.1", 0) as port,
    ):
        firm = await a_firm(database_url, directory / "keys.json", "Unu")
        other = await a_firm(database_url, directory / "keys.json", "Doi")
        async with aiohttp.ClientSession(auto_decompress=True) as session:
            document = Document(openapi_document(ROUTES, OPEN_ROUTES))
            yield Api(f"http://127.0.0.1:{port}", session, firm, other, clock, entrance, document)


def break_off(error: AssertionError) -> None:
    """A broken invariant fails the test in which it happens, even if the test expects a refusal."""
    raise error


def dependencies_of(
    log: EventLog, records: asyncpg.Pool, reads: asyncpg.Pool, directory: Path, clock: Clock, options: Options
) -> Dependencies:
    """The dependencies of the API in one process; the caller must run the writer."""
    ensure(directory / "keys.json")
    keys = KeyFile(directory / "keys.json")
    metrics, tracer = new_metrics(), options.tracer
    return Dependencies(
        writer=Writer(log, clock=clock) if tracer is None else Writer(log, clock=clock, on_append=tracer.appended),
        log=log,
        access=Access(records, keys, cache_seconds=CACHE_SECONDS, clock=clock, identity=options.identity),
        sealer=TokenSealer.of(keys),
        lost_history=LostHistory(log.log_id, metrics.lost_history_tokens.inc),
        settings=Settings(data_dir=directory, rate_limit=options.rate_limit, **options.settings),
        reads=reads,
        metrics=metrics,
        clock=clock,
        read_recorder=ReadRecorder(records, keep_days=0, clock=clock, on_dropped=metrics.audit_reads_lost.inc),
        replies=options.replies,
        tracer=tracer,
    )
