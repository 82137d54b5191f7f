"""What the sealer tells operators: a status for readiness and metrics, a log line whenever a fault begins or ends."""

from enum import StrEnum

import structlog
from msgspec import Struct

from schemas.values import LogId, Position


class SealerState(StrEnum):
    """What the sealer is doing."""

    STARTING = "starting"
    SEALING = "sealing"
    FAULTED = "faulted"
    """PostgreSQL is away; it tries again."""
    STOPPED = "stopped"
    """Log, tree and notes contradict each other: nothing is signed until an operator has put that right."""


class SealerStatus(Struct, frozen=True):
    """How far the sealer is: `size` entries of a log that ends at `head`; `because` is none while nothing is wrong."""

    state: SealerState
    size: Position | None
    head: Position | None
    because: str | None


class SealerReport:
    """Collects what the sealer learns; speaks up on changes only, however often a fault repeats."""

    def __init__(self, log_id: LogId) -> None:
        self.size: Position | None = None
        self.head: Position | None = None
        self._state = SealerState.STARTING
        self._because: str | None = None
        self._log = structlog.get_logger("evidence").bind(log=log_id)

    def status(self) -> SealerStatus:
        """The present status."""
        return SealerStatus(self._state, self.size, self.head, self._because)

    def stop(self, because: str) -> None:
        """Nothing more is signed."""
        if self._state is not SealerState.STOPPED or because != self._because:
            self._log.critical("evidence.stopped", because=because, size=self.size, head=self.head)
        self._state, self._because = SealerState.STOPPED, because

    def fault(self, because: str) -> None:
        """The store is away. One that is stopped stays stopped."""
        if self._state is SealerState.STOPPED:
            return
        if self._state is not SealerState.FAULTED:
            self._log.warning("evidence.waits", because=because, size=self.size)
        self._state, self._because = SealerState.FAULTED, because

    def healthy(self) -> None:
        """All that was looked at agrees."""
        if self._because is not None:
            self._log.info("evidence.goes_on", after=self._because, size=self.size)
        self._state, self._because = SealerState.SEALING, None
