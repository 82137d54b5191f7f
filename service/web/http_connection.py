"""One HTTP connection: it sends the envelope also for bytes that are not HTTP, and gives up on slow clients."""

import asyncio
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import (
    RequestHandler,
    _ErrInfo,  # pyright: ignore[reportPrivateUsage] - aiohttp has no public way to answer what is not a request yet
)

from service.api.calling.reply import Exchange, not_done
from service.api.refusals.causes import RequestTooSlow, RequestUnreadable, Unavailable, Unexpected
from service.api.refusals.table import Refusal, refusal_of
from service.web.application import WebApplication
from service.web.asked import address_of
from service.web.crowd import Crowd
from service.web.forwarded import TrustedProxies
from service.web.responses import response

HEAD_BYTES_MAX: Final = 65_536
"""The most bytes of a first line and headers together."""

LINGER_BYTES_MAX: Final = 8_388_608
"""The most bytes of a refused body that are read and thrown away, so that the client can read the refusal."""

FRAME_FACTOR: Final = 8
"""The most bytes on the wire for a byte of a body: one-byte chunks take six."""

TOO_LARGE_HEAD: Final = "the head is too large"

TOO_MANY: Final = "Too many connections are open, in all or from your address."

_say = structlog.get_logger(__name__)


class HttpConnection(RequestHandler):
    """One connection. A request that cannot be parsed, or does not arrive, is answered here, not by the application."""

    __slots__ = (
        "_address",
        "_application",
        "_bytes",
        "_crowd",
        "_has_ended",
        "_has_given_up",
        "_head_timer",
        "_is_in_crowd",
        "_is_of_proxy",
        "_joined",
        "_latest_body",
        "_patience",
        "_proxies",
        "_unread_bytes_max",
    )

    def __init__(
        self,
        manager: web.Server,
        application: WebApplication,
        crowd: Crowd,
        proxies: TrustedProxies,
        **options: Any,
    ) -> None:
        super().__init__(manager, **options)
        self._application = application
        self._crowd = crowd
        self._proxies = proxies
        self._address, self._is_in_crowd, self._is_of_proxy = "", False, False
        # The caller whose request a trusted proxy passed on, until its reply is sent.
        self._joined: str | None = None
        # Those since the last head was complete: of its body, or after that of the next head.
        self._bytes = 0
        self._has_given_up = False
        self._unread_bytes_max = FRAME_FACTOR * application.body_bytes_max + LINGER_BYTES_MAX
        self._patience = application.patience
        self._head_timer: asyncio.TimerHandle | None = None
        self._has_ended = False
        self._latest_body: StreamReader = EMPTY_PAYLOAD

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Serve the connection, or answer 503 on it and end it if there are too many."""
        super().connection_made(transport)
        peer: tuple[str, int] | None = transport.get_extra_info("peername")
        self._address = peer[0] if peer else ""
        self._is_of_proxy = self._proxies.has(self._address)
        self._is_in_crowd = self._crowd.enter(self._address, is_proxy=self._is_of_proxy)
        if not self._is_in_crowd:
            self._give_up(503, "too many connections")

    def data_received(self, data: bytes) -> None:
        """Take what arrives. A head has `head_seconds` to be complete, and a bound of bytes, as what is unread has."""
        if self._has_given_up:
            return
        requests, was_in_body = self._request_count, not self._latest_body.is_eof()
        super().data_received(data)
        if self._request_count != requests:
            if self._bytes + len(data) > HEAD_BYTES_MAX:
                self._refuse_large_heads(self._request_count - requests)
            self._bytes = 0
            self._stop_head_timer()
            self._latest_body = self._messages[-1][1]
        else:
            self._bytes = 0 if was_in_body and self._latest_body.is_eof() else self._bytes + len(data)
            self._bound_bytes()
            if self._head_timer is None and self._is_waiting():
                self._head_timer = self._loop.call_later(self._patience.head_seconds, self._give_up_on_head)

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio asks for it, aiohttp always says no
        """Keep the connection until complete requests are answered: a client may close its side and still read."""
        self._has_ended = True
        return not self._is_waiting() and self._latest_body.is_eof()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop the timer, and cancel the task that waits for the rest of a body, which will not come."""
        self._stop_head_timer()
        if self._is_in_crowd:
            self._is_in_crowd = False
            self._crowd.leave(self._address, is_proxy=self._is_of_proxy)
        self._part()
        task = self._task_handler if self._current_request is None else None
        super().connection_lost(exc)
        if task is not None:
            task.cancel()

    def caller_of(self, message: RawRequestMessage) -> str | None:
        """The address of the caller, if a trusted proxy says it; none if the peer of the connection is the caller."""
        return self._proxies.caller(self._address, message.headers) if self._is_of_proxy else None

    def has_room_for(self, request: web.BaseRequest) -> bool:
        """Whether the caller of this request may have one more at once; it is counted until its reply is sent.

        A caller that is connected itself was counted when it connected.
        """
        if not self._is_of_proxy:
            return True
        caller = request.remote or ""
        if not self._crowd.join(caller):
            return False
        self._joined = caller
        return True

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the reply. A client that does not read it loses its connection, so that it holds no resources."""
        transport = self.transport
        try:
            finished = await super().finish_response(request, resp, start_time)
        except TimeoutError:
            _say.warning("a client did not read its reply", address=request.remote)
            if transport is not None:
                transport.abort()
            return resp, True
        finally:
            self._part()
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
        entrance = self._application.entrance
        exchange.allowance = entrance.limit.look(address_of(request), entrance.dependencies.clock())
        if status == 500:
            _say.error("a request failed", request_id=exchange.request_id, exc_info=exc)
        answer = response(exchange, not_done(exchange, self._refusal(status, exc)), self._patience)
        answer.force_close()
        return answer

    def _refusal(self, status: int, error: BaseException | None) -> Refusal:
        match status:
            case 408:
                return refusal_of(RequestTooSlow("head of the request", self._patience.head_seconds))
            case 400:
                return refusal_of(RequestUnreadable(_why(error)))
            case 503:
                return refusal_of(Unavailable(TOO_MANY))
            case _:
                return refusal_of(Unexpected())

    def _part(self) -> None:
        if self._joined is not None:
            self._crowd.part(self._joined)
            self._joined = None

    def _is_waiting(self) -> bool:
        """Whether no request is being answered, so that arriving bytes belong to a head."""
        return self._waiter is not None and not self._waiter.done()

    def _give_up_on_head(self) -> None:
        self._head_timer = None
        if self._is_waiting():
            self._give_up(408, "too slow")

    def _give_up(self, status: int, why: str) -> None:
        """Answer so after what is being answered, then end the connection; nothing more is read from it."""
        self._has_given_up = True
        self._messages.append(_given_up(status, why))
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _bound_bytes(self) -> None:
        """End a connection with bytes too many for a head, or with too many of a body that is not read."""
        if self._latest_body.is_eof():
            if self._bytes > HEAD_BYTES_MAX:
                self._give_up(400, TOO_LARGE_HEAD)
        elif self._bytes > self._unread_bytes_max:
            self._has_given_up = True
            self.force_close()

    def _refuse_large_heads(self, count: int) -> None:
        """Refuse each of the latest requests whose head came in one piece and is too large all the same."""
        for at in range(-count, 0):
            message = self._messages[at][0]
            if isinstance(message, RawRequestMessage) and _head_bytes(message) > HEAD_BYTES_MAX:
                self._has_given_up = True
                self._messages[at] = _given_up(400, TOO_LARGE_HEAD)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def _given_up(status: int, why: str) -> tuple[_ErrInfo, StreamReader]:
    """What aiohttp answers with `handle_error`, as if it had found the mistake itself."""
    error = BadHttpMessage(why)
    return _ErrInfo(status=status, exc=error, message=error.message), EMPTY_PAYLOAD


def _head_bytes(message: RawRequestMessage) -> int:
    """The size of a head: its first line and its headers, each with what sets it apart."""
    lines = sum(len(name) + len(value) + len(b": \r\n") for name, value in message.raw_headers)
    return len(message.method) + len(message.path) + len(b"  HTTP/1.1\r\n") + lines


def _why(error: BaseException | None) -> str:
    """What is wrong with a head, without quoting it, because it may hold a credential."""
    if isinstance(error, LineTooLong):
        return f"its first line or one of its headers is longer than {error.args[1]} bytes"
    if isinstance(error, BadHttpMessage) and error.message == TOO_LARGE_HEAD:
        return f"its first line and headers together are larger than {HEAD_BYTES_MAX} bytes"
    if isinstance(error, BadHttpMessage) and "header" in error.message.lower():
        return "one of its headers, or their number, is not allowed"
    return "its first line, its headers or the frame of its body are malformed"
