"""Translates the words of the model to HTTP and back: paths, bodies, and handles for the ids of the service."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from typing import Any, Final, TypeAlias, assert_never

from tests.model.words import (
    Command,
    Delete,
    Describe,
    Issue,
    ListPending,
    ListSeries,
    Lock,
    MakePrimary,
    OpenSeries,
    ReadDocument,
    ReadSeries,
    ReadToken,
    Release,
    Reserve,
    Storno,
    Unlock,
    Unvoid,
    Update,
    Void,
)
from tests.support.service.client import AN_INVOICE

SERIES: Final = "/invoice-series"
INVOICES: Final = "/invoices"
IDS: Final = ("id", "token")

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"


@dataclass(frozen=True)
class HttpRequest:
    """What is sent under /v1."""

    method: str
    path: str
    body: dict[str, Any] | None = None


@dataclass
class Handles:
    """Which handle stands for which id of the service."""

    _ids: dict[str, str] = field(default_factory=dict[str, str])
    _handles: dict[str, str] = field(default_factory=dict[str, str])

    def id_of(self, handle: str) -> str:
        """The id of the service for this handle."""
        return self._ids[handle]

    def handle_of(self, found: str) -> str:
        """The handle that stands for this id of the service."""
        return self._handles[found]

    def learn(self, expected: Json, found: Json) -> None:
        """Take new ids from a reply, at the places where the model has new handles."""
        for one, other in _pairs(expected, found):
            for key in IDS:
                handle, new = one.get(key), other.get(key)
                if isinstance(handle, str) and isinstance(new, str):
                    self._learn_one(handle, new)

    def _learn_one(self, handle: str, found: str) -> None:
        if handle not in self._ids and found not in self._handles:
            self._ids[handle] = found
            self._handles[found] = handle

    def seen_as(self, expected: Json, found: Json) -> Json:
        """The reply in the words of the model: only the keys that the model has, and handles for ids."""
        if isinstance(found, dict):
            wanted = expected if isinstance(expected, dict) else found
            return {key: self.seen_as(wanted[key], found.get(key, "absent")) for key in wanted}
        if isinstance(found, list):
            wanted_items = expected if isinstance(expected, list) else []
            return [self.seen_as(one, other) for one, other in zip_longest(wanted_items[: len(found)], found)]
        return self._handles.get(found, found) if isinstance(found, str) else found


class Spelled(Handles):
    """Handles that stand for themselves, to print a history."""

    def id_of(self, handle: str) -> str:
        """The handle as one word."""
        return handle.replace(" #", "-token-").replace(" ", "-")


def _pairs(expected: Json, found: Json) -> Iterator[tuple[dict[str, Json], dict[str, Json]]]:
    """Each object of the model with its counterpart in the reply: the object itself, or the objects in its list."""
    if isinstance(expected, dict) and isinstance(found, dict):
        yield expected, found
        yield from _pairs(expected.get("data"), found.get("data"))
    elif isinstance(expected, list) and isinstance(found, list):
        for one, other in zip(expected, found, strict=False):
            yield from _pairs(one, other)


def request_of(command: Command, handles: Handles, today: date) -> HttpRequest:
    """The HTTP request that asks for this."""
    match command:
        case OpenSeries() | ListSeries():
            return _of_all_series(command)
        case MakePrimary(series) | Describe(series) | Lock(series) | Unlock(series) | Reserve(series):
            return _of_series(command, f"{SERIES}/{handles.id_of(series)}")
        case ReadSeries(series) | ListPending(series):
            path = f"{SERIES}/{handles.id_of(series)}"
            return HttpRequest("GET", path + "/reservations" if isinstance(command, ListPending) else path)
        case Release(token):
            return HttpRequest("POST", f"{SERIES}/reservations/{handles.id_of(token)}/release")
        case ReadToken(token):
            return HttpRequest("GET", f"{SERIES}/reservations/{handles.id_of(token)}")
        case Issue():
            return HttpRequest("POST", INVOICES, _invoice(command, handles, today))
        case Void(document) | Unvoid(document) | Storno(document) | Update(document) | Delete(document):
            return _of_document(command, f"{INVOICES}/{handles.id_of(document)}", today)
        case ReadDocument(document):
            return HttpRequest("GET", f"{INVOICES}/{handles.id_of(document)}")
        case _:
            assert_never(command)


def _of_all_series(command: OpenSeries | ListSeries) -> HttpRequest:
    if isinstance(command, ListSeries):
        wanted = command.document_type
        return HttpRequest("GET", SERIES if wanted is None else f"{SERIES}?document_type={wanted}")
    body = {
        "name": command.name,
        "document_type": command.document_type,
        "start_number": command.start_number,
        "is_primary": command.is_primary,
    }
    return HttpRequest("POST", SERIES, body if command.format is None else body | {"format": command.format})


def _of_series(command: MakePrimary | Describe | Lock | Unlock | Reserve, path: str) -> HttpRequest:
    match command:
        case MakePrimary():
            return HttpRequest("POST", path + "/set-primary")
        case Describe(description=description):
            return HttpRequest("PATCH", path, {"description": description})
        case Lock():
            return HttpRequest("POST", path + "/lock")
        case Unlock(force=force):
            return HttpRequest("POST", path + "/unlock", {"force": True} if force else None)
        case Reserve(count=count):
            return HttpRequest("POST", path + "/reserve-numbers", None if count is None else {"count": count})
        case _:
            assert_never(command)


def _invoice(command: Issue, handles: Handles, today: date) -> dict[str, Any]:
    body: dict[str, Any] = {
        **AN_INVOICE,
        "document_type": command.document_type,
        "force_chronology": command.force_chronology,
    }
    if command.days is not None:
        body["date"] = _day(today, command.days)
    if not command.names_rate:
        body["items"] = [{name: value for name, value in line.items() if name != "vat_rate"} for line in body["items"]]
    if command.series is not None:
        body["series_id"] = handles.id_of(command.series)
    if command.token is not None:
        body["reservation_token"] = handles.id_of(command.token)
    return body | ({"is_draft": 1} if command.is_draft else {})


def _of_document(command: Void | Unvoid | Storno | Update | Delete, path: str, today: date) -> HttpRequest:
    match command:
        case Void(reason=reason):
            return HttpRequest("POST", path + "/void", None if reason is None else {"reason": reason})
        case Unvoid():
            return HttpRequest("POST", path + "/unvoid")
        case Storno(names_items=names_items):
            body = {"items": [{"id": 1, "quantity": 1}]} if names_items else None
            return HttpRequest("POST", path + "/storno", body)
        case Update(days=days, number=number):
            change: dict[str, Any] = {"notes": "Changed"} if days is None else {"date": _day(today, days)}
            return HttpRequest("PATCH", path, change if number is None else {**change, "number_idx": number})
        case Delete():
            return HttpRequest("DELETE", path)
        case _:
            assert_never(command)


def _day(today: date, days: int) -> str:
    return date.fromordinal(today.toordinal() + days).isoformat()
