"""What the events of one draft come to: a document without a number, in a stream named by its own id."""

from typing import Final

from schemas.events import AnyDraftEvent, DraftDeleted, DraftSaved, DraftVoided
from schemas.record import Record
from schemas.values import DocumentId, Position, Version


class DraftReplay:
    """A draft so far."""

    def __init__(self) -> None:
        self.version: Version = Version(0)
        self.position: Position = Position(0)
        self.last: AnyDraftEvent | None = None

    def refusal(self, record: Record, event: AnyDraftEvent) -> str | None:
        """Why the record cannot be the draft's next one, if it cannot."""
        if record.version != self.version + 1 or record.previous != self.position:
            return f"it does not follow version {self.version} at position {self.position}"
        if event.document_id != DocumentId(record.stream):
            return f"it is about document {event.document_id}"
        if type(event) not in _FOLLOWING[type(self.last)]:
            return "the draft is not one that this can happen to"
        return None

    def apply(self, record: Record, event: AnyDraftEvent) -> None:
        """Take the next event in, which `refusal` has nothing against."""
        self.version, self.position, self.last = record.version, record.position, event


_FOLLOWING: Final[dict[type[object], frozenset[type[object]]]] = {
    type(None): frozenset({DraftSaved}),
    DraftSaved: frozenset({DraftSaved, DraftVoided, DraftDeleted}),
    DraftVoided: frozenset({DraftDeleted}),
    DraftDeleted: frozenset(),
}
