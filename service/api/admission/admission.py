"""The first two steps of every request: who calls, and how often (CONTRACT.md D55, D65)."""

from collections.abc import Callable

from schemas.values import LogId, UnixSeconds
from service.access.callers import Access, Principal
from service.api.admission.credentials import CredentialProblem, credential_in, who_is_calling
from service.api.admission.rate_limit import Allowance, RateLimit
from service.api.refusals.causes import CredentialInvalid, RateExceeded

Stopped = CredentialProblem | RateExceeded
"""Why a caller is not let in."""


class Admission:
    """Lets callers in; a credential has one allowance, whichever carrier its requests come by."""

    def __init__(self, access: Access, limit: RateLimit, log_id: LogId, clock: Callable[[], UnixSeconds]) -> None:
        self._access = access
        self._limit = limit
        self._log_id = log_id
        self._clock = clock

    async def admit(self, authorization: str, stranger: str) -> tuple[Principal | Stopped, Allowance]:
        """Who calls, or why that caller is not let in; and what it may still ask. Counts the request.

        Callers that we do not know count as `stranger`, and only if their credential turned out bad: a request that is
        on its way, or met a fault of ours, locks out nobody. Many callers may share one address; behind a proxy all of
        them do. Raises the faults of Access.who, with nothing counted.
        """
        found = await self._found(credential_in(authorization), stranger)
        if isinstance(found, Allowance):
            return self._too_many(found), found
        holder = found.credential_id if isinstance(found, Principal) else stranger
        allowance = self._limit.take(holder, self._clock())
        return (self._too_many(allowance) if allowance.is_exceeded else found), allowance

    async def _found(self, credential: str, stranger: str) -> Principal | CredentialProblem | Allowance:
        """Who calls. A credible credential is looked up at once, whatever strangers at its address do."""
        if self._access.is_credible(credential):
            found: Principal | CredentialProblem | Allowance = await who_is_calling(credential, self._access)
        else:
            found = await self._look_up(credential, stranger)
        if isinstance(found, Principal) and found.log_id != self._log_id:
            return CredentialInvalid()
        return found

    async def _look_up(self, credential: str, stranger: str) -> Principal | CredentialProblem | Allowance:
        """Look up a credential that we have not met; or the allowance of a stranger that has used it up.

        Only a few look-ups run at once, so a burst is counted as it goes. Beyond the limit of its address, a text that
        could be a key is looked up while there are look-ups to spare.
        """
        async with self._limit.look_ups.turn():
            now = self._clock()
            allowance = self._limit.look(stranger, now)
            if allowance.is_used_up and not self._may_look_up(credential, now):
                return allowance
            return await who_is_calling(credential, self._access)

    def _may_look_up(self, credential: str, now: UnixSeconds) -> bool:
        """Whether to look up beyond the limit: we have met the credential by now, or there is a look-up to spare."""
        is_credible = self._access.is_credible(credential)
        return is_credible or (self._access.is_key_shaped(credential) and self._limit.look_ups.spend(now))

    def _too_many(self, allowance: Allowance) -> RateExceeded:
        return RateExceeded(allowance.limit, max(1, allowance.resets_at - self._clock()))
