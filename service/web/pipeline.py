"""The order of things for every authenticated request: who, how often, asked before, body, and then the resource.

contract.md D55 and D74. The first step that fails answers; nothing is written on the way.
"""

from typing import Final

from aiohttp import web

from service.access import Principal
from service.requests import Answered, Idempotency
from service.web.bodies import GivenBody, read_body
from service.web.call import Address, Call
from service.web.calling import CredentialProblem, address_of, who_is_calling
from service.web.envelope import EXCHANGE, Exchange, Reply, success
from service.web.errors import Refusal, RefusedError, refused
from service.web.idempotency import HEADER, idempotency_of
from service.web.outcomes import reply_of
from service.web.parts import WebParts
from service.web.problems import CredentialInvalid, RateExceeded
from service.web.rate_limit import RateLimit
from service.web.routes import Answer, Route

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_NO_BODY: Final = GivenBody({}, b"")


class Pipeline:
    """Answers the requests of all routes."""

    def __init__(self, parts: WebParts, limit: RateLimit) -> None:
        self._parts = parts
        self._limit = limit

    async def answer(self, route: Route, request: web.Request) -> web.Response:
        """The reply to one request of `route`. Raises RefusedError and the faults of the parts."""
        exchange = request[EXCHANGE]
        principal = await self._principal(request, exchange)
        call = await self._call(route, request, principal)
        return success(exchange, await self.reply(route, call))

    async def reply(self, route: Route, call: Call) -> Reply:
        """What the call came to, or an earlier one under its key. Raises RefusedError and the faults of the parts."""
        answer = await self._replayed(call) or await _handled(route, call)
        return await reply_of(call, answer, route.status) if isinstance(answer, Answered) else answer

    async def _principal(self, request: web.Request, exchange: Exchange) -> Principal:
        found = await who_is_calling(request.headers.get("Authorization", ""), self._parts.access)
        return self.admit(found, address_of(request), exchange)

    def admit(self, found: Principal | CredentialProblem, address: str, exchange: Exchange) -> Principal:
        """The caller, counted; callers we do not know are counted by address. Raises RefusedError."""
        if isinstance(found, Principal) and found.log_id != self._parts.log.log_id:
            found = CredentialInvalid()
        holder = found.credential_id if isinstance(found, Principal) else address
        now = self._parts.clock()
        allowance = self._limit.take(holder, now)
        exchange.allowance = allowance
        exchange.credential_id = holder
        if allowance.is_exceeded:
            raise refused(RateExceeded(allowance.limit, max(1, allowance.resets_at - now)))
        if isinstance(found, Principal):
            return found
        raise refused(found)

    async def _call(self, route: Route, request: web.Request, principal: Principal) -> Call:
        has_body = route.method in _WITH_BODY
        given = _NO_BODY
        if has_body:
            bytes_max, seconds_max = self._parts.settings.body_bytes_max, self._parts.patience.body_seconds
            given = await read_body(request, bytes_max, seconds_max)
        idempotency: Idempotency | None = None
        if route.method == "POST":
            key = request.headers.get(HEADER)
            idempotency = idempotency_of(key, principal.caller, route.method, request.path, given.canonical)
        return Call(self._parts, Address(request.match_info, request.query), principal, given, idempotency)

    async def _replayed(self, call: Call) -> Answered | None:
        """What an earlier request under the same key came to; before the body is looked at (contract.md D60)."""
        if call.idempotency is None:
            return None
        answer = await self._parts.writer.replay(call.idempotency)
        if answer is None or isinstance(answer, Answered):
            return answer
        raise refused(answer)


async def _handled(route: Route, call: Call) -> Answer:
    if isinstance(call.given.fields, Refusal):
        raise RefusedError(call.given.fields)
    return await route.handle(call)
