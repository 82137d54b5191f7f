"""The health of the parts of this process, by name."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Final

import structlog
from msgspec import Struct

from projections.keeping.runner import ProjectionRunner
from schemas.values import Position, UnixSeconds
from service.access.lost_history import LostHistory
from service.checking.self_check import SelfCheck
from service.evidence.sealing.sealer import Sealer
from service.evidence.sealing.status import SealerState
from service.health import Check, Finding, Health
from service.log.clock_guard import SKEW_SECONDS_MAX
from service.log.event_log import LogFaultError
from service.log.gate import Gate
from service.log.postgres_log import PostgresLog
from service.nats.relay.relay import Relay
from service.nats.relay.status import RelayState
from service.writer.known_state import KnownState

LAG_EVENTS_MAX: Final = 10_000
"""The most events that the relay or the projections may be behind; beyond it they are `degraded`."""

RELAY: Final = "relay"
PROJECTIONS: Final = "projections"
EVIDENCE: Final = "evidence"
SELF_CHECK: Final = "selfcheck"

_say = structlog.get_logger(__name__)


class PartReport(Struct, frozen=True):
    """How the relay, the projections or the sealer are, where the log ended when they looked last, and how far each is.

    What they have not learnt yet is none. `is_stopped` until an operator acts; `because` says why it is not well. Of
    the self-check `faults` are how many it found, by kind, and `rounded_at` when its last round ended.
    """

    health: Health
    head: Position | None
    positions: Mapping[str, Position | None]
    is_stopped: bool = False
    because: str | None = None
    faults: Mapping[str, int] = {}
    rounded_at: UnixSeconds | None = None


Reports = Mapping[str, PartReport]
"""By the name of the part."""


class Elsewhere(Struct, frozen=True):
    """The relay, the sealer and the projections, where children of this process run them."""

    latest: Callable[[], Reports]
    started: Callable[[], Awaitable[None]]
    """Returns once they run, or cannot be waited for."""


def reports_of(
    relay: Relay | None, runner: ProjectionRunner | None, sealer: Sealer | None, self_check: SelfCheck | None = None
) -> Reports:
    """The report of each of them that runs in this process."""
    found: dict[str, PartReport] = {}
    if relay is not None:
        status = relay.status()
        found[RELAY] = PartReport(relay_health(relay), status.head, {RELAY: status.published})
    if runner is not None:
        found[PROJECTIONS] = PartReport(_projection_health(runner), runner.head, dict(runner.positions()))
    if sealer is not None:
        found[EVIDENCE] = _sealer_report(sealer)
    if self_check is not None:
        found[SELF_CHECK] = _self_check_report(self_check)
    return found


def checks(
    log: PostgresLog,
    reports: Callable[[], Reports] = dict,
    gate: Gate | None = None,
    unreadable: Callable[[], str | None] = lambda: None,
) -> dict[str, Check]:
    """One check for each part of this process and of its children; the log is down while `gate` is closed.

    It is down for good once `unreadable` says why this process cannot follow it.
    """
    found: dict[str, Check] = {}
    look = _Look(log)
    trial = _Trial(log, look, gate, unreadable)

    async def postgres() -> Health:
        try:
            await look.halted()
        except LogFaultError:
            return Health.DOWN
        return Health.OK

    async def numbering() -> Finding:
        return await trial.finding()

    async def clock() -> Health:
        try:
            return Health.OK if abs(await log.clock_skew()) <= SKEW_SECONDS_MAX else Health.DOWN
        except LogFaultError:
            return Health.DOWN

    found |= {"postgres": postgres, "log": numbering, "clock": clock}
    return found | {name: _reported(name, reports) for name in reports()}


def _reported(name: str, reports: Callable[[], Reports]) -> Check:
    async def check() -> Finding:
        report = reports()[name]
        return Finding(report.health, report.because)

    return check


class _Look:
    """A look at the head of the log, shared by all checks that ask at one moment: PostgreSQL is asked once."""

    def __init__(self, log: PostgresLog) -> None:
        self._log = log
        self._turn = asyncio.Lock()
        self._answered = 0.0
        self._because: str | None = None

    async def halted(self) -> str | None:
        """Why the log is halted, if it is. Raises LogUnavailableError."""
        arrived = monotonic()
        async with self._turn:
            if self._answered <= arrived:
                self._because = await self._log.halted()
                self._answered = monotonic()
            return self._because


class _Trial:
    """Tries what a request that writes needs. It logs what stands in the way when that changes, not at every look."""

    def __init__(self, log: PostgresLog, look: _Look, gate: Gate | None, unreadable: Callable[[], str | None]) -> None:
        self._log = log
        self._look = look
        self._gate = gate
        self._unreadable = unreadable
        self._fault: str | None = None

    async def finding(self) -> Finding:
        """Whether the log takes writes from this process: it is let in, the log is not halted, and a commit is free."""
        because = None
        try:
            because = await self._look.halted() or (None if self._gate is None else self._gate.because)
            because = because or self._unreadable()
            if because is None:
                await self._log.try_to_write()
            fault = because
        except LogFaultError as error:
            fault = str(error) or type(error).__name__
        if fault is not None and fault != self._fault:
            _say.error("the log takes no writes", fault=fault)
        self._fault = fault
        return Finding(Health.OK if fault is None else Health.DOWN, fault)


def history_health(lost: LostHistory, known: KnownState) -> Check:
    """The check that no caller showed a token of a lost history, or that an operator has acted since."""

    async def check() -> Health:
        if not lost.has_signs:
            return Health.OK
        try:
            lost_at = (await known.read()).lost_at
        except LogFaultError:
            return Health.DEGRADED
        return Health.DEGRADED if lost.is_unexplained(lost_at) else Health.OK

    return check


def relay_health(relay: Relay) -> Health:
    """The health of the relay. HTTP goes on without it, unless the relay has halted the log."""
    status = relay.status()
    if status.state is RelayState.HALTED:
        return Health.DOWN
    is_behind = (status.lag_events or 0) > LAG_EVENTS_MAX
    is_working = status.state in {RelayState.IDLE, RelayState.PUBLISHING, RelayState.STANDBY}
    # Messages that were deleted from the NATS stream never reach a new consumer; only an operator can repair that.
    is_whole = not status.is_gapped
    return Health.OK if is_working and is_whole and not is_behind else Health.DEGRADED


def _projection_health(runner: ProjectionRunner) -> Health:
    """The health of the projections. Without them only the list of invoices fails; reports are folded from the log."""
    if runner.stopped():
        return Health.DEGRADED
    return Health.OK if max(runner.lag().values(), default=0) <= LAG_EVENTS_MAX else Health.DEGRADED


def _sealer_report(sealer: Sealer) -> PartReport:
    """How the sealer is. Numbers are issued without it: what it found is for an operator to judge."""
    status = sealer.status()
    is_behind = (status.head or 0) - (status.size or 0) > LAG_EVENTS_MAX
    is_well = status.state in {SealerState.SEALING, SealerState.STARTING} and not is_behind
    return PartReport(
        Health.OK if is_well else Health.DEGRADED,
        status.head,
        {EVIDENCE: status.size},
        is_stopped=status.state is SealerState.STOPPED,
        because=status.because,
    )


def _self_check_report(self_check: SelfCheck) -> PartReport:
    """What the self-check found. Numbers are issued all the same: only an operator can judge what it means."""
    status = self_check.status()
    health = Health.DEGRADED if status.faults else Health.OK
    return PartReport(health, None, {}, because=status.because, faults=status.faults, rounded_at=status.rounded_at)
