"""Explains one number: its fate, and every event of the log that led to it."""

from collections.abc import Sequence
from typing import Final

from projections.replay.terms import moved_by
from projections.reports.number_place import NumberPlace, folded_number_place, kept_number_place
from schemas.api.numbers import NumberEvent, NumberStory
from schemas.events import NumbersLost, NumbersReserved
from schemas.record import Record, event_tag
from schemas.rejections import SeriesUnknown
from schemas.values import NUMBER_MAX, Fate, Number, SeriesId
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.refusals.causes import NumberUntaken, ParameterWrong
from service.api.refusals.table import refused
from service.api.reports.kept_or_folded import kept_or_folded
from service.api.series.series import SERIES
from service.core.state.state import Series


async def explain_number(call: Call) -> NumberStory:
    """GET /v1/invoice-series/{id}/numbers/{number}: the story of one number."""
    number, series = await taken_number(call)
    log_id, series_id, position = call.dependencies.log.log_id, series.series_id, series.position
    place = await kept_or_folded(
        call,
        lambda connection: kept_number_place(connection, log_id, series_id, number, at_least=position),
        lambda connection: folded_number_place(connection, series_id, number, position),
    )
    if place is None:
        raise refused(NumberUntaken(number, series.series_id))
    return _story(series.series_id, number, await _records(call, place), place)


async def taken_number(call: Call) -> tuple[Number, Series]:
    """The number in the path, and its series. Raises RefusedError if it was never taken, and LogUnavailableError."""
    text = call.place("number")
    series, _ = await call.series()
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(NUMBER_MAX))):
        raise refused(ParameterWrong("number", "a whole number"))
    number = Number(int(text))
    if not series.start_number <= number < series.next_number:
        raise refused(NumberUntaken(number, series.series_id))
    return number, series


async def _records(call: Call, place: NumberPlace) -> list[Record]:
    """Every event about the number, in the order of the log. Raises LogUnavailableError."""
    log = call.dependencies.log
    found = [await log.record_at(place.reserved)]
    if place.document_id is not None:
        found += await log.document(place.document_id)
    elif place.ended is not None and place.ended != place.reserved:
        found.append(await log.record_at(place.ended))
    return [each.record for each in found if each is not None and each.record.position <= place.as_of]


def _story(series_id: SeriesId, number: Number, records: Sequence[Record], place: NumberPlace) -> NumberStory:
    taken = records[0]
    assert isinstance(taken.event, NumbersReserved | NumbersLost), "a number is taken before anything else"
    reserved = taken.event if isinstance(taken.event, NumbersReserved) else None
    fate, ended_at, full_number = Fate.PENDING, None, None
    for record in records:
        full_number = getattr(record.event, "full_number", full_number)
        _, moved_to, _ = moved_by(record.event)
        if moved_to is not None:
            fate, ended_at = moved_to, None if moved_to is Fate.PENDING else record.at
    return NumberStory(
        series_id=series_id,
        number=number,
        full_number=full_number,
        fate=fate,
        device_id=None if reserved is None else reserved.device_id,
        reserved_at=taken.at,
        expires_at=None if reserved is None or reserved.token_key is None else reserved.expires_at,
        ended_at=ended_at,
        invoice_id=place.document_id,
        as_of=place.as_of,
        events=[
            NumberEvent(position=each.position, type=event_tag(each.event), at=each.at, device_id=each.device_id)
            for each in records
        ],
    )


ROUTES: Final = (
    Route(
        method="GET",
        path=SERIES + "/{id}/numbers/{number}",
        tag="Accounting",
        handle=explain_number,
        summary="What became of one number, and the events that led to it",
        about="The fate of the number, and the events about it in the order of the log.",
        reply=NumberStory,
        refusals=(SeriesUnknown, NumberUntaken, ParameterWrong),
    ),
)
