"""A small model of the service, written from CONTRACT.md alone: it imports nothing from the service.

For every request it gives status, code and the facts of the reply. It works on plain dictionaries and knows neither
events nor replicas: its answer must hold for every replica at any time.
"""

import copy
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final, assert_never
from zoneinfo import ZoneInfo

from tests.model import invoice_rules, reservation_rules, series_rules
from tests.model.books import Document, Partition, Series, Slot
from tests.model.words import (
    Command,
    Delete,
    Describe,
    Expected,
    Issue,
    ListPending,
    ListSeries,
    Lock,
    MakePrimary,
    OpenSeries,
    ReadDocument,
    ReadSeries,
    ReadToken,
    RefusedError,
    Release,
    Reserve,
    Storno,
    Unlock,
    Unvoid,
    Update,
    Void,
    Who,
)

ZONE: Final = ZoneInfo("Europe/Bucharest")
WITHOUT_KEY: Final = (Describe, Update, Delete, ReadSeries, ListSeries, ListPending, ReadToken, ReadDocument)
"""Calls that are not POST: they ignore an Idempotency-Key (D60)."""


class Model:
    """All firms. `clock` is the clock of the service."""

    def __init__(self, clock: Callable[[], int], ttl_seconds: int) -> None:
        self._clock = clock
        self.ttl_seconds = ttl_seconds
        self.series: dict[str, Series] = {}
        self.documents: dict[str, Document] = {}
        self._answers: dict[tuple[object, ...], tuple[object, Expected]] = {}

    @property
    def now(self) -> int:
        """The time, in Unix seconds."""
        return self._clock()

    @property
    def today(self) -> date:
        """The day (D70)."""
        return datetime.fromtimestamp(self.now, ZONE).date()

    def day(self, days: int) -> date:
        """The date this number of days from today."""
        return self.today + timedelta(days=days)

    def ask(self, who: Who, command: Command, key: str | None = None) -> Expected:
        """What the service must answer; the model then has the state that the service must have."""
        if key is None or isinstance(command, WITHOUT_KEY):
            return self._answer(who, command, None)
        scope = (who.firm, who.mode, who.device, *_path(command), key)
        body = (command, self.today if isinstance(command, Issue) and command.days is not None else None)
        if scope in self._answers:
            first, answer = self._answers[scope]
            return answer if first == body else Expected(409, "idempotency_key_reused")
        answer = self._answer(who, command, key)
        if answer.is_success:
            kept = Expected(answer.status, data=copy.deepcopy(answer.data), is_repeat=True)
            self._answers[scope] = (body, kept)
        return answer

    def sweep(self) -> int:
        """Record overdue numbers as expired; returns how many there were."""
        slots = [slot for series in self.series.values() for slot in series.slots.values()]
        overdue = [slot for slot in slots if slot.status != slot.status_at(self.now)]
        for slot in overdue:
            slot.status = "expired"
        return len(overdue)

    def series_of(self, who: Who) -> list[Series]:
        """The series of the caller's partition, in the order in which they were opened."""
        return [series for series in self.series.values() if series.partition == partition_of(who)]

    def find_series(self, who: Who, handle: str, param: str = "id") -> Series:
        """The series, if it is the caller's (D11)."""
        series = self.series.get(handle)
        if series is None or series.partition != partition_of(who):
            raise RefusedError(404, "resource_missing", param)
        return series

    def find_document(self, who: Who, handle: str) -> Document:
        """The document, if it is the caller's and was not deleted."""
        document = self.documents.get(handle)
        if document is None or document.partition != partition_of(who) or document.is_deleted:
            raise RefusedError(404, "resource_missing", "id")
        return document

    def find_slot(self, who: Who, token: str) -> tuple[Series, Slot] | None:
        """The slot of the token, if it belongs to the caller's partition."""
        name, _, number = token.partition(" #")
        series = self.series.get(name)
        if series is None or series.partition != partition_of(who):
            return None
        return series, series.slots[int(number)]

    def standing_reversal(self, source: Document) -> Document | None:
        """The document that reverses this one, unless it was voided or deleted (D83)."""
        return source.standing_reversal

    def add_document(self, document_type: str, day: date, who: Who) -> Document:
        """A document without a number yet."""
        handle = f"document {len(self.documents) + 1}"
        document = Document(handle, partition_of(who), document_type, day, self.now)
        self.documents[handle] = document
        return document

    def document_view(self, document: Document) -> dict[str, Any]:
        """What a reply says of the document; it names its standing reversal, if there is one (D30)."""
        view = document.view()
        reversal = self.standing_reversal(document)
        return view if reversal is None else view | {"storno_bill_id": reversal.handle}

    def _answer(self, who: Who, command: Command, key: str | None) -> Expected:
        try:
            return self._decide(who, command, key)
        except RefusedError as refused:
            return refused.expected

    def _decide(self, who: Who, command: Command, key: str | None) -> Expected:
        match command:
            case OpenSeries() | MakePrimary() | Describe() | Lock() | Unlock() | ReadSeries() | ListSeries():
                return series_rules.answer(self, who, command)
            case Reserve() | Release() | ListPending() | ReadToken():
                return reservation_rules.answer(self, who, command)
            case Issue() | Void() | Unvoid() | Storno() | Update() | Delete() | ReadDocument():
                return invoice_rules.answer(self, who, command, key)
            case _:
                assert_never(command)


def partition_of(who: Who) -> Partition:
    """The partition that the caller sees (D9, D11)."""
    return who.firm, who.mode


def _path(command: Command) -> tuple[str, str]:
    """What takes the place of method and path in the scope of a key (D72)."""
    match command:
        case OpenSeries() | ListSeries() | Issue():
            subject = ""
        case Release(token) | ReadToken(token):
            subject = token
        case Void(document) | Unvoid(document) | Storno(document) | Update(document):
            subject = document
        case Delete(document) | ReadDocument(document):
            subject = document
        case _:
            subject = command.series
    return type(command).__name__, subject
