"""Accounting over HTTP: what became of every number of a series, and why some carry no document (contract.md D68)."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from projections.as_of import AsOf, AtPosition, AtTime
from projections.faults import is_passing
from projections.reports import GapReport, NumberRegister, gap_report, number_register
from projections.snapshot import Connection
from schemas.api.queries import AsOfQuery, NumbersQuery
from schemas.rejections import SeriesUnknown
from schemas.values import Number, Position, UnixSeconds
from service.event_log import LogUnavailableError
from service.web.call import Call
from service.web.envelope import Reply
from service.web.errors import refused
from service.web.routes import Route
from service.web.series import SERIES


async def list_numbers(call: Call) -> Reply:
    """GET /v1/invoice-series/{id}/numbers: the register, as ranges."""
    query = call.query(NumbersQuery)
    as_of = _as_of(query)
    series, _ = await call.series()
    async with reading(call) as connection:
        found = await number_register(
            connection,
            series.series_id,
            after=None if query.after is None else Number(query.after),
            per_page=query.per_page,
            fate=query.fate,
            as_of=as_of,
            at_least=series.position if as_of is None else None,
        )
    return _reply(call, found)


async def list_gaps(call: Call) -> Reply:
    """GET /v1/invoice-series/{id}/gaps: the gap report."""
    as_of = _as_of(call.query(AsOfQuery))
    series, _ = await call.series()
    at_least = series.position if as_of is None else None
    async with reading(call) as connection:
        found = await gap_report(connection, series.series_id, as_of, at_least=at_least)
    return _reply(call, found)


def _as_of(query: AsOfQuery) -> AsOf | None:
    """The present, or the position or time the caller names."""
    if query.as_of_position is not None:
        return AtPosition(Position(query.as_of_position))
    return None if query.as_of_time is None else AtTime(UnixSeconds(query.as_of_time))


@asynccontextmanager
async def reading(call: Call) -> AsyncGenerator[Connection]:
    """A connection to the projections; a database that is away raises LogUnavailableError."""
    try:
        async with call.parts.reads.acquire() as connection:
            yield connection
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        if not is_passing(error):
            raise
        raise LogUnavailableError("PostgreSQL cannot be asked for the report") from error


def _reply(call: Call, report: GapReport | NumberRegister | None) -> Reply:
    """The report; a series that did not exist yet at the moment asked for is unknown."""
    if report is None:
        raise refused(SeriesUnknown(call.series_id()))
    return Reply(report)


ROUTES: Final = (
    Route(
        method="GET",
        path=SERIES + "/{id}/numbers",
        handle=list_numbers,
        summary="What became of every number of a series",
        reply=NumberRegister,
        query=NumbersQuery,
        refusals=(SeriesUnknown,),
    ),
    Route(
        method="GET",
        path=SERIES + "/{id}/gaps",
        handle=list_gaps,
        summary="The numbers without a document, and why",
        reply=GapReport,
        query=AsOfQuery,
        refusals=(SeriesUnknown,),
    ),
)
