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

    `state` is a layer over the state on which it was decided.
    """

    __slots__ = ("batch", "expected", "results", "seconds", "state")

    def __init__(
        self, expected: Position, batch: Batch, state: State, results: list[tuple[Waiting, Answered | Rejection]]
    ) -> None:
        self.expected = expected
        self.batch = batch
        self.state = state
        self.results = results
        self.seconds = 0.0


def plan_batch(state: State, waiting: Sequence[Waiting], now: UnixSeconds) -> Plan:
    """Decide the requests in order, each against the state that the ones before it would leave; `state` stays."""
    expected, state = state.position, state.layer()
    records: list[StoredRecord] = []
    contents: list[Content] = []
    answers: list[Answer] = []
    results: list[tuple[Waiting, Answered | Rejection]] = []
    for item in waiting:
        request = item.request
        key = None if request.idempotency is None else request.idempotency.key
        prepared = prepare(state, request.command, Cause(request.caller, item.command_id, key), now)
        if not isinstance(prepared, Prepared):
            results.append((item, prepared))
            continue
        records.extend(StoredRecord(record, encode_record(record)) for record in prepared.records)
        if request.content is not None and prepared.records:
            contents.append(request.content)
        if request.also is not None and prepared.records:
            contents.append(request.also)
        if request.idempotency is not None:
            # Kept with the events, in the same commit: a repeat finds the answer if and only if it happened.
            answers.append(Answer(request.idempotency.scope, request.idempotency.request, prepared.outcome))
        written = request.content if prepared.records else None
        results.append((item, Answered(prepared.outcome, is_repeat=False, records=prepared.records, content=written)))
    return Plan(expected, Batch(records, contents, answers), state, results)
