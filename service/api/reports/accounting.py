"""Accounting over HTTP: what became of every number of a series, and why some carry no document (CONTRACT.md D68)."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, TypeVar

import asyncpg

from projections.keeping.one_moment import Connection
from projections.keeping.projection_faults import is_passing
from projections.reports.as_of import AsOf, AtPosition, AtTime
from projections.reports.reports import (
    GapReport,
    NumberRegister,
    Part,
    folded_gap_report,
    folded_number_register,
    kept_gap_report,
    kept_number_register,
)
from schemas.api.queries import AsOfQuery, NumbersQuery
from schemas.rejections import SeriesUnknown
from schemas.values import Number, Position, UnixSeconds
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.refusals.causes import Unavailable
from service.api.refusals.table import refused
from service.api.series.series import SERIES
from service.log.event_log import LogUnavailableError

Found = TypeVar("Found")
Ask = Callable[[Connection], Awaitable[Found | None]]

READ_WAIT_SECONDS_MAX: Final = 3.0
"""How long a request waits for a connection, and before it for its turn to read a whole series."""


async def list_numbers(call: Call) -> NumberRegister:
    """GET /v1/invoice-series/{id}/numbers: the register, as ranges."""
    query = call.query(NumbersQuery)
    as_of = _as_of(query)
    series, _ = await call.series()
    part = Part(series_id=series.series_id, after=Number(query.after or 0), per_page=query.per_page, fate=query.fate)
    found = await kept_or_folded(
        call,
        None if as_of is not None else lambda connection: kept_number_register(connection, part, series.position),
        lambda connection: folded_number_register(connection, part, as_of),
    )
    return _known(call, found)


async def list_gaps(call: Call) -> GapReport:
    """GET /v1/invoice-series/{id}/gaps: the gap report."""
    as_of = _as_of(call.query(AsOfQuery))
    series, _ = await call.series()
    series_id, position = series.series_id, series.position
    found = await kept_or_folded(
        call,
        None if as_of is not None else lambda connection: kept_gap_report(connection, series_id, position),
        lambda connection: folded_gap_report(connection, series_id, as_of),
    )
    return _known(call, found)


def _as_of(query: AsOfQuery) -> AsOf | None:
    """The present, or the position or time the caller names."""
    if query.as_of_position is not None:
        return AtPosition(Position(query.as_of_position))
    return None if query.as_of_time is None else AtTime(UnixSeconds(query.as_of_time))


@asynccontextmanager
async def reading(call: Call) -> AsyncGenerator[Connection]:
    """A connection to the projections, waited for READ_WAIT_SECONDS_MAX at most.

    Raises LogUnavailableError if the database is away, or busy with others that long.
    """
    try:
        async with call.parts.reads.acquire(timeout=READ_WAIT_SECONDS_MAX) as connection:
            yield connection
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        if not is_passing(error):
            raise
        raise LogUnavailableError("PostgreSQL cannot be asked for the report") from error


async def kept_or_folded(call: Call, kept: Ask[Found] | None, folded: Ask[Found]) -> Found | None:
    """What the projections answer; where they are not asked or cannot tell, what the log does. Raises as `_folding`."""
    found = None
    if kept is not None:
        async with reading(call) as connection:
            found = await kept(connection)
    if found is None:
        async with _folding(call) as connection:
            found = await folded(connection)
    return found


@asynccontextmanager
async def _folding(call: Call) -> AsyncGenerator[Connection]:
    """As `reading`, for one of the few who may read a whole series at once, and of its firm the only one.

    Raises RefusedError if others do for READ_WAIT_SECONDS_MAX. Who waits for his turn holds no connection, so that
    shorter reads are answered meanwhile.
    """
    async with AsyncExitStack() as held:
        try:
            await held.enter_async_context(call.parts.folds.turn(call.caller.firm_id, READ_WAIT_SECONDS_MAX))
        except TimeoutError as error:
            raise refused(Unavailable("Too many reports are being made from the log.")) from error
        yield await held.enter_async_context(reading(call))


def _known(call: Call, report: Found | None) -> Found:
    """The report; a series that did not exist yet at the moment asked for is unknown."""
    if report is None:
        raise refused(SeriesUnknown(call.series_id()))
    return report


ROUTES: Final = (
    Route(
        method="GET",
        path=SERIES + "/{id}/numbers",
        tag="Accounting",
        handle=list_numbers,
        summary="What became of every number of a series",
        reply=NumberRegister,
        query=NumbersQuery,
        refusals=(SeriesUnknown,),
    ),
    Route(
        method="GET",
        path=SERIES + "/{id}/gaps",
        tag="Accounting",
        handle=list_gaps,
        summary="The numbers without a document, and why",
        reply=GapReport,
        query=AsOfQuery,
        refusals=(SeriesUnknown,),
    ),
)
