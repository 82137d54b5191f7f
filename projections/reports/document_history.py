"""The history of one document in words: what happened, when, and by whose doing (CONTRACT.md section 6.2)."""

from datetime import UTC, datetime
from typing import Final, Literal, assert_never

from msgspec import Struct

from projections.keeping.one_moment import Connection, from_projections
from projections.reports.as_of import Moment
from projections.statements import statement
from schemas.events import (
    DocumentChanged,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftDeleted,
    DraftSaved,
    DraftVoided,
    NumberWithdrawn,
    ReservationConsumed,
)
from schemas.record import Record, decode_record
from schemas.values import DEFAULT_LOG, Actor, ActorKind, DocumentId, LogId, Position

HistoryKind = Literal["create", "update", "void", "unvoid", "storno", "delete"]

_KINDS: Final[dict[HistoryKind, tuple[str, str]]] = {
    "create": ("Created", "plus"),
    "update": ("Changed", "edit"),
    "void": ("Voided", "ban"),
    "unvoid": ("Unvoided", "check"),
    "storno": ("Reversed", "undo"),
    "delete": ("Deleted", "trash"),
}
"""What each kind is called, and an icon for it."""


class HistoryRow(Struct, frozen=True):
    """One thing that happened; `id` is the position of its event, `by` never a person's name."""

    id: Position
    type: HistoryKind
    type_label: str
    message: str
    icon: str
    by: str
    created_at: str


class HistoryPage(Struct, frozen=True):
    """A page of a history, oldest first; `total` counts the rows of all pages."""

    as_of: Moment
    rows: list[HistoryRow]
    total: int


async def document_history(
    connection: Connection,
    document_id: DocumentId,
    *,
    page: int,
    per_page: int,
    at_least: Position | None = None,
    log_id: LogId = DEFAULT_LOG,
) -> HistoryPage:
    """What happened to a document, a draft or a numbered one, deleted or not; empty if there is none.

    Read from the log instead where the projection is not there or does not contain the position `at_least`. Needs
    SELECT on both, and a connection that is in no transaction. Raises asyncpg's errors.
    """
    bounds = (per_page, (page - 1) * per_page)

    async def read() -> HistoryPage | None:
        row = await connection.fetchrow(statement("history_moment"), log_id)
        if row is None or row["position"] < (at_least or 0):
            return None
        total = await connection.fetchval(statement("history_of_document_count"), document_id)
        found = await connection.fetch(statement("history_of_document_page"), document_id, *bounds)
        return HistoryPage(Moment(row["position"], row["at"]), [_row(each["record"]) for each in found], total)

    history = await from_projections(connection, ("history",), read, is_waiting=False)
    return history or await _from_log(connection, document_id, bounds, log_id)


async def _from_log(
    connection: Connection, document_id: DocumentId, bounds: tuple[int, int], log_id: LogId
) -> HistoryPage:
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        position = Position(await connection.fetchval(statement("log_head"), log_id) or 0)
        time = await connection.fetchval(statement("log_time"), log_id, position)
        total = await connection.fetchval(statement("log_of_document_count"), document_id)
        found = await connection.fetch(statement("log_of_document_page"), document_id, *bounds)
    return HistoryPage(Moment(position, time), [_row(each["record"]) for each in found], total)


def _row(text: str) -> HistoryRow:
    record = decode_record(text)
    kind, message = _told(record)
    label, icon = _KINDS[kind]
    created_at = datetime.fromtimestamp(record.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return HistoryRow(record.position, kind, label, message, icon, by(record.actor), created_at)


def by(actor: Actor) -> str:
    """Who, in words: `user 7 (device session 17)`, `the service (sweeper)`."""
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
        case DraftVoided():
            return "void", "The draft was voided."
        case DraftDeleted():
            return "delete", "The draft was deleted."
        case _:
            # The statements give a document's own events only; any other would be a defect of theirs.
            raise AssertionError(f"position {record.position} is not an event of a document")
