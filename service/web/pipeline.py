"""The order of things for every authenticated request: who, how often, asked before, body, and then the resource.

contract.md D55 and D74. The first step that fails answers; nothing is written on the way.
"""

from typing import Final

from aiohttp import web

from schemas.values import UnixSeconds
from service.access import Principal
from service.event_log import LogFaultError
from service.requests import Answered, Idempotency
from service.web.bodies import GivenBody, read_body
from service.web.call import Address, Call
from service.web.calling import CredentialProblem, address_of, credential_in, who_is_calling
from service.web.envelope import EXCHANGE, Exchange, Reply, success
from service.web.errors import Refusal, RefusedError, refused
from service.web.idempotency import HEADER, idempotency_of
from service.web.outcomes import reply_of
from service.web.parts import WebParts
from service.web.problems import CredentialInvalid, RateExceeded
from service.web.rate_limit import Allowance, RateLimit
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
        authorization = request.headers.get("Authorization", "")
        principal = await self.principal(authorization, address_of(request), exchange)
        call = await self._call(route, request, principal)
        return success(exchange, await self.reply(route, call))

    async def reply(self, route: Route, call: Call) -> Reply:
        """What the call came to, or an earlier one under its key. Raises RefusedError and the faults of the parts."""
        answer = await self._replayed(call) or await _handled(route, call)
        return await reply_of(call, answer, route.status) if isinstance(answer, Answered) else answer

    async def principal(self, authorization: str, address: str, exchange: Exchange) -> Principal:
        """The caller, counted; callers we do not know are counted by address. Raises RefusedError and the faults.

        A stranger is counted before the store is asked for the credential, and that is taken back if it is a good one:
        an address beyond its limit costs no query, however many of its requests arrive at once. What makes a
        credential credible costs none either, so that a flood from an address does not lock out those known there.
        """
        credential, now = credential_in(authorization), self._parts.clock()
        allowance = self._limit.take(address, now)
        exchange.allowance, exchange.credential_id = allowance, address
        if allowance.is_exceeded and not self._parts.access.is_credible(credential):
            raise _too_many(allowance, now)
        found = await self._found(credential, address, allowance)
        if isinstance(found, Principal):
            now = self._parts.clock()
            allowance = self._limit.take(found.credential_id, now)
            exchange.allowance, exchange.credential_id = allowance, found.credential_id
        if allowance.is_exceeded:
            raise _too_many(allowance, now)
        if isinstance(found, Principal):
            return found
        raise refused(found)

    async def _found(self, credential: str, address: str, taken: Allowance) -> Principal | CredentialProblem:
        """Who it is. The address pays for a stranger, not for a caller we know or a fault of ours."""
        try:
            found = await who_is_calling(credential, self._parts.access)
        except LogFaultError:
            self._limit.give_back(address, taken)
            raise
        if isinstance(found, Principal) and found.log_id != self._parts.log.log_id:
            return CredentialInvalid()
        if isinstance(found, Principal):
            self._limit.give_back(address, taken)
        return found

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


def _too_many(allowance: Allowance, now: UnixSeconds) -> RefusedError:
    return refused(RateExceeded(allowance.limit, max(1, allowance.resets_at - now)))


async def _handled(route: Route, call: Call) -> Answer:
    if isinstance(call.given.fields, Refusal):
        raise RefusedError(call.given.fields)
    return await route.handle(call)
