"""How publishing can fail. Every fault has a code that stays the same while the cause does; texts may vary."""

from typing import ClassVar, Final

from nats.errors import Error as NatsError

CONNECTION_FAULTS: Final = (NatsError, OSError, TimeoutError, RuntimeError)
"""What a call of nats-py raises when the connection is lost. uvloop raises RuntimeError for a socket that is closed."""

# JetStream's numbers for "the stream's last sequence is not the one expected": from one server, and from a cluster.
WRONG_LAST_SEQUENCE: Final = 10071
WRONG_LAST_SEQUENCE_REPLICATED: Final = 10164
WRONG_LAST_MESSAGE_ID: Final = 10070
# A twin of this message is on its way through the cluster.
DUPLICATE_IN_FLIGHT: Final = 10158
STREAM_NOT_FOUND: Final = 10059
STREAM_NAME_IN_USE: Final = 10058
MESSAGE_NOT_FOUND: Final = 10037
# The account of our user has no JetStream; no server that we can reach has it.
JETSTREAM_OFF_FOR_ACCOUNT: Final = 10039
JETSTREAM_OFF: Final = 10076
# The server has lost the others of its cluster, or they have no leader.
CLUSTER_NOT_AVAILABLE: Final = 10008

MOVED: Final = frozenset(
    {WRONG_LAST_SEQUENCE, WRONG_LAST_SEQUENCE_REPLICATED, WRONG_LAST_MESSAGE_ID, DUPLICATE_IN_FLIGHT}
)


class RelayFaultError(Exception):
    """Publishing cannot go on as it did. What was acknowledged is stored; of the rest only the stream knows."""

    code: ClassVar[str]


class BrokerUnavailableError(RelayFaultError):
    """NATS cannot be reached, or does not answer in time; only a new connection can help."""

    code = "broker-unavailable"


class StreamRefusedError(RelayFaultError):
    """JetStream refused a request; `err_code` says why."""

    code = "stream-refused"

    def __init__(self, err_code: int, description: str) -> None:
        super().__init__(f"JetStream error {err_code}: {description}")
        self.err_code = err_code


class NoJetStreamError(RelayFaultError):
    """NATS answers and has no JetStream for us; the message says what to change there."""

    code = "no-jetstream"


class StreamUnsafeError(RelayFaultError):
    """The stream exists with settings under which it would lose events or take others; nothing was published."""

    code = "stream-unsafe"


class StreamMovedError(RelayFaultError):
    """The stream is not where this relay left it: another relay, a foreign publisher, or a lost store."""

    code = "stream-moved"


class StreamAheadError(RelayFaultError):
    """The stream holds events the log does not have: the log has lost its tail, or a stranger publishes here."""

    code = "stream-ahead"


class StreamDiffersError(RelayFaultError):
    """The stream's last event is not the log's at that position: the log was rolled back, or a stranger publishes."""

    code = "stream-differs"
