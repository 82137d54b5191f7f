"""The order of things for every authenticated request: who, how often, asked before, body, and then the resource.

CONTRACT.md D55 and D74. The first step that fails answers; nothing is written on the way.
"""

from typing import Final

from aiohttp import web

from schemas.values import UnixSeconds
from service.access.callers import Principal
from service.api.admission.credentials import CredentialProblem, address_of, credential_in, who_is_calling
from service.api.admission.rate_limit import Allowance, RateLimit
from service.api.call import Address, Call
from service.api.idempotency import HEADER, idempotency_of
from service.api.outcomes import reply_of
from service.api.parts import WebParts
from service.api.reading.body import GivenBody, read_body
from service.api.refusals.causes import CredentialInvalid, RateExceeded
from service.api.refusals.table import Refusal, RefusedError, refused
from service.api.reply import EXCHANGE, Exchange, Reply, success
from service.api.route import Answer, Route
from service.writer.request import Answered, Idempotency

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

        An address is counted when a credential from it turned out bad, so that what is only on its way, or met a
        fault of ours, locks out nobody: many callers may share one address, behind a proxy all of them do.
        """
        credential, now = credential_in(authorization), self._parts.clock()
        exchange.allowance, exchange.credential_id = self._limit.look(address, now), address
        found = await self._found(credential, address)
        holder, now = found.credential_id if isinstance(found, Principal) else address, self._parts.clock()
        allowance = self._limit.take(holder, now)
        exchange.allowance, exchange.credential_id = allowance, holder
        if allowance.is_exceeded:
            raise _too_many(allowance, now)
        if isinstance(found, Principal):
            return found
        raise refused(found)

    async def _found(self, credential: str, address: str) -> Principal | CredentialProblem:
        """Who it is. What is credible is looked up at once, whatever strangers at its address do."""
        if self._parts.access.is_credible(credential):
            found = await who_is_calling(credential, self._parts.access)
        else:
            found = await self._stranger(credential, address)
        if isinstance(found, Principal) and found.log_id != self._parts.log.log_id:
            return CredentialInvalid()
        return found

    async def _stranger(self, credential: str, address: str) -> Principal | CredentialProblem:
        """Who it is that we have not met. Only a few are asked for at once, so that a burst is counted as it goes.

        Beyond the limit of its address, what could be a key is still asked for as long as there are look-ups to spare.
        """
        async with self._limit.look_ups.turn():
            now = self._parts.clock()
            allowance = self._limit.look(address, now)
            if allowance.is_used_up and not self._may_look_up(credential, now):
                raise _too_many(allowance, now)
            return await who_is_calling(credential, self._parts.access)

    def _may_look_up(self, credential: str, now: UnixSeconds) -> bool:
        """Whether it is asked for beyond the limit of its address: we met it meanwhile, or there is one to spare."""
        access = self._parts.access
        return access.is_credible(credential) or (access.is_key_shaped(credential) and self._limit.look_ups.spend(now))

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
        """What an earlier request under the same key came to; before the body is looked at (CONTRACT.md D60)."""
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
