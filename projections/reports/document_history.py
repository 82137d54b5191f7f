"""The history of one document in words: what happened, when, and by which actor (CONTRACT.md section 6.2)."""

from typing import Final, Literal, assert_never

from msgspec import Struct

from projections.keeping.one_moment import Connection
from projections.statements import statement
from schemas.api.invoice import HistoryEntry
from schemas.api.reports import Moment
from schemas.events import (
    DocumentChanged,
    DocumentErased,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
    DraftErased,
    DraftSaved,
    DraftVoided,
    NumbersLost,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesEvent,
)
from schemas.record import Record, decode_record
from schemas.values import DEFAULT_LOG, Actor, ActorKind, Digest, DocumentId, LogId, Position, iso_time

HistoryKind = Literal["create", "update", "void", "unvoid", "storno", "delete", "erase"]

_KINDS: Final[dict[HistoryKind, tuple[str, str]]] = {
    "create": ("Created", "plus"),
    "update": ("Changed", "edit"),
    "void": ("Voided", "ban"),
    "unvoid": ("Unvoided", "check"),
    "storno": ("Reversed", "undo"),
    "erase": ("Erased", "eraser"),
    "delete": ("Deleted", "trash"),
}
"""The name of each kind, and its icon."""


class HistoryWanted(Struct, frozen=True, kw_only=True):
    """A page of the history of a document in a log."""

    document_id: DocumentId
    page: int = 1
    per_page: int = 50
    log_id: LogId = DEFAULT_LOG


class HistoryPage(Struct, frozen=True):
    """A page of a history, oldest first; `total` counts the rows of all pages."""

    as_of: Moment
    rows: list[HistoryEntry]
    total: int


async def document_history(connection: Connection, wanted: HistoryWanted) -> HistoryPage:
    """What happened to a draft or a numbered document, deleted or not; empty if there is no such document.

    The log tells it: it has an index of documents. Needs SELECT on the log, and a connection that is in no transaction.
    Raises asyncpg's errors.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        counted = await connection.fetchrow(statement("history_count"), wanted.log_id, wanted.document_id)
        if counted is None:
            return HistoryPage(Moment(Position(0), None), [], 0)
        bounds = (wanted.per_page, (wanted.page - 1) * wanted.per_page)
        found = await connection.fetch(statement("history_page"), wanted.document_id, *bounds)
        rows = [_entry(decode_record(row["record"])) for row in found]
        return HistoryPage(Moment(counted["position"], counted["at"]), rows, counted["total"])


def _entry(record: Record) -> HistoryEntry:
    kind, message = _told(record)
    label, icon = _KINDS[kind]
    return HistoryEntry(
        id=f"evt_{record.position}",
        type=kind,
        type_label=label,
        message=message,
        icon=icon,
        by=by(record.actor),
        created_at=iso_time(record.at),
    )


def by(actor: Actor) -> str:
    """The actor in words: `user 7 (device session 17)`, `the service (sweeper)`."""
    match actor.kind:
        case ActorKind.KEY:
            means = f"API key {actor.id}"
        case ActorKind.SESSION:
            means = f"device session {actor.id}"
        case ActorKind.SYSTEM:
            return f"the service ({actor.id})"
        case _:
            assert_never(actor.kind)
    return means if actor.user_id is None else f"user {actor.user_id} ({means})"


def _told(record: Record) -> tuple[HistoryKind, str]:
    match record.event:
        case ReservationConsumed(full_number=full_number, date=date, reverses=None):
            return "create", f"{full_number} was issued, dated {date}."
        case ReservationConsumed(full_number=full_number, date=date, reverses=source):
            return "create", f"{full_number} was issued, dated {date}, as the reversal of {source}."
        case DocumentVoided(full_number=full_number):
            return "void", f"{full_number} was voided; it keeps its number."
        case DocumentUnvoided(full_number=full_number):
            return "unvoid", f"{full_number} counts again."
        case NumberWithdrawn(full_number=full_number):
            return "delete", f"{full_number} was deleted; its number is withdrawn."
        case DocumentChanged(full_number=full_number, date_before=before, date=date):
            moved = "" if before == date else f"; its date moved from {before} to {date}"
            return "update", f"{full_number} was changed{moved}."
        case DocumentReversed(full_number=full_number, reversal_full_number=reversal):
            return "storno", f"{full_number} was reversed by {reversal}."
        case DraftSaved():
            return ("create", "The draft was created.") if record.version == 1 else ("update", "The draft was changed.")
        case DocumentErased(full_number=full_number, content=left):
            return "erase", f"{_erased(left)} {full_number} was erased."
        case DraftErased(content=left):
            return "erase", f"{_erased(left)} the draft was erased."
        case DraftVoided():
            return "void", "The draft was voided."
        case DraftDeleted():
            return "delete", "The draft was deleted."
        case SeriesEvent() | NumbersReserved() | NumbersLost() | ReservationReleased() | ReservationExpired():
            # The statements return only events of a document; any other event is a defect in them.
            raise AssertionError(f"position {record.position} is not an event of a document")
        case _:
            assert_never(record.event)


def _erased(left: Digest | None) -> str:
    return "What was said by" if left is None else "The customer of"
