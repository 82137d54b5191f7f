"""Takes requests over NATS by the services protocol, and sends the replies.

NATS delivers a request and its reply at most once. A caller whose reply was lost sends the request again under the same
Idempotency-Key, and gets the stored answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib.metadata import version
from time import perf_counter_ns
from typing import Final
from urllib.parse import unquote

import structlog
from msgspec import Struct
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from schemas.api.operations import OPERATIONS, REQUEST_ROOT, Operation
from service.api.calling.reply import Reply
from service.backoff import Backoff
from service.nats.client.broker_faults import CONNECTION_FAULTS, BrokerUnavailableError
from service.nats.client.cancellation import heed_cancellation
from service.nats.client.connection import NatsSettings, connected
from service.nats.client.pipelined import PipelinedClient
from service.nats.requests.asked import Arrived
from service.nats.requests.discovery import ERROR, ERROR_CODE, QUEUE_GROUP, Discovery, EndpointInfo
from service.nats.requests.operations import Answer
from service.nats.requests.replying import HEADER_BYTES_MAX, is_carried, is_inbox, send_reply
from service.printable import ascii_line

NAME: Final = "numbering"
IN_FLIGHT_MAX: Final = 1024
"""How many requests are worked on at a time; any more are refused at once and may be sent again."""

IN_FLIGHT_BYTES_MAX: Final = 67_108_864
"""The most bytes of their bodies, and separately of the replies that NATS has not taken yet."""

LOOK_SECONDS: Final = 0.1
DRAIN_SECONDS: Final = 15.0
FIRST_RETRY_SECONDS: Final = 0.1
LAST_RETRY_SECONDS: Final = 5.0
ERROR_HEADER_MAX: Final = 300
"""The most characters of a refusal in a header; its whole message is in the body."""

REPLAYED: Final = "Idempotent-Replayed"

_DESCRIPTION: Final = "Numbers of fiscal documents: unique, consecutive, every one accounted for"
_say = structlog.get_logger("requests")


class EndpointStatus(Struct, frozen=True):
    """Whether requests can arrive, how many are being worked on, and the fault if none can arrive."""

    is_serving: bool
    in_flight: int
    fault: str | None


class RequestsEndpoint:
    """Answers `numbering.v1.requests.<mode>.<firm>.<operation>` until it is stopped."""

    def __init__(
        self,
        nats: NatsSettings,
        answer: Answer,
        overload: Callable[[Arrived], Reply],
        *,
        in_flight_max: int = IN_FLIGHT_MAX,
    ) -> None:
        """`answer` answers a request; `overload` makes the reply if too many are being worked on."""
        self._nats = nats
        self._have_answered = answer
        self._overload = overload
        self._in_flight_max = in_flight_max
        offers = [_info(each) for each in OPERATIONS]
        self._discovery = Discovery(NAME, version("invoice-numbering"), _DESCRIPTION, offers)
        self._client: PipelinedClient | None = None
        self._working: set[asyncio.Task[None]] = set()
        self._bytes = 0
        self._stopping = asyncio.Event()
        self._fault: str | None = "not connected yet"

    def status(self) -> EndpointStatus:
        """The present status; no I/O."""
        return EndpointStatus(self._fault is None, len(self._working), self._fault)

    def stop(self) -> None:
        """Take no more requests, answer those that have arrived, and end `run`."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until stopped; run it in a TaskGroup. After every fault of NATS it connects again."""
        backoff = Backoff(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        async with asyncio.TaskGroup() as group:
            while not self._stopping.is_set():
                heed_cancellation()
                try:
                    async with connected(self._nats, "numbering-requests") as client:
                        await self._serve(client, group, backoff)
                except BrokerUnavailableError as fault:
                    self._fail(fault)
                    await self._stopped_within(backoff.step())

    async def _serve(self, client: PipelinedClient, group: asyncio.TaskGroup, backoff: Backoff) -> None:
        """Answer requests on one connection. Raises BrokerUnavailableError when the connection is lost."""
        try:
            self._client = client
            subscriptions = await self._subscribe(client, group)
            await client.flush()
        except CONNECTION_FAULTS as error:
            raise BrokerUnavailableError(str(error) or type(error).__name__) from error
        heed_cancellation()
        if self._fault is not None:
            _say.info("requests.serving", subjects=f"{REQUEST_ROOT}.>")
        self._fault = None
        backoff.reset()
        while not await self._stopped_within(LOOK_SECONDS):
            if client.is_closed:
                raise BrokerUnavailableError("the connection was lost")
        await self._drain(client, subscriptions)

    async def _subscribe(self, client: PipelinedClient, group: asyncio.TaskGroup) -> list[Subscription]:
        """Subscribe to requests, of which each goes to one instance, and to discovery, which goes to all instances."""
        made: list[Subscription] = []
        for operation in OPERATIONS:
            take = partial(self._take, group, operation)
            made.append(await client.subscribe(_subject(operation), QUEUE_GROUP, cb=take))  # pyright: ignore[reportUnknownMemberType] - untyped future
        for subject, answer in self._discovery.subjects().items():
            tell = partial(_tell, client, answer)
            made.append(await client.subscribe(subject, cb=tell))  # pyright: ignore[reportUnknownMemberType] - untyped future
        return made

    async def _take(self, group: asyncio.TaskGroup, operation: Operation, message: Msg) -> None:
        """Start to work on a request and return at once, so that the next one does not wait."""
        started = perf_counter_ns()
        if not message.reply or not is_inbox(message.reply):
            # A caller that gives no inbox would never learn which number it got.
            self._discovery.stats[operation.name].count(0, "a request without an inbox for its reply was ignored")
            return
        if self._is_full():
            await self._answer(message, operation, self._overload(_arrived(operation, message, 0)), started)
            return
        self._bytes += len(message.data)
        task = group.create_task(self._work(message, operation, started))
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    def _is_full(self) -> bool:
        waiting = 0 if self._client is None else self._client.pending_data_size
        return len(self._working) >= self._in_flight_max or max(self._bytes, waiting) > IN_FLIGHT_BYTES_MAX

    async def _work(self, message: Msg, operation: Operation, started: int) -> None:
        try:
            assert self._client is not None, "a request came over a connection"
            arrived = _arrived(operation, message, self._client.max_payload - HEADER_BYTES_MAX)
            await self._answer(message, operation, await self._have_answered(arrived), started)
        finally:
            self._bytes -= len(message.data)

    async def _answer(self, message: Msg, operation: Operation, reply: Reply, started: int) -> None:
        # The present connection may be newer than the request. A server that lets us only reply (`allow_responses`, as
        # in deploy/nats) then refuses the reply; the caller gets it by a repeat under the same key.
        assert self._client is not None, "a request came over a connection"
        headers = _headers(reply)
        error = None if reply.refusal is None else f"{reply.status}:{reply.refusal.code}"
        body = reply.whole()
        fits = is_carried(self._client, body, headers)
        if not fits:
            # The connection of the request carried more than this one does. A repeat is answered within the new limit.
            error = "a reply larger than the server carries was dropped"
        self._discovery.stats[operation.name].count(perf_counter_ns() - started, error)
        if fits:
            # If the connection breaks, the reply is lost. The request was done, and a repeat gets the stored answer.
            await send_reply(self._client, message, body, headers)

    async def _drain(self, client: PipelinedClient, subscriptions: list[Subscription]) -> None:
        """Answer the requests that have arrived, and send all replies before the connection is closed."""
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                for subscription in subscriptions:
                    await subscription.drain()  # type: ignore[no-untyped-call]  # nats-py leaves it so
                    heed_cancellation()
                if self._working:
                    await asyncio.wait(self._working)
                await client.flush()
        except Exception as error:  # noqa: BLE001 - the connection may go at any step, and with it what is not sent yet
            _say.warning("requests.undrained", in_flight=len(self._working), fault=repr(error))

    def _fail(self, fault: BrokerUnavailableError) -> None:
        """Keep the fault for the status, and log it once until requests are served again."""
        if self._fault is None or self._fault == "not connected yet":
            _say.error("requests.fault", fault=fault.code, text=str(fault))
        self._fault = str(fault)

    async def _stopped_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        return self._stopping.is_set()


@asynccontextmanager
async def answering_requests(endpoint: RequestsEndpoint) -> AsyncGenerator[None]:
    """Serve for the life of the block; at its end every request that was taken has been answered."""
    async with asyncio.TaskGroup() as group:
        group.create_task(endpoint.run())
        try:
            yield
        finally:
            endpoint.stop()


async def _tell(client: PipelinedClient, answer: Callable[[], bytes], message: Msg) -> None:
    if message.reply and is_inbox(message.reply):
        await send_reply(client, message, answer())


def _headers(reply: Reply) -> dict[str, str] | None:
    # Most replies have no headers, because clients need more time for headers than for the rest of a reply.
    if reply.refusal is not None:
        # A message may show what the caller sent: a line end in it would begin a header of the caller's choice, and one
        # of those makes the server deliver what we send to a subject of the caller's choice, with our permissions.
        shown = ascii_line(f"{reply.refusal.code}: {reply.refusal.message}", ERROR_HEADER_MAX)
        return {ERROR: shown, ERROR_CODE: str(reply.status)}
    return {REPLAYED: "true"} if reply.is_repeat else None


def _arrived(operation: Operation, message: Msg, reply_bytes_max: int) -> Arrived:
    mode, firm = message.subject.split(".")[3:5]
    headers = {name.lower(): value for name, value in (message.headers or {}).items()}
    return Arrived(
        operation=operation,
        partition=(unquote(mode), unquote(firm)),
        authorization=headers.get("authorization", ""),
        idempotency_key=headers.get("idempotency-key"),
        body=message.data,
        reply_bytes_max=reply_bytes_max,
    )


def _subject(operation: Operation) -> str:
    return f"{REQUEST_ROOT}.*.*.{operation.name}"


def _info(operation: Operation) -> EndpointInfo:
    about = {"summary": operation.summary, "http": f"{operation.method} {operation.path}"}
    return EndpointInfo(operation.name, _subject(operation), metadata=about)
