"""The relay: publishes every event of a log to JetStream, in order, with the position as sequence number.

Any number of relays may run. Each event says which sequence must stand before it, so JetStream itself refuses what
would be doubled, missing or out of order; no lock and no window of time is relied on.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from schemas.values import Position, UnixSeconds
from service.access.event_proofs import EventProver
from service.backoff import Backoff, jittered
from service.log.event_log import EventLog, LogFaultError, RecordOutline
from service.nats.client.broker_faults import (
    BrokerUnavailableError,
    RelayFaultError,
    StreamAheadError,
    StreamDiffersError,
    StreamMovedError,
)
from service.nats.client.cancellation import heed_cancellation
from service.nats.client.connection import NatsSettings, connected
from service.nats.relay.cloud_event import CloudEvents, source_of
from service.nats.relay.comparison import CommonEnd, compare, position_of
from service.nats.relay.read_ahead import publish_and_read_on, read_on
from service.nats.relay.status import RelayState, RelayStatus, Report
from service.nats.relay.stream import EventStream
from service.nats.relay.window import PublishWindow

if TYPE_CHECKING:
    from service.tracing.tracer import Tracer

READER: Final = "relay"
# Then another server is tried: this one may be cut off from those that lead the stream.
REFUSALS_MAX: Final = 3


class RelayPace(Struct, frozen=True, kw_only=True):
    """How often the relay does what, in seconds.

    `poll`: looks for new events unless woken. `rest`: the least time between two barriers, each of which is a commit of
    the log's store; the longer it is, the more events share one. `compare`: compares both ends. `standby`: looks
    whether the active relay still is. `retry`: the first and the longest wait after a fault.
    """

    poll: float = 0.05
    rest: float = 0.05
    compare: float = 5.0
    standby: float = 1.0
    retry: float = 0.1
    retry_max: float = 5.0


class Relay:
    """Follows one log for ever. Set `wake` after a commit to have it published at once."""

    def __init__(
        self,
        log: EventLog,
        nats: NatsSettings,
        *,
        clock: Callable[[], UnixSeconds],
        prover: EventProver,
        replicas: int = 1,
        pace: RelayPace | None = None,
        tracer: "Tracer | None" = None,
    ) -> None:
        """`prover` proves each event to be ours; `replicas` counts only when the stream is made."""
        self.wake = asyncio.Event()
        self._log = log
        self._nats = nats
        self._clock = clock
        self._prover = prover
        self._replicas = replicas
        self._pace = pace or RelayPace()
        self._tracer = tracer
        self._report = Report(log.log_id)
        self._acked = self._sent = Position(0)
        self._is_careful = False
        self._refusals = 0
        self._backoff = Backoff(self._pace.retry, self._pace.retry_max)

    def status(self) -> RelayStatus:
        """What the relay is doing and how far it is; no I/O."""
        return self._report.status(self._clock())

    async def run(self) -> None:
        """Publish until cancelled; belongs in a TaskGroup. Whatever NATS or the log's store do, it tries again."""
        while True:
            try:
                async with connected(self._nats, f"numbering-relay-{self._log.log_id}") as client:
                    await self._serve(EventStream(client, self._log.log_id, replicas=self._replicas))
            except BrokerUnavailableError as fault:
                self._report.fault(RelayState.FAULTED, fault.code, str(fault))
                await self._wait_after_fault()

    async def _serve(self, stream: EventStream) -> None:
        """Turn after turn on one connection. Raises BrokerUnavailableError when it is lost."""
        while True:
            try:
                await self._turn(stream)
            except BrokerUnavailableError:
                raise
            except RelayFaultError as fault:
                self._report.fault(RelayState.FAULTED, fault.code, str(fault))
                await self._wait_after_fault()
            except LogFaultError as fault:
                self._report.fault(RelayState.FAULTED, "log-unavailable", str(fault) or type(fault).__name__)
                await self._wait_after_fault()

    async def _turn(self, stream: EventStream) -> None:
        common = await self._compare(stream)
        if common is None:
            return
        try:
            await self._follow(stream, common)
        except StreamMovedError as fault:
            await self._give_way(stream, fault)

    async def _give_way(self, stream: EventStream, fault: StreamMovedError) -> None:
        """Another relay was faster, or the stream was lost: look, and leave the work to the relay that does it.

        Raises BrokerUnavailableError if neither is so, however often we look.
        """
        acked, sent = self._acked, self._sent
        moved = await self._compare(stream)
        if moved is None or moved.position < acked:
            return
        if moved.position <= sent and not moved.is_replicated and not self._is_careful:
            # Perhaps this relay wrote this far, and the next event was refused for a reason that it was not told.
            self._is_careful = True
            return
        if moved.position > acked:
            await self._stand_by(stream, moved.position)
            return
        # The stream has no leader at present, or a twin is still on its way through the cluster.
        self._refusals += 1
        if self._refusals > REFUSALS_MAX:
            raise BrokerUnavailableError(str(fault)) from fault
        await self._wait_after_fault()

    async def _compare(self, stream: EventStream) -> CommonEnd | None:
        """Where publishing may go on; none, after a while, if it may not."""
        try:
            common = await compare(stream, self._log, self._acked)
        except (StreamAheadError, StreamDiffersError) as fault:
            await self._stop_the_log(fault)
            return None
        self._report.published = self._acked = common.position
        self._report.gaps(common.missing)
        return common

    async def _stop_the_log(self, fault: RelayFaultError) -> None:
        """Nothing is published, and no number given out, until an operator has decided which end is right."""
        self._report.fault(RelayState.HALTED, fault.code, str(fault))
        # Every time it is seen: a log resumed by mistake would go on to give numbers out that the world has seen used.
        await self._log.halt(str(fault))
        await asyncio.sleep(self._pace.compare)

    async def _follow(self, stream: EventStream, common: CommonEnd) -> None:
        """Publish what comes after the common end, until it is time to compare both ends again."""
        loop = asyncio.get_running_loop()
        events = CloudEvents(source_of(await self._log.identity(), self._log.log_id), self._prover)
        compare_at = loop.time() + self._pace.compare
        last, is_replicated = common.record, common.is_replicated
        async with PublishWindow(
            stream.client,
            stream.name,
            self._acked,
            events,
            is_replicated=is_replicated,
            is_careful=self._is_careful,
            tracer=self._tracer,
        ) as window:
            while loop.time() < compare_at:
                if stream.client.is_closed:
                    raise BrokerUnavailableError("the connection was lost")
                self.wake.clear()
                head = await self._log.head()
                self._report.head = head
                if head < position_of(last):
                    return  # the log was rolled back under us; the comparison says so
                if head > position_of(last):
                    last = await self._publish(window, last)
                    await asyncio.sleep(self._pace.rest)
                    continue
                self._well(RelayState.IDLE)
                await self._wait_for_events()

    async def _publish(self, window: PublishWindow, last: RecordOutline | None) -> RecordOutline | None:
        """Publish up to the barrier and wait until it is stored; the last record that was."""
        # Nothing beyond this position may be shown: a failover could still take it back.
        durable = await self._log.barrier(READER)
        try:
            records = await read_on(self._log, last, durable)
            while records:
                last = records[-1]
                self._report.waiting_since = records[0].at
                records = await publish_and_read_on(window, records, self._log, durable)
                self._report.published = window.acked
            await window.settle()
        finally:
            self._report.published = self._acked = window.acked
            self._sent = window.sent
        self._well(RelayState.PUBLISHING)
        return last

    async def _stand_by(self, stream: EventStream, last: Position) -> None:
        """Only look, slowly, until an event has waited a whole period without any being published."""
        head = last
        while True:
            self._well(RelayState.STANDBY)
            await asyncio.sleep(jittered(self._pace.standby))
            end = (await stream.end()).last
            if end < last or (end == last and head > last):
                return
            last, head = end, await self._log.head()
            if last > head:
                return  # the comparison halts the log
            self._report.published, self._report.head = last, head

    def _well(self, state: RelayState) -> None:
        # Not when a comparison succeeds: a stream that refuses every event would be tried without rest.
        self._backoff.reset()
        self._refusals = 0
        if state is not RelayState.IDLE:
            # Idle proves nothing: if our only event lost a race, we have not learnt yet to which relay.
            self._is_careful = False
        self._report.healthy(state)

    async def _wait_for_events(self) -> None:
        try:
            async with asyncio.timeout(self._pace.poll):
                await self.wake.wait()
        except TimeoutError:
            return

    async def _wait_after_fault(self) -> None:
        heed_cancellation()
        await asyncio.sleep(self._backoff.step())
        await self._observe()

    async def _observe(self) -> None:
        """Learn how far behind the stream is, also while it cannot be reached."""
        try:
            head = await self._log.head()
            self._report.head = head
            published = self._report.published
            if published is not None and head > published:
                oldest = await self._log.record_at(Position(published + 1))
                self._report.waiting_since = oldest.record.at if oldest else None
        except LogFaultError:
            return
