"""The one entrance of the application: every request of every carrier goes through the same steps in the same order.

The steps are: caller, rate limit, whether it may write, Idempotency-Key, body, resource (CONTRACT.md D55 and D74). The
first step that fails ends the request with a refusal, and nothing is written.
"""

from collections.abc import Callable

from service.access.callers import Principal
from service.api.admission.admission import Admission
from service.api.admission.credentials import FAILURES
from service.api.admission.rate_limit import RateLimit
from service.api.answering import Answering
from service.api.calling.asked import Asked
from service.api.calling.call import Call
from service.api.calling.dependencies import Dependencies
from service.api.calling.idempotency import idempotency_of
from service.api.calling.read_of import read_of
from service.api.calling.reply import Exchange, Reply, Result
from service.api.calling.route import Route
from service.api.calling.sent import Sent
from service.api.refusals.causes import AuditorOnlyReads, RateExceeded
from service.api.refusals.table import Refusal, RefusedError, refused
from service.writer.request import Answered


class Entrance:
    """Answers requests, without knowing HTTP or NATS."""

    def __init__(
        self, dependencies: Dependencies, on_broken: Callable[[AssertionError], None], limit: RateLimit | None = None
    ) -> None:
        """`on_broken` gets a broken invariant that a request met, and must end the process."""
        self.dependencies = dependencies
        self.limit = limit or RateLimit(dependencies.settings.rate_limit)
        self.answering = Answering(dependencies.metrics, on_broken, dependencies.replies)
        self._admission = Admission(dependencies.access, self.limit, dependencies.log.log_id, dependencies.clock)
        self._failures = {
            problem: dependencies.metrics.auth_failures.labels(failure.value) for problem, failure in FAILURES.items()
        }

    async def answer(self, asked: Asked, exchange: Exchange) -> Reply:
        """The reply to one request, also if it is refused or meets a fault. Raises only what ends the process."""
        status = None
        try:
            reply = await self.answering.answer(exchange, self._result(asked, exchange), asked)
            status = reply.status
        finally:
            self._record(asked.route, exchange, status)
            if status is None and exchange.span is not None:
                exchange.span.cut_off()
        return reply

    def _record(self, route: Route, exchange: Exchange, status: int | None) -> None:
        """Record the request of an auditor, also one that was cut off; nothing waits for the record."""
        principal = exchange.principal
        if principal is not None and principal.is_auditor:
            record = read_of(route, exchange, exchange.sent, status)
            self.dependencies.read_recorder.note(principal.caller.firm_id, principal.caller.mode, record)

    async def _result(self, asked: Asked, exchange: Exchange) -> Result:
        """The result of the request, or of an earlier one under its key. Raises RefusedError and faults of any part."""
        principal = await self._admit(asked, exchange)
        if principal.is_auditor and asked.route.writes:
            raise refused(AuditorOnlyReads())
        sent = exchange.sent = await asked.sent(principal.caller)
        call = self._call(asked, exchange, principal, sent)
        done = await self._stored_answer(call) or await _handled(asked.route, call)
        if not isinstance(done, Answered):
            return Result(done, asked.route.status)
        shown = await _shown(asked.route, call, done)
        return Result(shown, asked.route.status, is_repeat=done.is_repeat, is_done=True)

    async def _admit(self, asked: Asked, exchange: Exchange) -> Principal:
        """The caller, after the request was counted. Raises RefusedError and the faults of Access.who."""
        exchange.holder = asked.stranger
        found, exchange.allowance = await self._admission.admit(asked.authorization, asked.stranger)
        if not isinstance(found, Principal):
            if not isinstance(found, RateExceeded):
                self._failures[type(found)].inc()
            raise refused(found)
        exchange.principal = found
        exchange.holder, exchange.firm_id = found.credential_id, found.caller.firm_id
        return found

    def _call(self, asked: Asked, exchange: Exchange, principal: Principal, sent: Sent) -> Call:
        idempotency = None
        if asked.route.method == "POST" and asked.idempotency_key is not None:
            idempotency = idempotency_of(asked.idempotency_key, principal.caller, sent.path, sent.given)
        is_recorded = exchange.span is not None and exchange.span.is_recorded
        return Call(self.dependencies, sent, principal, idempotency, exchange.traceparent, is_recorded)

    async def _stored_answer(self, call: Call) -> Answered | None:
        """The stored answer under the key of this request. This step comes before the body is judged (D60)."""
        if call.idempotency is None:
            return None
        answer = await self.dependencies.writer.stored_answer(call.idempotency)
        if answer is None or isinstance(answer, Answered):
            return answer
        raise refused(answer)


async def _handled(route: Route, call: Call) -> object:
    given = call.sent.given
    refusal = given.fields if isinstance(given.fields, Refusal) else given.refusal
    if refusal is not None:
        raise RefusedError(refusal)
    return await route.handle(call)


async def _shown(route: Route, call: Call, done: Answered) -> object:
    """The data of the reply to a command that was done. Raises LogUnavailableError; a repeat then finds it done."""
    assert route.show is not None, f"{route.method} {route.path} has commands done, so it shows them"
    return await route.show(call, done)
