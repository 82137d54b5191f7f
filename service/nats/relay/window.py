"""Pipelined publishing: many events on their way at once, and the first that fails stops the rest.

nats-py's own `publish_async` never resolves when the server answers with an error (nats.py issue 985), so answers come
to an inbox of ours.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import msgspec
from msgspec import Struct
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from schemas.record import traceparent_in
from schemas.traceparent import TraceParent
from schemas.values import Position
from service.log.event_log import RecordOutline
from service.nats.client.broker_faults import (
    CONNECTION_FAULTS,
    MOVED,
    BrokerUnavailableError,
    RelayFaultError,
    StreamMovedError,
    StreamRefusedError,
)
from service.nats.client.closing import closed
from service.nats.client.pipelined import PipelinedClient
from service.nats.relay.cloud_event import CloudEvents, message_id

if TYPE_CHECKING:
    from service.tracing.tracer import PublishSpan, Tracer

# One acknowledgement answers for all events before it: each is stored only directly after the one it names by sequence
# and id. The sequence alone would not do: a foreign message in the place of one event would let the next ones in.
# Not so on a replicated stream, where every server checks the id by itself, and one that was restarted has forgotten
# the last one's: it would refuse what the others store and part from them for good, unnoticed (nats-server pull request
# 8564). There each event is answered, and the comparison looks for foreign messages.
EVENTS_AN_ACK: Final = 32
# Well below the 10,000 messages after which a server drops what a stream has not taken in yet.
WINDOW_EVENTS_MAX: Final = 4096
# Smaller: when an event was refused, all events of a window are compared one by one.
REPLICATED_WINDOW_EVENTS_MAX: Final = 512
ACK_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.1
CLOSE_SECONDS_MAX: Final = 2.0


class _Refusal(Struct, frozen=True):
    err_code: int = 0
    description: str = ""


class _Ack(Struct, frozen=True):
    stream: str = ""
    seq: int = 0
    duplicate: bool = False
    error: _Refusal | None = None


_decoder = msgspec.json.Decoder(_Ack)


class PublishWindow:
    """Publishes records after position `acked`, in order, up to `sent`. After a fault it is of no more use.

    A careful one has each event answered, which costs more and tells why an event is refused: of many, the one that is
    answered is refused because another before it was.
    """

    def __init__(
        self,
        client: PipelinedClient,
        stream: str,
        acked: Position,
        events: CloudEvents,
        *,
        is_replicated: bool = False,
        is_careful: bool = False,
        tracer: "Tracer | None" = None,
    ) -> None:
        self.acked = self.sent = acked
        self._is_replicated = is_replicated
        self._is_each_answered = is_replicated or is_careful
        self._events_max = REPLICATED_WINDOW_EVENTS_MAX if is_replicated else WINDOW_EVENTS_MAX
        self._client = client
        self._stream = stream
        self._events = events
        self._tracer = tracer
        # Of the events that are sent and not answered, in order.
        self._spans: deque[tuple[Position, PublishSpan]] = deque()
        # None for the first event: its predecessor was compared byte for byte, and after a restart a server no longer
        # knows the id of a message older than its duplicate window.
        self._last_id: str | None = None
        self._inbox = client.new_inbox()
        self._subscription: Subscription | None = None
        self._fault: RelayFaultError | None = None
        self._moved = asyncio.Event()

    async def __aenter__(self) -> Self:
        try:
            self._subscription = await self._client.subscribe(  # pyright: ignore[reportUnknownMemberType] - untyped future
                f"{self._inbox}.*", cb=self._on_answer
            )
        except CONNECTION_FAULTS as error:
            raise BrokerUnavailableError(str(error)) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._spans:
            self._end_spans(self._spans[-1][0], is_stored=False)
        # Late answers to this window must not be taken for answers to the next.
        if self._subscription is not None and not self._client.is_closed:
            await closed(self._subscription.unsubscribe(), CLOSE_SECONDS_MAX, self._inbox)

    async def publish(self, records: Sequence[RecordOutline]) -> None:
        """Send the records, waiting only while too many are unanswered.

        Raises StreamMovedError, StreamRefusedError and BrokerUnavailableError; `acked` says what is surely stored.
        """
        for start in range(0, len(records), EVENTS_AN_ACK):
            chunk = records[start : start + EVENTS_AN_ACK]
            await self._answered(self.sent + len(chunk) - self._events_max)
            try:
                # nats-py waits without end for a peer that reads no more, once its buffer is full.
                async with asyncio.timeout(ACK_SECONDS):
                    await self._send_all(chunk)
            except CONNECTION_FAULTS as error:
                raise BrokerUnavailableError(str(error) or "NATS takes no more") from error
            # nats-py seldom gives way by itself, and others share this thread.
            await asyncio.sleep(0)

    async def settle(self) -> None:
        """Wait until everything sent is stored. Raises as `publish`."""
        await self._answered(self.sent)

    async def _send_all(self, chunk: Sequence[RecordOutline]) -> None:
        last = chunk[-1].position
        messages: list[bytes] = []
        for record in chunk:
            own_id = message_id(record)
            is_answered = self._is_each_answered or record.position == last
            reply = f"{self._inbox}.{record.position}" if is_answered else ""
            hop = None if self._tracer is None else self._begin_span(self._tracer, record, own_id)
            messages.append(self._events.message_of(record, own_id, self._last_id, reply, hop))
            self._last_id = None if self._is_replicated else own_id
        await self._client.publish_encoded(messages, max(len(record.canonical) for record in chunk))
        self.sent = last

    def _begin_span(self, tracer: "Tracer", record: RecordOutline, own_id: str) -> TraceParent | None:
        """The span of sending this event, if the request behind it has one that is recorded."""
        trace = traceparent_in(record.canonical)
        span = None if trace is None else tracer.publishing(trace, own_id, len(record.canonical))
        if span is None:
            return None
        self._spans.append((record.position, span))
        return span.traceparent

    def _end_spans(self, position: Position, *, is_stored: bool) -> None:
        """End the spans of the events up to this position."""
        while self._spans and self._spans[0][0] <= position:
            self._spans.popleft()[1].end(is_stored=is_stored)

    async def _answered(self, position: int) -> None:
        """Wait until `position` is acknowledged; the deadline starts again with each acknowledgement."""
        acked, overdue = self.acked, monotonic() + ACK_SECONDS
        while self._fault is None and self.acked < position:
            self._moved.clear()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._moved.wait()
            except TimeoutError:
                if self._client.is_closed:
                    raise BrokerUnavailableError("the connection was lost") from None
                if monotonic() > overdue:
                    raise BrokerUnavailableError(f"no acknowledgement within {ACK_SECONDS:g} s") from None
            if self.acked > acked:
                acked, overdue = self.acked, monotonic() + ACK_SECONDS
        if self._fault is not None:
            raise self._fault

    async def _on_answer(self, message: Msg) -> None:
        position = Position(int(message.subject.rpartition(".")[2]))
        fault = _fault_in(message, self._stream, position)
        if fault is None and self._is_replicated and position != self.acked + 1:
            fault = StreamMovedError(f"event {position} is stored, {self.acked + 1} not known to be")
        if fault is None:
            self.acked = max(self.acked, position)
            self._end_spans(self.acked, is_stored=True)
        elif self._fault is None:
            self._fault = fault
        self._moved.set()


def _fault_in(message: Msg, stream: str, position: Position) -> RelayFaultError | None:
    """What is wrong with the answer to the event at `position`; none if it is stored there, by this very message."""
    if not message.data:
        return StreamMovedError("no stream takes the events")
    try:
        ack = _decoder.decode(message.data)
    except msgspec.MsgspecError as error:
        return StreamRefusedError(0, f"not an acknowledgement: {error}")
    if ack.error is not None:
        if ack.error.err_code in MOVED:
            return StreamMovedError(f"event {position} does not continue the stream ({ack.error.err_code})")
        return StreamRefusedError(ack.error.err_code, ack.error.description)
    # A duplicate is stored, by another relay or under an earlier connection: the comparison finds out which.
    if ack.duplicate or ack.seq != position or ack.stream != stream:
        return StreamMovedError(f"event {position} is at {ack.stream}/{ack.seq}")
    return None
