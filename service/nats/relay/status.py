"""What the relay tells operators: a status for readiness and metrics, a log line whenever a fault begins or ends."""

from enum import StrEnum

import structlog
from msgspec import Struct

from schemas.values import Position, UnixSeconds


class RelayState(StrEnum):
    """What the relay is doing."""

    CONNECTING = "connecting"
    PUBLISHING = "publishing"
    IDLE = "idle"
    STANDBY = "standby"
    HALTED = "halted"
    FAULTED = "faulted"


class RelayStatus(Struct, frozen=True):
    """How far the relay is. What it has not learnt yet is none; `fault` is none while nothing is wrong.

    `lag_seconds` is the age of the oldest event the stream does not have. `is_gapped` is true of a stream some of whose
    events were deleted: its order is right, but only a new stream brings them back.
    """

    state: RelayState
    published: Position | None
    head: Position | None
    lag_events: int | None
    lag_seconds: int | None
    fault_code: str | None
    fault: str | None
    is_gapped: bool


class Report:
    """Collects what the relay learns; speaks up on changes only, however often a fault repeats."""

    def __init__(self, log_id: int) -> None:
        self.state = RelayState.CONNECTING
        self.published: Position | None = None
        self.head: Position | None = None
        self.waiting_since: UnixSeconds | None = None
        self._fault_code: str | None = None
        self._fault: str | None = None
        self._is_gapped = False
        self._log = structlog.get_logger("relay").bind(log=log_id)

    def status(self, now: UnixSeconds) -> RelayStatus:
        """The present status."""
        lag = None if self.head is None or self.published is None else max(0, self.head - self.published)
        since = self.waiting_since
        return RelayStatus(
            state=self.state,
            published=self.published,
            head=self.head,
            lag_events=lag,
            lag_seconds=None if lag is None else 0 if lag == 0 or since is None else max(0, now - since),
            fault_code=self._fault_code,
            fault=self._fault,
            is_gapped=self._is_gapped,
        )

    def fault(self, state: RelayState, code: str, text: str) -> None:
        """Something is wrong."""
        self.state, self._fault = state, text
        if code != self._fault_code:
            self._fault_code = code
            level = self._log.critical if state is RelayState.HALTED else self._log.error
            level("relay.fault", fault=code, text=text, published=self.published, head=self.head)

    def healthy(self, state: RelayState) -> None:
        """Nothing is wrong: events are published, here or by another relay."""
        if self._fault_code is not None:
            self._log.info("relay.recovered", fault=self._fault_code, published=self.published)
        if RelayState.STANDBY in {state, self.state} and state is not self.state:
            self._log.info("relay.standby" if state is RelayState.STANDBY else "relay.active", published=self.published)
        self.state, self._fault_code, self._fault = state, None, None

    def gaps(self, missing: int) -> None:
        """`missing` events of the stream were deleted."""
        if missing > 0 and not self._is_gapped:
            self._log.error("relay.stream_gapped", missing=missing)
        self._is_gapped = missing > 0
