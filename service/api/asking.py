"""A request that came by another way than HTTP, in the words of the HTTP call it stands for, and its answer.

`service.nats` asks, `service.web` answers, and neither knows the other: the composition root joins them.
"""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from schemas.operations import Operation


class Asked(Struct, frozen=True):
    """One request as it came. `partition` is the mode and the firm it is addressed to, which must be the caller's.

    `authorization` and `idempotency_key` are what the headers of these names would hold; nothing here is verified yet.
    An answer of more than `answer_bytes_max` bytes cannot be carried back.
    """

    operation: Operation
    partition: tuple[str, str]
    authorization: str
    idempotency_key: str | None
    body: bytes
    answer_bytes_max: int


class Told(Struct, frozen=True):
    """The answer: the envelope as JSON, its HTTP status, and code and message of an error."""

    body: bytes
    status: int
    code: str | None = None
    message: str | None = None
    is_replay: bool = False


Ask = Callable[[Asked], Awaitable[Told]]
"""Has a request answered; raises nothing but what ends the process."""
