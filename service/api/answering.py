"""The end of every request, for both carriers: an envelope for the caller, one count in the metrics, one log line."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from msgspec.structs import replace
from prometheus_client import Counter, Histogram

from schemas.api.invoice import Invoice
from schemas.record import UnknownEventError
from service.access.reservation_tokens import UnknownTokenKeyError
from service.api.admission.reply_room import SMALL_BYTES, ReplyRoom
from service.api.calling.asked import Asked
from service.api.calling.reply import Exchange, Reply, Result, done, not_done
from service.api.refusals.causes import AnswerTooLarge, Unavailable, Unexpected
from service.api.refusals.table import Refusal, RefusedError, refusal_of
from service.log.event_log import (
    AppendInDoubtError,
    LogBrokenError,
    LogFaultError,
    LogHaltedError,
    LogReadOnlyError,
    LogUnavailableError,
    NewerReleaseError,
)
from service.log.gate import LogNotComparedError
from service.metrics import Metrics
from service.writer.queue import WriterBusyError
from service.writer.writer import OutcomeUnknownError

FAULTS: Final = (
    *(LogFaultError, WriterBusyError, OutcomeUnknownError, UnknownTokenKeyError, TimeoutError, UnknownEventError),
)
"""The faults that a request meets if a part of the service is away."""

CARRIERS: Final = ("http", "nats")

NOTHING_DONE: Final = "Nothing was done."
_NOT_COMPARED: Final = "No numbers are issued before the log was compared with the marks of where it ended."
_MAYBE_DONE: Final = "It is not known whether this was done."


class Answering:
    """Ends the requests of all carriers of a process."""

    def __init__(
        self, metrics: Metrics, on_broken: Callable[[AssertionError], None], room: ReplyRoom | None = None
    ) -> None:
        """`on_broken` ends the process after a broken invariant; the caller gets a reply (500) if there is time.

        `room` is where large replies wait for their readers.
        """
        self._metrics = metrics
        self._room = room or ReplyRoom()
        self._on_broken = on_broken
        # Looked up once: to find a metric or a logger by its name costs more than to count or to write a line.
        self._say = structlog.get_logger(__name__).bind()
        self._replayed = {carrier: metrics.replayed_answers.labels(carrier) for carrier in CARRIERS}
        self._counts: dict[tuple[str, str, str, int], tuple[Counter, Histogram]] = {}

    async def answer(self, exchange: Exchange, work: Awaitable[Result], asked: Asked | None = None) -> Reply:
        """The reply to a request, made from the result of `work`; counted and logged. `asked` if a route matched."""
        reply = await self._reply_to(exchange, work, asked)
        self.note(exchange, reply)
        return reply

    def refuse(self, exchange: Exchange, refusal: Refusal) -> Reply:
        """The reply to a request that is refused before any work; counted and logged."""
        reply = not_done(exchange, refusal)
        self.note(exchange, reply)
        return reply

    async def _reply_to(self, exchange: Exchange, work: Awaitable[Result], asked: Asked | None) -> Reply:
        try:
            result = await work
            reply = self._in_room(exchange, result, done(exchange, result))
            if result.is_repeat:
                self._replayed[exchange.carrier].inc()
        except RefusedError as error:
            refusal = error.refusal if asked is None else _in_words_of(asked, error.refusal)
        except FAULTS as fault:
            refusal = self._refusal_of_fault(exchange, fault)
        except Exception as error:  # noqa: BLE001 - a defect must not cost the caller its envelope; it is logged in full
            self._say.error(
                "a request failed",
                request_id=exchange.request_id,
                route=exchange.route,
                exc_info=error,
                **exchange.trace_fields(),
            )
            if isinstance(error, AssertionError):
                self._on_broken(error)
            refusal = refusal_of(Unexpected())
        else:
            too_large = None if asked is None else _too_large(asked, result, reply.size)
            if too_large is None:
                return reply
            refusal = too_large
        return not_done(exchange, refusal)

    def _in_room(self, exchange: Exchange, result: Result, reply: Reply) -> Reply:
        """The reply, counted if it is large. Raises RefusedError if there is no room, and nothing was done."""
        if reply.held is not None or reply.size <= SMALL_BYTES or exchange.firm_id is None:
            return reply
        held = self._room.hold(exchange.firm_id)
        held.take(reply.size, is_done=result.is_done)
        return replace(reply, held=held)

    def _refusal_of_fault(self, exchange: Exchange, fault: Exception) -> Refusal:
        """The refusal for a part that is away: try again; its message says whether anything was done, if we know it."""
        self._say.warning(
            "a request met a fault",
            request_id=exchange.request_id,
            route=exchange.route,
            fault=repr(fault),
            **exchange.trace_fields(),
        )
        match fault:
            case OutcomeUnknownError() | AppendInDoubtError():
                return refusal_of(Unavailable(_MAYBE_DONE))
            case LogBrokenError():
                return refusal_of(Unexpected())
            case LogNotComparedError():
                return refusal_of(Unavailable(f"{_NOT_COMPARED} {NOTHING_DONE}"))
            case LogHaltedError():
                why = f"No numbers are issued until an operator resumes the log. {NOTHING_DONE}"
                return refusal_of(Unavailable(why))
            case WriterBusyError():
                return refusal_of(Unavailable(f"Too many requests are waiting. {NOTHING_DONE}"))
            case LogReadOnlyError():
                return refusal_of(Unavailable(f"The store is read-only and takes no writes. {NOTHING_DONE}"))
            case NewerReleaseError() | UnknownEventError():
                return refusal_of(Unavailable(f"This process is older than what it has to read. {NOTHING_DONE}"))
            case LogUnavailableError():
                return refusal_of(Unavailable("The database cannot be reached."))
            case _:
                return refusal_of(Unavailable("A part of the service cannot be reached."))

    def note(self, exchange: Exchange, reply: Reply) -> None:
        """Count and log a request that got this reply."""
        milliseconds = exchange.milliseconds()
        if exchange.span is not None:
            exchange.span.end(reply.status, None if reply.refusal is None else reply.refusal.code)
        counter, timer = self._counts_of(exchange, reply.status)
        counter.inc()
        timer.observe(milliseconds / 1000)
        if reply.refusal is not None:
            self._metrics.rejections.labels(reply.refusal.code).inc()
        self._say.debug(
            "request",
            carrier=exchange.carrier,
            method=exchange.method,
            route=exchange.route,
            status=reply.status,
            milliseconds=round(milliseconds, 2),
            request_id=exchange.request_id,
            caller=exchange.holder,
            **exchange.trace_fields(),
        )

    def _counts_of(self, exchange: Exchange, status: int) -> tuple[Counter, Histogram]:
        key = exchange.carrier, exchange.method, exchange.route, status
        found = self._counts.get(key)
        if found is None:
            counter = self._metrics.requests.labels(*key)
            found = self._counts[key] = counter, self._metrics.request_seconds.labels(exchange.carrier, exchange.route)
        return found


def _in_words_of(asked: Asked, refusal: Refusal) -> Refusal:
    """The refusal, with the name that the wrong field has in requests of this carrier."""
    name = asked.names.get(refusal.param or "")
    return refusal if name is None else replace(refusal, param=name)


def _too_large(asked: Asked, result: Result, size: int) -> Refusal | None:
    """The refusal of a request that was done, if its reply is too large for the carrier.

    The size is known only now, after the work. The status is no 5xx, because clients repeat a request after a 5xx, and
    a repeat without a key takes another number.
    """
    size_max, route = asked.reply_bytes_max, asked.route
    if size_max is None or size <= size_max:
        return None
    if isinstance(result.data, Invoice):
        return refusal_of(AnswerTooLarge(size, size_max, f"GET /v1/invoices/{result.data.id}"))
    key = ", under the same Idempotency-Key" if route.method == "POST" else ""
    return refusal_of(AnswerTooLarge(size, size_max, f"{route.method} {route.path}{key}"))
