"""Takes requests over NATS by the services protocol, and sends the replies.

NATS delivers a request and its reply at most once. A caller whose reply was lost sends the request again under the same
Idempotency-Key, and gets the stored answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib.metadata import version
from time import monotonic, perf_counter_ns
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import structlog
from msgspec import Struct
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from schemas.api.operations import OPERATIONS, REQUEST_ROOT, Operation
from schemas.traceparent import read_traceparent
from service.api.calling.reply import Reply
from service.backoff import Backoff
from service.nats.client.broker_faults import CONNECTION_FAULTS, BrokerUnavailableError
from service.nats.client.cancellation import heed_cancellation
from service.nats.client.connection import NatsSettings, connected
from service.nats.client.pipelined import PipelinedClient
from service.nats.requests.asked import Arrived
from service.nats.requests.discovery import ERROR, ERROR_CODE, QUEUE_GROUP, Discovery, EndpointInfo
from service.nats.requests.fairness import Gate, Partition, Rounds, Shares
from service.nats.requests.operations import Answer
from service.nats.requests.replying import HEADER_BYTES_MAX, is_carried, is_inbox, send_reply
from service.printable import ascii_line

NAME: Final = "numbering"
IN_FLIGHT_MAX: Final = 1024
"""How many requests of a firm are worked on, or wait for their turn; more are refused, and then dropped."""

IN_FLIGHT_BYTES_MAX: Final = 33_554_432
"""The most bytes of their bodies."""

UNSENT_BYTES_MAX: Final = 67_108_864
"""The most bytes of replies that NATS has not taken yet; no request is worked on while there are more."""

STARTS_AT_ONCE: Final = 4
"""How many requests are begun before all else has its turn. While more arrive than this, most time is for reading."""

QUEUED_MAX: Final = 1024
"""How many messages of an operation nats-py may keep; they are taken as they come, so this is more than it needs."""

LOOK_SECONDS: Final = 0.1
QUIET_SECONDS: Final = 10.0
DRAIN_SECONDS: Final = 15.0
FIRST_RETRY_SECONDS: Final = 0.1
LAST_RETRY_SECONDS: Final = 5.0
ERROR_HEADER_MAX: Final = 300
"""The most characters of a refusal in a header; its whole message is in the body."""

REPLAYED: Final = "Idempotent-Replayed"

_DESCRIPTION: Final = "Numbers of fiscal documents: unique, consecutive, every one accounted for"
_say = structlog.get_logger("requests")


class EndpointStatus(Struct, frozen=True):
    """Whether requests can arrive, how many are being worked on, and the fault if none can arrive.

    `dropped` counts the messages that were too many, and of which nothing was made.
    """

    is_serving: bool
    in_flight: int
    dropped: int
    fault: str | None


class _Taken(NamedTuple):
    """A request that waits for its turn; `started` in nanoseconds."""

    message: Msg
    operation: Operation
    firm: Partition
    started: int


class RequestsEndpoint:
    """Answers `numbering.v1.requests.<mode>.<firm>.<operation>` until it is stopped."""

    def __init__(
        self,
        nats: NatsSettings,
        answer: Answer,
        overload: Callable[[Arrived], Reply],
        *,
        in_flight_max: int = IN_FLIGHT_MAX,
        is_known: Callable[[Partition], bool] = lambda _: True,
    ) -> None:
        """`answer` answers a request; `overload` makes the reply if too many are being worked on.

        `in_flight_max` is for each firm; those that are not known have it together.
        """
        self._nats = nats
        self._have_answered = answer
        self._overload = overload
        self._shares = Shares(in_flight_max, IN_FLIGHT_BYTES_MAX)
        self._gate = Gate(self._shares, REQUEST_ROOT, is_known)
        self._rounds = Rounds[_Taken]()
        self._has_waiting, self._all_begun = asyncio.Event(), asyncio.Event()
        self._all_begun.set()
        self._dropped, self._dropped_at = 0, -QUIET_SECONDS
        offers = [_info(each) for each in OPERATIONS]
        self._discovery = Discovery(NAME, version("invoice-numbering"), _DESCRIPTION, offers)
        self._client: PipelinedClient | None = None
        self._working: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._fault: str | None = "not connected yet"

    def status(self) -> EndpointStatus:
        """The present status; no I/O."""
        return EndpointStatus(self._fault is None, self._shares.requests, self._gate.dropped, self._fault)

    def stop(self) -> None:
        """Take no more requests, answer those that have arrived, and end `run`."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until stopped; run it in a TaskGroup. After every fault of NATS it connects again."""
        backoff = Backoff(FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS)
        async with asyncio.TaskGroup() as group:
            turns = group.create_task(self._take_turns(group))
            while not self._stopping.is_set():
                heed_cancellation()
                try:
                    async with connected(self._nats, "numbering-requests") as client:
                        await self._serve(client, group, backoff)
                except BrokerUnavailableError as fault:
                    self._fail(fault)
                    await self._stopped_within(backoff.step())
            turns.cancel()

    async def _serve(self, client: PipelinedClient, group: asyncio.TaskGroup, backoff: Backoff) -> None:
        """Answer requests on one connection. Raises BrokerUnavailableError when the connection is lost."""
        try:
            self._client = client
            client.let_in_by(self._gate)
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
            self._say_dropped()
            if client.is_closed:
                raise BrokerUnavailableError("the connection was lost")
        await self._drain(client, subscriptions)

    async def _subscribe(self, client: PipelinedClient, group: asyncio.TaskGroup) -> list[Subscription]:
        """Subscribe to requests, of which each goes to one instance, and to discovery, which goes to all instances."""
        made: list[Subscription] = []
        for operation in OPERATIONS:
            take = partial(self._take, group, operation)
            subject = _subject(operation)
            made.append(await client.subscribe(subject, QUEUE_GROUP, cb=take, pending_msgs_limit=QUEUED_MAX))  # pyright: ignore[reportUnknownMemberType] - untyped future
        for subject, answer in self._discovery.subjects().items():
            tell = partial(_tell, client, answer)
            made.append(await client.subscribe(subject, cb=tell, pending_msgs_limit=QUEUED_MAX))  # pyright: ignore[reportUnknownMemberType] - untyped future
        return made

    async def _take(self, group: asyncio.TaskGroup, operation: Operation, message: Msg) -> None:
        """Start to work on a request and return at once, so that the next one does not wait."""
        started = perf_counter_ns()
        if not message.reply or not is_inbox(message.reply):
            # A caller that gives no inbox would never learn which number it got.
            self._discovery.stats[operation.name].count(0, "a request without an inbox for its reply was ignored")
            return
        firm, size = self._gate.firm_of(message.subject.encode()), len(message.data)
        self._gate.hand_over(firm)
        if not self._shares.has_room(firm, size) or self._unsent_bytes() > UNSENT_BYTES_MAX:
            if self._gate.is_told(firm):
                refusal = self._overload(_arrived(operation, message, 0))
                self._work_on(group, self._answer(message, operation, refusal, started))
            return
        self._shares.enter(firm, size)
        self._rounds.add(firm, _Taken(message, operation, firm, started))
        self._all_begun.clear()
        self._has_waiting.set()

    def _unsent_bytes(self) -> int:
        return 0 if self._client is None else self._client.pending_data_size

    async def _take_turns(self, group: asyncio.TaskGroup) -> None:
        """Begin to work on what waits, firm by firm; until cancelled."""
        while True:
            await self._has_waiting.wait()
            for _ in range(STARTS_AT_ONCE):
                taken = self._rounds.next()
                if taken is None:
                    self._has_waiting.clear()
                    if not self._rounds:
                        self._all_begun.set()
                    break
                self._work_on(group, self._work(taken))
            await asyncio.sleep(0)

    def _work_on(self, group: asyncio.TaskGroup, work: Coroutine[Any, Any, None]) -> None:
        task = group.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _work(self, taken: "_Taken") -> None:
        try:
            assert self._client is not None, "a request came over a connection"
            arrived = _arrived(taken.operation, taken.message, self._client.max_payload - HEADER_BYTES_MAX)
            reply = await self._have_answered(arrived)
            await self._answer(taken.message, taken.operation, reply, taken.started)
        finally:
            self._shares.leave(taken.firm, len(taken.message.data))
            self._rounds.done(taken.firm)
            if self._rounds:
                self._has_waiting.set()

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
                await self._all_begun.wait()
                if self._working:
                    await asyncio.wait(self._working)
                await client.flush()
        except Exception as error:  # noqa: BLE001 - the connection may go at any step, and with it what is not sent yet
            _say.warning("requests.undrained", in_flight=len(self._working), fault=repr(error))

    def _say_dropped(self) -> None:
        """Log that messages were dropped, once until none was for a while."""
        dropped, now = self._gate.dropped, monotonic()
        if dropped == self._dropped:
            return
        if now - self._dropped_at > QUIET_SECONDS:
            _say.warning("requests.dropped", text="more requests arrive than can be worked on", dropped=dropped)
        self._dropped, self._dropped_at = dropped, now

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
    trace = headers.get("traceparent")
    return Arrived(
        operation=operation,
        partition=(unquote(mode), unquote(firm)),
        authorization=headers.get("authorization", ""),
        idempotency_key=headers.get("idempotency-key"),
        body=message.data,
        reply_bytes_max=reply_bytes_max,
        traceparent=None if trace is None else read_traceparent((trace,)),
        tracestate=() if trace is None or "tracestate" not in headers else (headers["tracestate"],),
    )


def _subject(operation: Operation) -> str:
    return f"{REQUEST_ROOT}.*.*.{operation.name}"


def _info(operation: Operation) -> EndpointInfo:
    about = {"summary": operation.summary, "http": f"{operation.method} {operation.path}"}
    return EndpointInfo(operation.name, _subject(operation), metadata=about)
