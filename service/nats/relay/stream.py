"""The JetStream stream of one log: made with settings that keep every event, and never changed by us afterwards."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Final, cast

from msgspec import Struct
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import APIError, ServiceUnavailableError
from nats.js.manager import JetStreamManager

from schemas.values import LogId, Position
from service.access.event_proofs import HEADER
from service.nats.client.broker_faults import (
    CLUSTER_NOT_AVAILABLE,
    CONNECTION_FAULTS,
    JETSTREAM_OFF,
    JETSTREAM_OFF_FOR_ACCOUNT,
    MESSAGE_NOT_FOUND,
    STREAM_NAME_IN_USE,
    STREAM_NOT_FOUND,
    BrokerUnavailableError,
    NoJetStreamError,
    RelayFaultError,
    StreamRefusedError,
    StreamUnsafeError,
)
from service.nats.client.cancellation import heed_cancellation
from service.nats.client.pipelined import PipelinedClient
from service.nats.relay.cloud_event import subject_root

# Order and uniqueness come from the expected sequence; the window only spares a cluster some work, and costs memory.
DUPLICATE_WINDOW_SECONDS: Final = 2.0

_NO_SERVER_HAS_IT: Final = "this NATS server has no JetStream: start it with -js, or with `jetstream {}` in its file"
_NOT_FOR_US: Final = (
    "this NATS server has no JetStream for the account of our user: put `jetstream: enabled` into that account, or "
    "let NUMBERING_NATS_URL name a user of one that has it"
)


class StreamEnd(Struct, frozen=True):
    """Where the stream ends, how many of its events it no longer has, and whether several servers keep it.

    Every message before `first` is gone; a stream without messages begins after its end.
    """

    first: Position
    last: Position
    missing: int
    is_replicated: bool


class StreamMessage(Struct, frozen=True):
    """One message as the stream holds it; `proof` is its header of `service.access.event_proofs`, if it has one."""

    sequence: Position
    subject: str
    body: bytes
    proof: str | None = None


class EventStream:
    """`NUMBERING_<log>`, whose sequence numbers are the log's positions. `replicas` counts when it is made."""

    def __init__(self, client: PipelinedClient, log_id: LogId, *, replicas: int = 1) -> None:
        self.name = f"NUMBERING_{log_id}"
        self.client = client
        self._manager = JetStreamManager(client)
        self._wanted = _config(self.name, log_id, replicas)

    async def end(self) -> StreamEnd:
        """Where the stream ends; it is made if there is none.

        Raises StreamUnsafeError if its settings would lose events, NoJetStreamError, StreamRefusedError,
        BrokerUnavailableError.
        """
        info = await self._found() or await self._create()
        unsafe = "; ".join(_dangers(info.config, self._wanted))
        if unsafe:
            raise StreamUnsafeError(f"stream {self.name}: {unsafe}")
        return _end_of(info)

    async def present_end(self) -> StreamEnd | None:
        """Where the stream ends, with any settings; None if there is no stream. Raises as `stored_at`."""
        info = await self._found()
        return None if info is None else _end_of(info)

    async def message_at(self, position: Position) -> bytes | None:
        """The body stored under this sequence. Otherwise as `stored_at`."""
        message = await self.stored_at(position)
        return None if message is None else message.body

    async def stored_at(self, position: Position) -> StreamMessage | None:
        """The message stored under this sequence; none if it was deleted.

        Raises NoJetStreamError, StreamRefusedError, BrokerUnavailableError.
        """
        with _faults():
            try:
                message = await self._manager.get_msg(self.name, seq=position)
            except APIError as error:
                if error.err_code != MESSAGE_NOT_FOUND:
                    raise
                return None
        headers = cast("dict[str, str] | None", message.headers)  # pyright: ignore[reportUnknownMemberType] - untyped
        return StreamMessage(position, message.subject or "", message.data or b"", (headers or {}).get(HEADER))

    async def delete(self) -> None:
        """Delete the stream with all it holds; the relay makes a new one. Raises as `stored_at`."""
        with _faults():
            await self._manager.delete_stream(self.name)

    async def _found(self) -> StreamInfo | None:
        """What the server says of the stream; none if there is none."""
        with _faults():
            try:
                return await self._manager.stream_info(self.name)
            except APIError as error:
                if error.err_code != STREAM_NOT_FOUND:
                    raise
                return None

    async def _create(self) -> StreamInfo:
        with _faults():
            try:
                return await self._manager.add_stream(self._wanted)  # pyright: ignore[reportUnknownMemberType] - untyped options
            except APIError as error:
                if error.err_code != STREAM_NAME_IN_USE:
                    raise
                # Another process made it in between, with other settings, which the caller now judges.
                return await self._manager.stream_info(self.name)


def _end_of(info: StreamInfo) -> StreamEnd:
    state = info.state
    first = Position(state.first_seq if state.messages else state.last_seq + 1)
    is_replicated = (info.config.num_replicas or 1) > 1
    return StreamEnd(first, Position(state.last_seq), state.last_seq - state.messages, is_replicated)


@contextmanager
def _faults() -> Generator[None]:
    """Turn what nats-py raises into faults of ours."""
    try:
        yield
    except APIError as error:
        raise _refused(error) from error
    except CONNECTION_FAULTS as error:
        raise BrokerUnavailableError(str(error) or type(error).__name__) from error
    heed_cancellation()


def _refused(error: APIError) -> RelayFaultError:
    if error.err_code == CLUSTER_NOT_AVAILABLE:
        # Another server may still see the majority that this one is cut off from.
        return BrokerUnavailableError(f"JetStream error {error.err_code}: {error.description}")
    if error.err_code == JETSTREAM_OFF_FOR_ACCOUNT:
        return NoJetStreamError(_NOT_FOR_US)
    # If nobody listens to JetStream's subjects, the server says so without a number of JetStream's.
    if error.err_code == JETSTREAM_OFF or (error.err_code is None and isinstance(error, ServiceUnavailableError)):
        return NoJetStreamError(_NO_SERVER_HAS_IT)
    return StreamRefusedError(error.err_code or 0, error.description or type(error).__name__)


def _config(name: str, log_id: LogId, replicas: int) -> StreamConfig:
    return StreamConfig(
        name=name,
        description=f"Every event of log {log_id}; the sequence is the event's position",
        subjects=[f"{subject_root(log_id)}.>"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        num_replicas=replicas,
        max_msgs=-1,
        max_bytes=-1,
        max_age=0,
        max_consumers=-1,
        duplicate_window=DUPLICATE_WINDOW_SECONDS,
        deny_delete=True,
        deny_purge=True,
        allow_direct=True,
    )


def _dangers(found: StreamConfig, wanted: StreamConfig) -> Iterator[str]:
    """What in these settings would drop events, let strangers in, or acknowledge what is not stored."""
    if found.subjects != wanted.subjects:
        yield f"its subjects are {found.subjects}, not {wanted.subjects}"
    if found.retention != RetentionPolicy.LIMITS:
        yield "its retention drops what consumers have read"
    if found.storage != StorageType.FILE:
        yield "its storage is not a file"
    if found.max_age or (found.max_msgs_per_subject or -1) > 0:
        yield "it drops old events (max_age, max_msgs_per_subject)"
    # With `new` a limit refuses events and loses none: an operator's guard against a full disk.
    if found.discard != DiscardPolicy.NEW and ((found.max_msgs or -1) > 0 or (found.max_bytes or -1) > 0):
        yield "it drops old events when full (max_msgs, max_bytes)"
    if not (found.deny_delete and found.deny_purge):
        yield "events can be deleted from it (deny_delete, deny_purge)"
    if found.mirror or found.sources or found.subject_transform or found.no_ack or found.sealed:
        yield "it is a mirror, has sources or a transform, is sealed, or does not acknowledge"
