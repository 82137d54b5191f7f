"""Documents and the numbers they carry (CONTRACT.md sections 9 and 10)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, assert_never

from tests.model.books import Document, Series, Slot
from tests.model.reservation_rules import check_token, take
from tests.model.series_rules import check_gate
from tests.model.words import Delete, Expected, Issue, ReadDocument, RefusedError, Storno, Unvoid, Update, Void, Who

if TYPE_CHECKING:
    from tests.model.model import Model

DAYS_AHEAD_MAX: Final = 366

Asked = Issue | Void | Unvoid | Storno | Update | Delete | ReadDocument


def answer(model: Model, who: Who, asked: Asked, key: str | None) -> Expected:
    """What the contract says for this request."""
    if isinstance(asked, Issue):
        issued = _issue(model, who, asked, key)
        issued.vat_rate = 19 if asked.names_rate else _standard_rate(issued.date)
        return Expected(201, data=issued.view())
    if isinstance(asked, Update):
        _check_new_date(model, who, asked)
    _check_body(asked)
    document = model.find_document(who, asked.document)
    match asked:
        case Void():
            if document.is_void:
                raise RefusedError(400, "invoice_already_voided")
            if model.standing_reversal(document) is not None:
                raise RefusedError(400, "invoice_already_storned")
            document.voided_at, document.void_reason = model.now, asked.reason
            document.story.append("void")
        case Unvoid():
            _unvoid(model, document)
        case Storno():
            return Expected(200, data=_storno(model, who, document).view())
        case Update():
            _update(model, document, asked)
        case Delete():
            _delete(document)
            return Expected(200, data={"object": "invoice", "id": document.handle, "deleted": True})
        case ReadDocument():
            pass
        case _:
            assert_never(asked)
    return Expected(200, data=model.document_view(document))


def _check_body(asked: Void | Unvoid | Storno | Update | Delete | ReadDocument) -> None:
    """What is wrong whatever the document is comes before the document (D74)."""
    if isinstance(asked, Void) and asked.reason is not None and not asked.reason.strip():
        raise RefusedError(400, "invalid_field_value", "reason")
    if isinstance(asked, Storno) and asked.names_items:
        raise RefusedError(400, "invalid_field_value", "items")


def _standard_rate(day: date) -> int:
    """The rate of the day (D92); no history goes back to the rates before these."""
    return 21 if day >= date(2025, 8, 1) else 19


def _issue(model: Model, who: Who, asked: Issue, key: str | None) -> Document:
    """The checks are in the order of D55."""
    faults = ["date"] if asked.days is not None and not _can_be_meant(model, asked.days) else []
    if asked.is_draft and asked.token is not None:
        faults.append("is_draft")
    if faults:
        raise _refused_fields(faults)
    day = model.day(asked.days or 0)
    named = None if asked.series is None else model.find_series(who, asked.series, "series_id")
    if named is not None and named.document_type != asked.document_type:
        raise RefusedError(400, "invalid_field_value", "document_type")
    if asked.is_draft:
        draft = model.add_document(asked.document_type, day, who)
        draft.series = named
        return draft
    if asked.token is not None:
        return _consume(model, who, asked, named, key, day)
    series = named or _primary(model, who, asked.document_type)
    check_gate(who, series)
    _check_chronology(series, asked, day)
    return _put_next_number(model, who, series, day)


def _consume(model: Model, who: Who, asked: Issue, named: Series | None, key: str | None, day: date) -> Document:
    """The lock does not matter to a valid token (D51)."""
    assert asked.token is not None
    found = model.find_slot(who, asked.token)
    if found is None:
        raise RefusedError(404, "reservation_missing")
    series, slot = found
    if named is not None and named is not series:
        raise RefusedError(409, "reservation_series_mismatch")
    if series.document_type != asked.document_type:
        raise RefusedError(400, "invalid_field_value", "document_type")
    check_token(model, who, slot)
    _check_chronology(series, asked, day)
    slot.client_local_uuid = key
    return _put(model, who, series, slot, day)


def _primary(model: Model, who: Who, document_type: str) -> Series:
    for series in model.series_of(who):
        if series.is_primary and series.document_type == document_type:
            return series
    raise RefusedError(400, "missing_required_field", "series_id")


def _can_be_meant(model: Model, days: int) -> bool:
    """Whether an invoice may have the date that many days from today (D88)."""
    return model.day(days) >= date(2000, 1, 1) and days <= DAYS_AHEAD_MAX


def _refused_fields(faults: list[str]) -> RefusedError:
    """One field at fault is named, several are not (D73)."""
    return (
        RefusedError(400, "invalid_request") if len(faults) > 1 else RefusedError(400, "invalid_field_value", faults[0])
    )


def _check_new_date(model: Model, who: Who, asked: Update) -> None:
    """A bad date is refused before the invoice is looked for; the date that it has already is no bad one (D74, D88)."""
    if asked.days is None or _can_be_meant(model, asked.days):
        return
    document = model.documents.get(asked.document)
    if document is None or document.partition != (who.firm, who.mode) or document.date != model.day(asked.days):
        raise _refused_fields(["date"])


def _check_chronology(series: Series, asked: Issue, day: date) -> None:
    """The date that the service puts in itself is never refused (D59)."""
    latest = series.latest_date()
    if asked.force_chronology and asked.days is not None and latest is not None and day < latest:
        raise RefusedError(409, "chronology_violation")


def _check_neighbours(series: Series, document: Document, day: date) -> None:
    """The date lies between those of the nearest standing documents by number (D89)."""
    assert document.number is not None
    below = [each for number, each in series.standing_dates() if number < document.number]
    above = [each for number, each in series.standing_dates() if number > document.number]
    if (below and day < below[-1]) or (above and day > above[0]):
        raise RefusedError(409, "chronology_violation")


def _put_next_number(model: Model, who: Who, series: Series, day: date) -> Document:
    (number,) = take(series, 1)
    series.slots[number] = Slot(number, model.now)
    return _put(model, who, series, series.slots[number], day)


def _put(model: Model, who: Who, series: Series, slot: Slot, day: date) -> Document:
    document = model.add_document(series.document_type, day, who)
    document.series, document.number = series, slot.number
    slot.status, slot.document, slot.consumed_at = "consumed", document, model.now
    series.is_used = True
    return document


def _unvoid(model: Model, document: Document) -> None:
    """Chronology and lock are not checked (D62); but a sale is taken back once (D83, D93)."""
    if document.is_draft:
        raise RefusedError(400, "cannot_unvoid_draft")
    if not document.is_void:
        raise RefusedError(400, "invoice_not_voided")
    if document.storno_for is not None and model.standing_reversal(document.storno_for) is not None:
        raise RefusedError(400, "invoice_already_storned")
    if document.storno_for is not None and document.storno_for.is_void:
        raise RefusedError(400, "invoice_cannot_be_storned")
    document.voided_at = document.void_reason = None
    document.story.append("unvoid")


def _storno(model: Model, who: Who, source: Document) -> Document:
    """The checks are in the order of D83; the date is today, whatever dates were issued (D71)."""
    is_plain = not source.is_draft and source.storno_for is None and not source.is_void
    if not is_plain or source.document_type != "fiscal":
        raise RefusedError(400, "invoice_cannot_be_storned")
    if model.standing_reversal(source) is not None:
        raise RefusedError(400, "invoice_already_storned")
    assert source.series is not None
    check_gate(who, source.series)
    reversal = _put_next_number(model, who, source.series, model.today)
    reversal.storno_for = source
    source.reversals.append(reversal)
    source.story.append("storno")
    return reversal


def _update(model: Model, document: Document, asked: Update) -> None:
    """The guards of section 4 and D76; the number never changes, and may only be named as it is (D94)."""
    if asked.number is not None and asked.number != document.number:
        raise RefusedError(400, "invalid_field_value", "number_idx")
    if document.is_void:
        raise RefusedError(400, "invoice_already_voided")
    if document.storno_for is not None:
        raise RefusedError(400, "invoice_is_storno")
    if model.standing_reversal(document) is not None:
        raise RefusedError(400, "invoice_already_storned")
    day = document.date if asked.days is None else model.day(asked.days)
    if not document.is_draft and day != document.date:
        assert document.series is not None
        if "{year}" in document.series.format and day.year != document.date.year:
            raise RefusedError(400, "invalid_field_value")
        _check_neighbours(document.series, document, day)
    is_changed = day != document.date or (asked.days is None and not document.has_other_notes)
    document.date, document.has_other_notes = day, document.has_other_notes or asked.days is None
    if is_changed:
        document.story.append("update")


def _delete(document: Document) -> None:
    """Drafts, and voided documents with the last number taken in any form; the counter stays (D54)."""
    if not document.is_draft:
        assert document.series is not None
        if not document.is_void:
            raise RefusedError(400, "invoice_cannot_be_deleted")
        if document.number != document.series.next_number - 1:
            raise RefusedError(400, "invoice_not_last_in_series")
    document.is_deleted = True
