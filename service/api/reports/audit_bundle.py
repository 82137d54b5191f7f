"""The bundle of a firm, as an auditor takes it away (CONTRACT.md D116, service/evidence/README.md section 9)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta
from typing import Final

from projections.keeping.one_moment import Connection
from projections.reports.as_of import AsOf, AtTime
from schemas.api.queries import BundleQuery
from schemas.rejections import SeriesUnknown
from schemas.values import IsoDate, SeriesId, UnixSeconds
from service.api.calling.call import Call
from service.api.calling.rights import require_admin
from service.api.calling.route import Route
from service.api.calling.streamed import Streamed
from service.api.refusals.causes import NotAnAdmin, NotSealed
from service.api.refusals.field_faults import invalid
from service.api.refusals.table import bad_fields, refused
from service.api.reports.accounting import as_of_of
from service.api.reports.kept_or_folded import reading
from service.evidence.bundling.asked import Asked, NothingSealedError, Reads, UnknownToBundleError
from service.evidence.bundling.bundle import bundle
from service.evidence.bundling.scope import scope_of
from service.evidence.witnessing.known_witnesses import witness_keys_of

BYTES: Final = "application/octet-stream"
"""A ZIP file, as its name says; generators of clients know no type of their own for it."""
PAGE_WAIT_SECONDS_MAX: Final = 30.0
"""How long a bundle on its way waits for a connection: shorter reads go first, and what was sent is not for nothing."""


async def export_bundle(call: Call) -> Streamed:
    """GET /v1/audit/bundle: a ZIP file, made while it is read."""
    require_admin(call, or_auditor=True)
    asked = _asked(call, call.query(BundleQuery))
    needs, place = call.dependencies, call.dependencies.bundles.take(call.caller.firm_id)
    reads = _reads(call)
    try:
        scope = await scope_of(reads, needs.log.log_id, asked)
        witnesses = await asyncio.to_thread(witness_keys_of, needs.settings.evidence_witnesses_file)
    except UnknownToBundleError as error:
        place.free()
        raise refused(SeriesUnknown(SeriesId(call.sent.query["series_id"])), param="series_id") from error
    except NothingSealedError as error:
        place.free()
        raise refused(NotSealed()) from error
    except BaseException:
        place.free()
        raise
    pieces = bundle(reads, scope, witnesses, needs.clock())
    return Streamed(pieces, BYTES, f"numbering-bundle-{scope.position}.zip", place)


def _asked(call: Call, query: BundleQuery) -> Asked:
    """What is asked for. Raises RefusedError if two parameters say where it ends, or it ends before it begins."""
    begins, ends = (None if day is None else IsoDate(day.isoformat()) for day in (query.start_date, query.end_date))
    as_of = as_of_of(query)
    if query.end_date is not None:
        if as_of is not None:
            raise bad_fields([invalid("end_date", "left out where as_of_position or as_of_time is given")])
        if begins is not None and ends is not None and ends < begins:
            raise bad_fields([invalid("end_date", "start_date or a later day")])
        as_of = _end_of(call, query)
    return Asked(
        firm_id=call.caller.firm_id,
        mode=call.caller.mode,
        series=None if query.series_id is None else (query.series_id,),
        as_of=as_of,
        begins=begins,
        ends=ends,
        has_bodies=bool(query.bodies),
    )


def _end_of(call: Call, query: BundleQuery) -> AsOf | None:
    """The last second of the last day in NUMBERING_TIME_ZONE; None, which is now, for the last day there is."""
    assert query.end_date is not None, "it is asked for"
    try:
        after = datetime.combine(query.end_date + timedelta(days=1), time.min, call.dependencies.settings.zone)
        return AtTime(UnixSeconds(int(after.timestamp()) - 1))
    except OverflowError:
        return None


def _reads(call: Call) -> Reads:
    @asynccontextmanager
    async def reads() -> AsyncGenerator[Connection]:
        async with reading(call, PAGE_WAIT_SECONDS_MAX) as connection:
            yield connection

    return reads


ROUTES: Final = (
    Route(
        method="GET",
        path="/v1/audit/bundle",
        tag="Accounting",
        handle=export_bundle,
        summary="Every event of the firm, with what proves them, as one file",
        about=(
            "A ZIP file that an auditor takes away and verifies without this service; it holds its own instructions "
            "and verifiers. Other firms' events are in it as hashes alone. It is made while it is read: a reply that "
            "breaks off is no file. For an admin's session, an API key, and an auditor; one at a time for a firm."
        ),
        reply=None,
        file=BYTES,
        query=BundleQuery,
        refusals=(SeriesUnknown, NotAnAdmin, NotSealed),
    ),
)
