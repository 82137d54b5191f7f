"""Requests of other services, answered as the HTTP calls they stand for: one pipeline, one table of errors, one scope
of idempotency keys, whichever way a request came.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
import structlog
from prometheus_client import Counter, Histogram

from schemas.api.envelope import Failure, Success
from schemas.api.invoice import Invoice
from schemas.operations import OPERATIONS, Operation
from service.access.callers import Principal
from service.api.admission.rate_limit import ADDRESS, RateLimit
from service.api.answering import FAULTS, NOTHING_DONE, refusal_of_fault
from service.api.asking import Asked, Told
from service.api.call import Address, Call
from service.api.idempotency import idempotency_of
from service.api.parts import WebParts
from service.api.pipeline import Pipeline
from service.api.reading.body import GivenBody, given_body
from service.api.reading.json_text import Tree, canonical_json
from service.api.refusals.causes import AnswerTooLarge, BodyTooLarge, SubjectOfOthers, Unavailable, Unexpected
from service.api.refusals.field_faults import FieldFault, invalid, missing
from service.api.refusals.table import Refusal, RefusedError, bad_fields, refusal_of, refused
from service.api.reply import Exchange, Reply, encoded, problem_of
from service.api.route import Route
from service.web.application import ROUTES

STRANGERS: Final = f"{ADDRESS}nats"
"""Requests whose credential we do not know come from no address; they are counted by the subject they may use."""

_BY_PATH: Final = {(route.method, route.path): route for route in ROUTES}
_ROUTES: Final[Mapping[str, Route]] = {each.name: _BY_PATH[each.method, each.path] for each in OPERATIONS}


class Operations:
    """Answers requests that did not come by HTTP."""

    def __init__(self, parts: WebParts, limit: RateLimit) -> None:
        """`limit` may be that of HTTP: a credential then has one allowance, whichever way it asks."""
        self._parts = parts
        self._pipeline = Pipeline(parts, limit)
        # Looked up once: finding a metric or a logger by name costs more than counting or writing a line.
        self._say = structlog.get_logger(__name__).bind()
        self._metrics: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    async def answer(self, asked: Asked) -> Told:
        """The answer to one request, whatever becomes of it."""
        exchange = Exchange()
        told = await self._told(asked, exchange)
        route, milliseconds = _label(asked.operation), exchange.milliseconds()
        counter, timer = self._metrics_of(route, told.status)
        counter.inc()
        timer.observe(milliseconds / 1000)
        self._say.debug(
            "request",
            method="NATS",
            route=route,
            status=told.status,
            milliseconds=round(milliseconds, 2),
            request_id=exchange.request_id,
            caller=exchange.credential_id,
        )
        return told

    def _metrics_of(self, route: str, status: int) -> tuple[Counter, Histogram]:
        found = self._metrics.get((route, status))
        if found is None:
            metrics = self._parts.metrics
            found = metrics.requests.labels("NATS", route, status), metrics.request_seconds.labels(route)
            self._metrics[route, status] = found
        return found

    def overload(self) -> Told:
        """The answer while too many requests are being worked on."""
        return self._refused(refusal_of(Unavailable(f"Too many requests are waiting. {NOTHING_DONE}")), Exchange())

    async def _told(self, asked: Asked, exchange: Exchange) -> Told:
        try:
            reply = await self._reply(asked, exchange)
        except RefusedError as error:
            return self._refused(_in_words_of(asked.operation, error.refusal), exchange)
        except FAULTS as fault:
            return self._refused(refusal_of_fault(fault, _label(asked.operation), exchange), exchange)
        except Exception as error:  # noqa: BLE001 - a defect must not cost the caller its answer; it is logged in full
            route = _label(asked.operation)
            self._say.error("a request failed", request_id=exchange.request_id, route=route, exc_info=error)
            return self._refused(refusal_of(Unexpected()), exchange)
        body = encoded(Success(data=reply.data, meta=exchange.meta()))
        if len(body) > asked.answer_bytes_max:
            # Nobody could know it before. No 5xx, which makes clients ask again: without a key, that takes a number.
            place = _place_of(asked.operation, reply)
            return self._refused(refusal_of(AnswerTooLarge(len(body), asked.answer_bytes_max, place)), exchange)
        return Told(body, reply.status, is_replay="Idempotent-Replayed" in reply.headers)

    async def _reply(self, asked: Asked, exchange: Exchange) -> Reply:
        """The steps of CONTRACT.md D55 and D74. Raises RefusedError and the faults of the parts."""
        principal = await self._pipeline.principal(asked.authorization, self._strangers(asked), exchange)
        _check_subject(asked, principal)
        bytes_max = self._parts.settings.body_bytes_max
        if len(asked.body) > bytes_max:
            raise refused(BodyTooLarge(bytes_max))
        return await self._pipeline.reply(_ROUTES[asked.operation.name], self._call(asked, principal))

    def _strangers(self, asked: Asked) -> str:
        """Whom a stranger is counted as. Firms we have are told apart: the server of NATS decides who may use their
        subjects, so a flood on one of them does not lock out callers of another whom we have not met yet."""
        mode, firm_id = asked.partition
        is_known = (firm_id, mode) in self._parts.writer.state.partitions
        return f"{STRANGERS}:{mode}:{firm_id}" if is_known else STRANGERS

    def _call(self, asked: Asked, principal: Principal) -> Call:
        operation = asked.operation
        sent = given_body(asked.body, "")
        if isinstance(sent.fields, Refusal):
            raise RefusedError(sent.fields)
        places, fields = _taken_apart(operation, sent.fields)
        given = GivenBody(fields, canonical_json(dict(fields)) if fields else b"")
        idempotency = None
        if operation.method == "POST":
            path = operation.path.format(**places)
            idempotency = idempotency_of(
                asked.idempotency_key, principal.caller, operation.method, path, given.canonical
            )
        return Call(self._parts, Address(places, {}), principal, given, idempotency)

    def _refused(self, refusal: Refusal, exchange: Exchange) -> Told:
        self._parts.metrics.rejections.labels(refusal.code).inc()
        body = encoded(Failure(error=problem_of(refusal, exchange.request_id), meta=exchange.meta()))
        return Told(body, refusal.status, refusal.code, refusal.message)


def _check_subject(asked: Asked, principal: Principal) -> None:
    """The server of NATS decides who may use a subject; it must not open another firm's numbers."""
    if asked.partition != (principal.caller.mode, principal.caller.firm_id):
        raise refused(SubjectOfOthers())


def _taken_apart(operation: Operation, fields: Mapping[str, Tree]) -> tuple[dict[str, str], dict[str, Tree]]:
    """What HTTP has in the path, and the body that is left. Raises RefusedError."""
    faults = [fault for name in operation.in_path.values() if (fault := _place_fault(name, fields.get(name)))]
    needs, refuses = operation.needs, operation.refuses
    if needs is not None and fields.get(needs) is None:
        faults.append(missing(needs, f"{needs} is required."))
    if refuses is not None and fields.get(refuses) is not None:
        faults.append(FieldFault(refuses, "invalid_field_value", f"{refuses} is for another operation: consume."))
    if faults:
        raise bad_fields(faults)
    places = {place: str(fields[name]) for place, name in operation.in_path.items()}
    return places, {name: value for name, value in fields.items() if name not in operation.in_path.values()}


def _place_fault(name: str, value: Tree) -> FieldFault | None:
    if value is None:
        return missing(name, f"{name} is required.")
    if name == "number":
        is_right = isinstance(value, int) and not isinstance(value, bool) and value > 0
        return None if is_right else invalid(name, "a whole number, 1 or more")
    is_right = isinstance(value, str) and 1 <= len(value) <= 255
    return None if is_right else invalid(name, "text of 1 to 255 characters")


def _place_of(operation: Operation, reply: Reply) -> str:
    """Where HTTP has this reply."""
    if isinstance(reply.data, Invoice):
        return f"GET /v1/invoices/{reply.data.id}"
    key = ", under the same Idempotency-Key" if operation.method == "POST" else ""
    return f"{operation.method} {operation.path}{key}"


def _in_words_of(operation: Operation, refusal: Refusal) -> Refusal:
    """The refusal with the name that the field at fault has here, which is not always that in the path."""
    name = operation.in_path.get(refusal.param or "")
    return refusal if name is None else msgspec.structs.replace(refusal, param=name)


def _label(operation: Operation) -> str:
    return f"nats:{operation.name}"
