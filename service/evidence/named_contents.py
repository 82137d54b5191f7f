"""Which contents an event names (README.md sections 8 and 9)."""

from schemas.events import DocumentErased, DraftErased, Event
from schemas.values import Digest


def digests_of(event: Event) -> list[Digest]:
    """The digests of the contents that the event names: what a document says, then why something was done."""
    named: list[Digest | None] = [getattr(event, "content", None)]
    if isinstance(event, DocumentErased | DraftErased):
        named.append(event.reason)
    return [digest for digest in named if digest is not None]
