"""One batch decided: what would be written, what each caller would be told, and the state after. No I/O."""

from collections.abc import Sequence

from schemas.record import StoredRecord, encode_record
from schemas.rejections import Rejection
from schemas.values import Position, UnixSeconds
from service.core.prepare import Cause, Prepared, prepare
from service.core.state.state import State
from service.log.event_log import Answer, Batch, Content
from service.writer.request import Answered, Waiting


class Plan:
    """A decided batch: true once `batch` is in the log after position `expected`.

    `state` is a layer over the state on which it is decided. `results` are in the order of `waiting`.
    """

    __slots__ = (
        "_answers",
        "_contents",
        "_records",
        "batch",
        "ended_ns",
        "expected",
        "results",
        "seconds",
        "size",
        "started_ns",
        "state",
    )

    def __init__(self, state: State) -> None:
        """Nothing is decided yet; `state` stays as it is."""
        self.expected: Position = state.position
        self.state = state.layer()
        self._records: list[StoredRecord] = []
        self._contents: list[Content] = []
        self._answers: list[Answer] = []
        self.batch = Batch(self._records, self._contents, self._answers)
        self.results: list[tuple[Waiting, Answered | Rejection]] = []
        self.seconds = 0.0
        self.started_ns = self.ended_ns = 0
        self.size = 0

    @property
    def waiting(self) -> list[Waiting]:
        """The requests that were decided, in order."""
        return [waiting for waiting, _ in self.results]

    @property
    def writes(self) -> bool:
        """Whether there is anything to append."""
        return bool(self._records or self._answers)

    def add(self, waiting: Sequence[Waiting], now: UnixSeconds) -> None:
        """Decide these requests too, in order, each against the state that the ones before it would leave."""
        for item in waiting:
            self.results.append((item, self._decide(item, now)))

    def _decide(self, item: Waiting, now: UnixSeconds) -> Answered | Rejection:
        request = item.request
        key = None if request.idempotency is None else request.idempotency.key
        cause = Cause(request.caller, item.command_id, key, request.traceparent)
        prepared = prepare(self.state, request.command, cause, now)
        if not isinstance(prepared, Prepared):
            return prepared
        self._records.extend(StoredRecord(record, encode_record(record)) for record in prepared.records)
        if request.content is not None and prepared.records:
            self._contents.append(request.content)
            self.size += len(request.content.body)
        if request.also is not None and prepared.records:
            self._contents.append(request.also)
            self.size += len(request.also.body)
        if request.idempotency is not None:
            # Kept with the events, in the same commit: a repeat finds the answer if and only if it happened.
            self._answers.append(Answer(request.idempotency.scope, request.idempotency.request, prepared.outcome))
        written = request.content if prepared.records else None
        return Answered(prepared.outcome, is_repeat=False, records=prepared.records, content=written)


def plan_batch(state: State, waiting: Sequence[Waiting], now: UnixSeconds) -> Plan:
    """The plan of these requests, decided on `state`, which stays as it is."""
    plan = Plan(state)
    plan.add(waiting, now)
    return plan
