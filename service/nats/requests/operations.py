"""Passes requests of other services to the entrance, which answers requests over HTTP too."""

from collections.abc import Awaitable, Callable

from service.api.answering import NOTHING_DONE
from service.api.calling.reply import Exchange, Reply
from service.api.entrance import Entrance
from service.api.refusals.causes import Unavailable
from service.api.refusals.table import refusal_of
from service.nats.requests.asked import Arrived, NatsAsked, stranger_of

Answer = Callable[[Arrived], Awaitable[Reply]]
"""Answers a request; raises only what ends the process."""


class Operations:
    """Answers requests that arrive over NATS."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    async def answer(self, arrived: Arrived) -> Reply:
        """The reply to one request, also if it is refused or meets a fault."""
        stranger = stranger_of(arrived.partition, is_known=self.is_known(arrived.partition))
        asked = NatsAsked(arrived, stranger, self._entrance.dependencies.settings.body_bytes_max)
        exchange = _exchange(arrived)
        tracer = self._entrance.dependencies.tracer
        if tracer is not None:
            about = arrived.operation.name, exchange.request_id
            exchange.begin_span(tracer.nats_request(*about, arrived.traceparent, arrived.tracestate))
        return await self._entrance.answer(asked, exchange)

    def is_known(self, partition: tuple[str, str]) -> bool:
        """Whether this is the mode and the firm of callers that we have."""
        mode, firm_id = partition
        return (firm_id, mode) in self._entrance.dependencies.writer.known.state.partitions

    def overload(self, arrived: Arrived) -> Reply:
        """The reply while too many requests are being worked on."""
        refusal = refusal_of(Unavailable(f"Too many requests are waiting. {NOTHING_DONE}"))
        return self._entrance.answering.refuse(_exchange(arrived), refusal)


def _exchange(arrived: Arrived) -> Exchange:
    return Exchange("nats", arrived.operation.method, arrived.operation.name, traceparent=arrived.traceparent)
