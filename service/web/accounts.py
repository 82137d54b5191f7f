"""Accounting over HTTP: what became of every number of a series, and why some carry no document (contract.md D68)."""

from typing import Final

import asyncpg

from projections.as_of import AsOf, AtPosition, AtTime
from projections.faults import is_passing
from projections.reports import GapReport, NumberRegister, gap_report, number_register
from schemas.rejections import SeriesUnknown
from schemas.values import Fate, Number, Position, UnixSeconds
from service.event_log import LogUnavailableError
from service.web.call import Call
from service.web.envelope import Reply
from service.web.errors import refused
from service.web.queries import choice_query, whole_query
from service.web.routes import Route
from service.web.series import SERIES

PER_PAGE: Final = 100
PER_PAGE_MAX: Final = 1000


async def list_numbers(call: Call) -> Reply:
    """GET /v1/invoice-series/{id}/numbers: the register, as ranges."""
    after = whole_query(call, "after", 0, Number(2**53))
    per_page = whole_query(call, "per_page", 1, PER_PAGE_MAX)
    fate = choice_query(call, "fate", Fate)
    as_of = _as_of(call)
    series, _ = await call.series()
    try:
        async with call.parts.reads.acquire() as connection:
            found = await number_register(
                connection,
                series.series_id,
                after=None if after is None else Number(after),
                per_page=per_page or PER_PAGE,
                fate=fate,
                as_of=as_of,
                at_least=series.position if as_of is None else None,
            )
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise _fault(error) from error
    return _reply(call, found)


async def list_gaps(call: Call) -> Reply:
    """GET /v1/invoice-series/{id}/gaps: the gap report."""
    as_of = _as_of(call)
    series, _ = await call.series()
    at_least = series.position if as_of is None else None
    try:
        async with call.parts.reads.acquire() as connection:
            found = await gap_report(connection, series.series_id, as_of, at_least=at_least)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise _fault(error) from error
    return _reply(call, found)


def _as_of(call: Call) -> AsOf | None:
    """The present, or the position or time the caller names."""
    position = whole_query(call, "as_of_position", 1, 2**53)
    time = whole_query(call, "as_of_time", 0, 2**53)
    if position is not None:
        return AtPosition(Position(position))
    return None if time is None else AtTime(UnixSeconds(time))


def _fault(error: Exception) -> Exception:
    """A database that is away makes the report late; anything else is a defect of ours."""
    return LogUnavailableError("PostgreSQL cannot be asked for the report") if is_passing(error) else error


def _reply(call: Call, report: GapReport | NumberRegister | None) -> Reply:
    """The report; a series that did not exist yet at the moment asked for is unknown."""
    if report is None:
        raise refused(SeriesUnknown(call.series_id()))
    return Reply(report)


_AS_OF: Final = ("as_of_position", "as_of_time")

ROUTES: Final = (
    Route(
        method="GET",
        path=SERIES + "/{id}/numbers",
        handle=list_numbers,
        reply=NumberRegister,
        query=("after", "per_page", "fate", *_AS_OF),
        refusals=(SeriesUnknown,),
    ),
    Route(
        method="GET",
        path=SERIES + "/{id}/gaps",
        handle=list_gaps,
        reply=GapReport,
        query=_AS_OF,
        refusals=(SeriesUnknown,),
    ),
)
