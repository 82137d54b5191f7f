"""Both ends compared: where publishing may go on, or that it must not.

Whatever happened to the stream or to us, this is where it is found out: at every start, after every fault, and every
few seconds in between.
"""

from msgspec import Struct

from schemas.values import Position
from service.log.event_log import EventLog, RecordOutline
from service.nats.client.broker_faults import StreamAheadError, StreamDiffersError
from service.nats.relay.stream import EventStream, StreamEnd
from service.nats.relay.window import REPLICATED_WINDOW_EVENTS_MAX


class CommonEnd(Struct, frozen=True):
    """The last record that is in both, none if the stream is empty; the stream has lost `missing` before it."""

    record: RecordOutline | None
    missing: int
    is_replicated: bool

    @property
    def position(self) -> Position:
        """Where that is."""
        return position_of(self.record)


def position_of(record: RecordOutline | None) -> Position:
    """The record's position, 0 before the first."""
    return Position(0) if record is None else record.position


async def compare(stream: EventStream, log: EventLog, known: Position) -> CommonEnd:
    """Where the stream ends, once its last event is seen to be the log's; up to `known` it was seen before.

    Raises StreamAheadError and StreamDiffersError, on which the log must be halted, and the faults of both ends.
    """
    # The stream first: in the other order, what a second relay publishes in between would look like a lost tail.
    return await compare_at(stream, await stream.end(), log, known)


async def compare_at(stream: EventStream, end: StreamEnd, log: EventLog, known: Position) -> CommonEnd:
    """As `compare`, where the stream's end was read before."""
    if end.last == 0:
        # New, or lost with its store and made again: sequences begin at 1, as positions do, and all is published.
        return CommonEnd(None, 0, end.is_replicated)
    record = next(iter(await log.read_outlines(Position(end.last - 1), 1)), None)
    if record is None:
        # The log was rolled back (the barrier was not what it promises), or somebody else publishes here.
        head = await log.head()
        raise StreamAheadError(f"stream {stream.name} ends at {end.last}, log {log.log_id} at {head}")
    await _see_the_same(stream, log, record)
    for start, stop in _doubtful(end, known):
        for earlier in await log.read_outlines(start, stop - start):
            await _see_the_same(stream, log, earlier)
    # Behind, by an outage of ours or because the store went back to an older copy: the rest follows, and the same
    # events get the same sequences as before.
    return CommonEnd(record, end.missing, end.is_replicated)


async def _see_the_same(stream: EventStream, log: EventLog, record: RecordOutline) -> None:
    """Raises StreamDiffersError if the stream holds something else at the record's position."""
    body = await stream.message_at(record.position)
    if body is None:
        # Purged or deleted, against deny_purge and deny_delete. The server keeps counting from the last sequence, so
        # what follows still lands on its position; there is nothing to compare, and what is gone stays gone.
        return
    if body != record.canonical:
        # The log was rolled back and has grown past the stream, or a foreign message took this sequence.
        raise StreamDiffersError(f"stream {stream.name} and log {log.log_id} differ at {record.position}")


def _doubtful(end: StreamEnd, known: Position) -> list[tuple[Position, Position]]:
    """Where a foreign message may stand before the last event, as positions to read after and up to.

    Only a replicated stream takes events after one (`window.EVENTS_AN_ACK`), and of those at most a window's: the one
    after what this relay knows, or the one before the end, if an interrupted relay published the tail.
    """
    if not end.is_replicated:
        return []
    last = Position(end.last - 1)
    after_known = Position(min(last, known + REPLICATED_WINDOW_EVENTS_MAX))
    before_end = Position(max(0, after_known, last - REPLICATED_WINDOW_EVENTS_MAX))
    return [(start, stop) for start, stop in ((known, after_known), (before_end, last)) if start < stop]
