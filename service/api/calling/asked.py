"""A request as its carrier hands it over. HTTP and NATS have a class each; the entrance treats both the same way."""

from collections.abc import Mapping
from typing import Protocol

from schemas.commands import Caller
from service.api.calling.route import Route
from service.api.calling.sent import Sent


class Asked(Protocol):
    """One request, nothing of which is verified yet."""

    @property
    def route(self) -> Route:
        """The call that is requested."""
        ...

    @property
    def authorization(self) -> str:
        """The Authorization header: a scheme and a credential; empty if there is none."""
        ...

    @property
    def idempotency_key(self) -> str | None:
        """The Idempotency-Key header, if there is one: a request and its repeat carry the same key."""
        ...

    @property
    def stranger(self) -> str:
        """The holder for which the rate limit counts a caller without a good credential."""
        ...

    @property
    def names(self) -> Mapping[str, str]:
        """For each variable of the path, the field of the body that holds it; empty if the carrier has a real path."""
        ...

    @property
    def reply_bytes_max(self) -> int | None:
        """The largest reply, in bytes, that the carrier can send; none for no bound."""
        ...

    async def sent(self, caller: Caller) -> Sent:
        """The path, query and body that this caller sent. The carrier reads the body only now, from a known caller.

        Raises RefusedError for what the carrier itself refuses: a body that is too large or too slow, or the subject of
        another firm.
        """
        ...
