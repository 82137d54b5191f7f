"""What the stream holds and the log does not: found, read, and told apart into our own events and strange messages."""

from msgspec import MsgspecError, Struct

from schemas.record import StoredRecord, decode_record, is_canonical
from schemas.values import LogId, Position
from service.access.event_proofs import EventProver, Proof
from service.log.event_log import EventLog
from service.nats.relay.stream import EventStream, StreamMessage
from service.nats.relay.window import REPLICATED_WINDOW_EVENTS_MAX


class Fork(Struct, frozen=True):
    """Both ends are the same up to `common`; the log goes on to `head`, the stream to `end`."""

    common: Position
    head: Position
    end: Position

    @property
    def is_agreed(self) -> bool:
        """Whether the stream holds nothing that the log does not."""
        return self.end == self.common

    @property
    def is_tail_lost(self) -> bool:
        """Whether the log merely ends too early, so that the stream's events can follow it."""
        return self.head == self.common < self.end


class Tail(Struct, frozen=True):
    """Messages after a position: the records they are, and why the one after these is none of ours.

    Of `unproven` records nothing shows that the relay published them.
    """

    messages: list[StreamMessage]
    records: list[StoredRecord]
    unproven: list[StoredRecord]
    strange: str | None


async def find_fork(stream: EventStream, log: EventLog) -> Fork:
    """Where stream and log part. Raises the faults of both ends."""
    found, head = await stream.end(), await log.head()
    end = found.last
    # What was purged says nothing either, and is stepped over at once: it may be most of the stream.
    common, differs = Position(min(found.first - 1, end, head)), Position(min(end, head) + 1)
    while common + 1 < differs:
        middle = Position((common + differs) // 2)
        # A message that was deleted says nothing: the nearest before it that is there speaks for it.
        nearest = await _nearest(stream, middle, common)
        if nearest == common or await _is_same(stream, log, nearest):
            common = middle
        else:
            differs = nearest
    if found.is_replicated:
        common = await _before_a_stranger(stream, log, common)
    return Fork(common, head, end)


async def read_tail(stream: EventStream, log_id: LogId, fork: Fork, prover: EventProver) -> Tail:
    """Everything the stream holds after the fork. Raises StreamRefusedError and BrokerUnavailableError."""
    messages: list[StreamMessage] = []
    records: list[StoredRecord] = []
    unproven: list[StoredRecord] = []
    strange: str | None = None
    for number in range(fork.common + 1, fork.end + 1):
        position = Position(number)
        message = await stream.stored_at(position)
        if message is not None:
            messages.append(message)
        if strange is not None:
            continue
        found = f"message {position} was deleted" if message is None else record_in(message, log_id, prover)
        if isinstance(found, str):
            strange = found
            continue
        records.append(found)
        if message is not None and prover.judge(message.body, message.proof) is Proof.UNKNOWN:
            unproven.append(found)
    return Tail(messages, records, unproven, strange)


async def _nearest(stream: EventStream, position: Position, common: Position) -> Position:
    """The last position up to this one whose message is there; `common` if none is after that."""
    while position > common and await stream.stored_at(position) is None:
        position = Position(position - 1)
    return position


async def _before_a_stranger(stream: EventStream, log: EventLog, common: Position) -> Position:
    """A replicated stream takes a window's events after a foreign message, which halving steps over."""
    for number in range(max(1, common - REPLICATED_WINDOW_EVENTS_MAX), common):
        if not await _is_same(stream, log, Position(number)):
            return Position(number - 1)
    return common


async def _is_same(stream: EventStream, log: EventLog, position: Position) -> bool:
    """A message that was deleted says nothing against the log."""
    message, record = await stream.stored_at(position), await log.record_at(position)
    return message is None or (record is not None and record.canonical == message.body)


def record_in(message: StreamMessage, log_id: LogId, prover: EventProver) -> StoredRecord | str:
    """The record in this message, or why it is none of ours."""
    # Any publisher may have chosen the subject; escaped, it cannot command a terminal.
    place = f"message {message.sequence} under {message.subject.encode('unicode_escape').decode()}"
    try:
        record = decode_record(message.body)
    except (MsgspecError, UnicodeDecodeError) as error:
        return f"{place} is not an event: {error}"
    if (record.log, record.position) != (log_id, message.sequence):
        return f"{place} says that it is event {record.position} of log {record.log}"
    if not is_canonical(message.body, record):
        return f"{place} is not written as this release or an earlier one writes events"
    if prover.judge(message.body, message.proof) is Proof.WRONG:
        return f"{place} is forged: the relay made its proof for another event, or not at all"
    return StoredRecord(record, message.body)
