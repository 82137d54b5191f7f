"""A log without a store: commands are decided one after another, as the writer decides them."""

from msgspec.structs import replace

from schemas.commands import Caller, Command
from schemas.events import Event, SeriesOpened
from schemas.outcomes import Outcome
from schemas.record import Record
from schemas.rejections import Rejection
from schemas.traceparent import TraceParent
from schemas.values import DEFAULT_LOG, CommandId, Position, SeriesId, UnixSeconds, Version
from service.core.decide import decide
from service.core.decision import Append, Decision
from service.core.evolve import evolve
from service.core.prepare import Cause, Prepared, prepare
from service.core.state.state import Series, State, empty_state
from tests.support.domain.commands import NOW, SECOND, SERIES, a_device, a_key, a_series


class History:
    """The records so far, and the state that is folded from them."""

    def __init__(self) -> None:
        self.state: State = empty_state(DEFAULT_LOG)
        self.records: list[Record] = []
        self.commands = 0
        self.last_caller: Caller = a_device()
        self.traceparent: TraceParent | None = None

    def attempt(self, command: Command, caller: Caller | None = None, at: int = NOW) -> Outcome | Rejection:
        """Decide the command and, unless it is rejected, append."""
        self.commands += 1
        self.last_caller = caller or a_device()
        cause = Cause(self.last_caller, CommandId(f"command_{self.commands}"), None, self.traceparent)
        state = self.state.copy()  # a test may still hold the one before
        prepared = prepare(state, command, cause, UnixSeconds(at))
        if not isinstance(prepared, Prepared):
            return prepared
        self.records.extend(prepared.records)
        self.state = state
        return prepared.outcome

    def after(self, *steps: "Step") -> "History":
        """This history with further steps; every step must be accepted."""
        for step in steps:
            command, caller, at = as_step(step)
            before = len(self.records)
            result = self.attempt(command, caller, at)
            assert len(self.records) > before, f"a step of a test's history appended nothing: {command}: {result}"
        return self

    def append(self, event: Event, series_id: SeriesId = SERIES) -> None:
        """Append an event that no present command can cause."""
        series = self.series(series_id)
        record = Record(
            log=DEFAULT_LOG,
            position=Position(self.state.position + 1),
            stream=series_id,
            series_name=series.name,
            version=Version(series.version + 1),
            previous=series.position,
            firm_id=series.firm_id,
            mode=series.mode,
            at=self.state.at,
            actor=a_key().actor,
            device_id=None,
            command_id=CommandId("by hand"),
            idempotency_key=None,
            event=event,
        )
        self.records.append(record)
        self.state = self.state.copy()
        evolve(self.state, record)

    def decide(self, command: Command, caller: Caller | None = None, at: int = NOW) -> Decision:
        """The decision on a command; nothing is appended."""
        return decide(self.state, command, caller or a_device(), UnixSeconds(at))

    def events(self, after: int = 0) -> list[Event]:
        """The events after a position."""
        return [record.event for record in self.records[after:]]

    def series(self, series_id: SeriesId = SERIES) -> Series:
        """A series as it is now."""
        return self.state.series[series_id]


Step = Command | tuple[Command, Caller] | tuple[Command, Caller, int]


def as_step(step: Step) -> tuple[Command, Caller, int]:
    """The step with its defaults: the device till_1, at NOW."""
    if not isinstance(step, tuple):
        return step, a_device(), NOW
    return (step[0], step[1], NOW) if len(step) == 2 else step


def a_history(*steps: Step) -> History:
    """A series FACT that starts at 1, opened by an API key, and then these steps."""
    return History().after((a_series(), a_key()), *steps)


def two_series_that_meet() -> History:
    """FACT and SECOND, opened before formats were compared (CONTRACT.md D87): they print the same numbers."""
    history = a_history()
    before = history.state.copy()
    history.after((a_series(SECOND, "SECOND"), a_key()))
    record = history.records.pop()
    assert isinstance(record.event, SeriesOpened), "this opened the second series"
    opened = replace(record, event=replace(record.event, format="FACT-{year}-{number}"))
    history.records.append(opened)
    evolve(before, opened)
    history.state = before
    return history


def verdict(decision: Decision) -> object:
    """A decision in short: the type of the last event that it would append, else the decision itself."""
    return type(decision.events[-1][1]) if isinstance(decision, Append) else decision
