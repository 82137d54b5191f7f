"""A request as its carrier hands it over. HTTP has one kind, NATS another; the entrance answers both the same way."""

from collections.abc import Mapping
from typing import Protocol

from schemas.commands import Caller
from service.api.calling.route import Route
from service.api.calling.sent import Sent


class Asked(Protocol):
    """One request; nothing of it is verified yet.

    `authorization` and `idempotency_key` are what the headers of these names hold. A caller without a credential of
    ours is counted as `stranger`. `names` says what the carrier's body calls the parts of the path. The carrier cannot
    bring back a reply of more than `reply_bytes_max` bytes; none for no bound.
    """

    @property
    def route(self) -> Route:
        """What is asked for."""
        ...

    @property
    def authorization(self) -> str:
        """The credential, after its scheme."""
        ...

    @property
    def idempotency_key(self) -> str | None:
        """What makes this request and a repeat of it one."""
        ...

    @property
    def stranger(self) -> str:
        """As whom the rate limit counts a caller that shows no credential of ours."""
        ...

    @property
    def names(self) -> Mapping[str, str]:
        """The name in the body of each part of the path; empty where the path is apart from the body."""
        ...

    @property
    def reply_bytes_max(self) -> int | None:
        """The most bytes that the carrier brings back."""
        ...

    async def sent(self, caller: Caller) -> Sent:
        """What this caller sent. A carrier reads a body only now, from a caller we know.

        Raises RefusedError for what the carrier itself refuses: a body too large or too slow, another firm's subject.
        """
        ...
