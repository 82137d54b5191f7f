"""The calls about invoice series (CONTRACT.md sections 6.1 and 8)."""

from typing import Final

from msgspec.structs import asdict

from schemas.api.bodies import DescribeSeriesBody, OpenSeriesBody, UnlockBody
from schemas.api.d394 import D394Warning
from schemas.api.objects import InvoiceSeries, ListOf, OpenedInvoiceSeries
from schemas.api.queries import SeriesQuery
from schemas.commands import DescribeSeries, LockSeries, MakePrimary, OpenSeries, UnlockSeries
from schemas.number_formats import d394_faults
from schemas.outcomes import SeriesOutcome
from schemas.rejections import (
    DeviceIdMissing,
    ForceNeedsAdmin,
    FormatTaken,
    LockHeldByOtherDevice,
    SeriesInUse,
    SeriesLockedToOtherDevice,
    SeriesNameTaken,
    SeriesUnknown,
)
from schemas.values import DocumentType, Number, SeriesId
from service.api.calling.call import Call
from service.api.calling.route import Route, Tag
from service.api.calling.rows import SLICE_ROWS, Rows, Sliced
from service.api.reading.known_names import names_of
from service.api.series.named_fields import lock_by_caller, opening_faults, refuse_named_fields
from service.api.series.series_objects import series_objects
from service.random_ids import BASE62, random_text
from service.writer.request import Answered

SERIES: Final = "/v1/invoice-series"
ALIAS: Final = "/v1/series"
"""The prefix of undocumented paths that one client in use calls (CONTRACT.md D37)."""

ID_LENGTH: Final = 10


async def list_series(call: Call) -> Sliced:
    """GET /v1/invoice-series: all series of the firm in one list, primary ones first (CONTRACT.md D31)."""
    rows, total = await _series(call)
    return Sliced(rows, ListOf[InvoiceSeries](data=[], total=total))


async def list_series_bare(call: Call) -> Sliced:
    """GET /v1/series: a bare array, as that client expects."""
    rows, _ = await _series(call)
    return Sliced(rows)


async def open_series(call: Call) -> Answered:
    """POST /v1/invoice-series: open a series."""
    year = call.dependencies.today().year
    body = call.body(OpenSeriesBody, lambda fields: opening_faults(fields, year))
    return await call.submit(
        OpenSeries(
            series_id=SeriesId(random_text(BASE62, ID_LENGTH)),
            name=body.name,
            document_type=body.document_type,
            year=year,
            description=body.description,
            format=body.format,
            start_number=Number(body.start_number),
            is_primary=body.is_primary,
        )
    )


async def read_series(call: Call) -> InvoiceSeries:
    """GET /v1/invoice-series/{id}: one series (CONTRACT.md D33)."""
    series, state = await call.series()
    return (await series_objects([series.view(state.position)], call.dependencies.access))[0]


async def describe_series(call: Call) -> Answered:
    """PUT and PATCH /v1/invoice-series/{id}: change the description if the body has one (CONTRACT.md D34 and D94)."""
    body = call.body(DescribeSeriesBody)
    series_id = call.series_id()
    await refuse_named_fields(call, but=names_of(DescribeSeriesBody))
    if "description" in call.fields():
        return await call.submit(DescribeSeries(series_id, body.description))
    series, _ = await call.series()
    return await call.submit(DescribeSeries(series_id, series.description))


async def make_primary(call: Call) -> Answered:
    """POST /v1/invoice-series/{id}/set-primary: make it the default of its document type."""
    await refuse_named_fields(call, {"is_primary": True})
    return await call.submit(MakePrimary(call.series_id()))


async def lock_series(call: Call) -> Answered:
    """POST /v1/invoice-series/{id}/lock: to the calling device."""
    if call.fields():
        lock = await lock_by_caller(call)
        await refuse_named_fields(call, {**lock, "is_locked": True, "lock": lock})
    return await call.submit(LockSeries(call.series_id()))


async def unlock_series(call: Call) -> Answered:
    """POST /v1/invoice-series/{id}/unlock: lift the lock."""
    body = call.body(UnlockBody)
    if call.fields().keys() - names_of(UnlockBody):
        free = {"is_locked": False, "lock": None}
        await refuse_named_fields(call, free, await lock_by_caller(call), but=names_of(UnlockBody))
    return await call.submit(UnlockSeries(call.series_id(), is_forced=body.force))


async def show_series(call: Call, done: Answered) -> InvoiceSeries:
    """The series as it was right after the command. Raises LogUnavailableError."""
    return (await series_objects([done.came_to(SeriesOutcome).series], call.dependencies.access))[0]


async def show_opened_series(call: Call, done: Answered) -> OpenedInvoiceSeries:
    """The new series, with what D394 cannot hold of its numbers (CONTRACT.md D117). Raises LogUnavailableError."""
    opened = await show_series(call, done)
    is_declared = opened.document_type is DocumentType.FISCAL
    faults = d394_faults(opened.format) if is_declared else ()
    return OpenedInvoiceSeries(**asdict(opened), warnings=[D394Warning(each.code, each.message) for each in faults])


async def _series(call: Call) -> tuple[Rows, int]:
    """All series, whose number has no bound, made and encoded in slices; and how many there are."""
    wanted = call.query(SeriesQuery).document_type
    state = await call.state()
    position = state.position  # it moves on while slices are encoded
    found = [s for s in state.series_of(call.caller.firm_id, call.caller.mode) if wanted in {None, s.document_type}]
    found.sort(key=lambda series: (not series.is_primary, series.opened_at))
    rows = call.rows()
    for at in range(0, len(found), SLICE_ROWS):
        views = [series.view(position) for series in found[at : at + SLICE_ROWS]]
        await rows.add(await series_objects(views, call.dependencies.access))
    return rows, len(found)


def _opening(prefix: str, tag: Tag) -> Route:
    return Route(
        method="POST",
        path=prefix,
        tag=tag,
        handle=open_series,
        show=show_opened_series,
        summary="Open a series",
        about=(
            "The first series of a document type becomes the primary one, which gives a number to invoices that name "
            "no series; a new primary series takes the place of the one before. `warnings` tells what the Romanian "
            "declaration D394 cannot hold of its numbers."
        ),
        body=OpenSeriesBody,
        reply=OpenedInvoiceSeries,
        status=201,
        refusals=(SeriesNameTaken, FormatTaken),
    )


def _describing(method: str, path: str, tag: Tag, operation: str | None = None) -> Route:
    return Route(
        method=method,
        path=path,
        operation=operation,
        tag=tag,
        handle=describe_series,
        show=show_series,
        summary="Change the description of a series without documents",
        about=(
            "Only the description can change, and only until a document has a number of the series. PUT and PATCH do "
            "the same."
        ),
        body=DescribeSeriesBody,
        reply=InvoiceSeries,
        refusals=(SeriesUnknown, SeriesInUse),
    )


def _routes(prefix: str, tag: Tag) -> list[Route]:
    """The routes that exist under both prefixes."""
    one = prefix + "/{id}"
    return [
        _opening(prefix, tag),
        Route(
            method="GET",
            path=one,
            tag=tag,
            handle=read_series,
            summary="One series",
            about="The series with its counter and, while a device holds it, its lock.",
            reply=InvoiceSeries,
            refusals=(SeriesUnknown,),
        ),
        _describing("PATCH", one, tag),
        Route(
            method="POST",
            path=one + "/set-primary",
            tag=tag,
            handle=make_primary,
            show=show_series,
            summary="Make the series the default of its document type",
            about="It takes the place of the primary series before. If it is the primary one already, nothing changes.",
            reply=InvoiceSeries,
            refusals=(SeriesUnknown,),
        ),
    ]


ROUTES: Final = (
    Route(
        method="GET",
        path=SERIES,
        tag="Series",
        handle=list_series,
        summary="All series of the firm, primary ones first",
        about="One list without pages; after the primary ones, the older series come first.",
        reply=ListOf[InvoiceSeries],
        query=SeriesQuery,
    ),
    *_routes(SERIES, "Series"),
    _describing("PUT", SERIES + "/{id}", "Series", "describe_series_by_put"),
    Route(
        method="POST",
        path=SERIES + "/{id}/lock",
        tag="Series",
        handle=lock_series,
        show=show_series,
        summary="Lock the series to the calling device",
        about=(
            "Only a device can lock, and one device at most holds a series. While it does, only this device takes new "
            "numbers of the series. A second lock by the holder changes nothing."
        ),
        reply=InvoiceSeries,
        refusals=(SeriesUnknown, DeviceIdMissing, LockHeldByOtherDevice),
    ),
    Route(
        method="POST",
        path=SERIES + "/{id}/unlock",
        tag="Series",
        handle=unlock_series,
        show=show_series,
        summary="Lift the lock of a series",
        about=(
            "The holder needs no `force`; an admin's device and an API key can lift the lock of another device with "
            "`force: true`. Reservations stay as they are. On a series that is not locked nothing changes."
        ),
        body=UnlockBody,
        reply=InvoiceSeries,
        refusals=(SeriesUnknown, SeriesLockedToOtherDevice, ForceNeedsAdmin),
    ),
    Route(
        method="GET",
        path=ALIAS,
        operation="list_series",
        tag="Aliases",
        handle=list_series_bare,
        summary="All series of the firm, as a bare array",
        about="The same series as GET /v1/invoice-series, but `data` is the array itself.",
        reply=list[InvoiceSeries],
        query=SeriesQuery,
    ),
    *_routes(ALIAS, "Aliases"),
)
