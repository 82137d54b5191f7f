"""The first two steps of every request: identify the caller and apply the rate limit (CONTRACT.md D55, D65)."""

from collections.abc import Callable

from schemas.values import LogId, UnixSeconds
from service.access.callers import Access, Principal
from service.api.admission.credentials import CredentialProblem, credential_in, who_is_calling
from service.api.admission.rate_limit import Allowance, RateLimit
from service.api.refusals.causes import CredentialInvalid, RateExceeded

Stopped = CredentialProblem | RateExceeded
"""Why a caller is not admitted."""


class Admission:
    """Admits callers. A credential has one allowance, shared by its requests over HTTP and NATS."""

    def __init__(self, access: Access, limit: RateLimit, log_id: LogId, clock: Callable[[], UnixSeconds]) -> None:
        self._access = access
        self._limit = limit
        self._log_id = log_id
        self._clock = clock

    async def admit(self, authorization: str, stranger: str) -> tuple[Principal | Stopped, Allowance]:
        """The caller, or why it is not admitted; and its allowance. Counts the request.

        A caller whose credential is bad is counted as `stranger`. A request is not counted before its credential is
        looked up, and not if the look-up meets a fault of ours, so neither uses up the allowance of an address that
        many callers share, as behind a proxy that is not trusted. Raises the faults of Access.who; then nothing is
        counted.
        """
        credential = credential_in(authorization)
        known = self._access.recall(credential)
        found: Principal | CredentialProblem | Allowance
        if known is not None and known.log_id == self._log_id:
            found = known
        else:
            found = await self._found(credential, stranger)
        if isinstance(found, Allowance):
            return self._too_many(found), found
        holder = found.credential_id if isinstance(found, Principal) else stranger
        allowance = self._limit.take(holder, self._clock())
        return (self._too_many(allowance) if allowance.is_exceeded else found), allowance

    async def _found(self, credential: str, stranger: str) -> Principal | CredentialProblem | Allowance:
        """The caller of a credential that was not looked up a moment ago.

        A credible one is looked up at once, however much strangers at its address ask.
        """
        found: Principal | CredentialProblem | Allowance
        if self._access.is_credible(credential):
            found = await who_is_calling(credential, self._access)
        else:
            found = await self._look_up(credential, stranger)
        if isinstance(found, Principal) and found.log_id != self._log_id:
            return CredentialInvalid()
        return found

    async def _look_up(self, credential: str, stranger: str) -> Principal | CredentialProblem | Allowance:
        """Look up an unseen credential; or return the allowance of a stranger that has used it up.

        Only a few look-ups run at once, so a burst is counted while it goes on. When the address is beyond its limit, a
        text that could be a key is still looked up, as long as there are spare look-ups.
        """
        async with self._limit.look_ups.turn(stranger):
            now = self._clock()
            allowance = self._limit.look(stranger, now)
            if allowance.is_used_up and not self._may_look_up(credential, now):
                return allowance
            return await who_is_calling(credential, self._access)

    def _may_look_up(self, credential: str, now: UnixSeconds) -> bool:
        """Whether to look up beyond the limit: the credential was seen while it waited, or a look-up is to spare."""
        is_credible = self._access.is_credible(credential)
        return is_credible or (self._access.is_key_shaped(credential) and self._limit.look_ups.spend(now))

    def _too_many(self, allowance: Allowance) -> RateExceeded:
        return RateExceeded(allowance.limit, max(1, allowance.resets_at - self._clock()))
