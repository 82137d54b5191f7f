"""One HTTP connection: it sends the envelope also for bytes that are not HTTP, and gives up on slow clients."""

import asyncio
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import (
    RequestHandler,
    _ErrInfo,  # pyright: ignore[reportPrivateUsage] - aiohttp has no public way to answer what is not a request yet
)

from service.api.calling.reply import Exchange, not_done
from service.api.refusals.causes import RequestTooSlow, RequestUnreadable, Unexpected
from service.api.refusals.table import Refusal, refusal_of
from service.web.application import ENTRANCE, PATIENCE
from service.web.asked import address_of
from service.web.responses import response

_say = structlog.get_logger(__name__)


class HttpConnection(RequestHandler):
    """One connection. A request that cannot be parsed, or does not arrive, is answered here, not by the application."""

    __slots__ = ("_application", "_has_ended", "_head_timer", "_latest_body", "_patience")

    def __init__(self, manager: web.Server, application: web.Application, **options: Any) -> None:
        super().__init__(manager, **options)
        self._application = application
        self._patience = application[PATIENCE]
        self._head_timer: asyncio.TimerHandle | None = None
        self._has_ended = False
        self._latest_body: StreamReader = EMPTY_PAYLOAD

    def data_received(self, data: bytes) -> None:
        """Start the timer when a head begins to arrive; the whole head must arrive within `head_seconds`."""
        requests = self._request_count
        super().data_received(data)
        if self._request_count != requests:
            self._stop_head_timer()
            self._latest_body = self._messages[-1][1]
        elif self._head_timer is None and self._is_waiting():
            self._head_timer = self._loop.call_later(self._patience.head_seconds, self._give_up_on_head)

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio asks for it, aiohttp always says no
        """Keep the connection until complete requests are answered: a client may close its side and still read."""
        self._has_ended = True
        return not self._is_waiting() and self._latest_body.is_eof()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop the timer, and cancel the task that waits for the rest of a body, which will not come."""
        self._stop_head_timer()
        task = self._task_handler if self._current_request is None else None
        super().connection_lost(exc)
        if task is not None:
            task.cancel()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the reply. A client that does not read it loses its connection, so that it holds no resources."""
        transport = self.transport
        try:
            async with asyncio.timeout(self._patience.reply_seconds):
                finished = await super().finish_response(request, resp, start_time)
        except TimeoutError:
            _say.warning("a client did not read its reply", address=request.remote)
            if transport is not None:
                transport.abort()
            return resp, True
        if self._has_ended and not self._messages:
            self.close()
        return finished

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Send a refusal in the envelope, then close the connection."""
        exchange = Exchange("http", "other", "none")
        entrance = self._application[ENTRANCE]
        exchange.allowance = entrance.limit.look(address_of(request), entrance.dependencies.clock())
        if status == 500:
            _say.error("a request failed", request_id=exchange.request_id, exc_info=exc)
        answer = response(exchange, not_done(exchange, self._refusal(status, exc)))
        answer.force_close()
        return answer

    def _refusal(self, status: int, error: BaseException | None) -> Refusal:
        match status:
            case 408:
                return refusal_of(RequestTooSlow("head of the request", self._patience.head_seconds))
            case 400:
                return refusal_of(RequestUnreadable(_why(error)))
            case _:
                return refusal_of(Unexpected())

    def _is_waiting(self) -> bool:
        """Whether no request is being answered, so that arriving bytes belong to a head."""
        return self._waiter is not None and not self._waiter.done()

    def _give_up_on_head(self) -> None:
        self._head_timer = None
        if self._is_waiting() and self._waiter is not None:
            late = BadHttpMessage("too slow")
            self._messages.append((_ErrInfo(status=408, exc=late, message=late.message), EMPTY_PAYLOAD))
            self._waiter.set_result(None)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def _why(error: BaseException | None) -> str:
    """What is wrong with a head, without quoting it, because it may hold a credential."""
    if isinstance(error, LineTooLong):
        return f"its first line or one of its headers is longer than {error.args[1]} bytes"
    if isinstance(error, BadHttpMessage) and "header" in error.message.lower():
        return "one of its headers, or their number, is not allowed"
    return "its first line, its headers or the frame of its body are malformed"
