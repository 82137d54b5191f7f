"""One draft by replay: a document without a number, in a stream that is named by the draft's id."""

from typing import assert_never

from schemas.events import AnyDraftEvent, DraftDeleted, DraftErased, DraftSaved, DraftVoided
from schemas.record import Record, event_name
from schemas.values import DocumentId, Position, Version


class DraftReplay:
    """A draft after the events so far."""

    def __init__(self) -> None:
        self.version: Version = Version(0)
        self.position: Position = Position(0)
        # An erasure changes nothing of what may follow, so it is never the last one here.
        self.last: DraftSaved | DraftVoided | DraftDeleted | None = None

    def refusal(self, record: Record, event: AnyDraftEvent) -> str | None:
        """Why the record cannot be the next one of the draft; None if it can."""
        if record.version != self.version + 1 or record.previous != self.position:
            return f"it does not follow version {self.version} at position {self.position}"
        if event.document_id != DocumentId(record.stream):
            return f"it is about document {event.document_id}"
        if not _may_follow(self.last, event):
            last = "nothing" if self.last is None else event_name(self.last)
            return f"{event_name(event)} cannot follow {last} in a draft"
        return None

    def apply(self, record: Record, event: AnyDraftEvent) -> None:
        """Add the next event; `refusal` must have returned None for it."""
        self.version, self.position = record.version, record.position
        if not isinstance(event, DraftErased):
            self.last = event


def _may_follow(last: DraftSaved | DraftVoided | DraftDeleted | None, event: AnyDraftEvent) -> bool:
    match last:
        case None:
            return isinstance(event, DraftSaved)
        case DraftSaved():
            return True
        case DraftVoided():
            return isinstance(event, DraftDeleted | DraftErased)
        case DraftDeleted():
            return False
        case _:
            assert_never(last)
