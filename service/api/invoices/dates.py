"""The dates that an invoice can mean (CONTRACT.md D88): checks of bodies that depend on the day of the request."""

import datetime
from collections.abc import Iterator, Mapping
from typing import Final

from schemas.values import EARLIEST_DATE, IsoDate
from service.api.calling.call import Call, CrossCheck
from service.api.invoices.attempts import said_of
from service.api.invoices.show import document_of
from service.api.reading.json_text import Tree
from service.api.refusals.field_faults import FieldFault, invalid
from service.api.refusals.table import RefusedError
from service.documents.facts import NumberedFacts

NAMES: Final = ("date_at", "date")
"""The names under which a date may be sent."""


def with_date(call: Call, cross_check: CrossCheck) -> CrossCheck:
    """`cross_check`, and that the date, if one is sent, can be meant today."""
    return _both(cross_check, call, None)


async def with_new_date(call: Call, cross_check: CrossCheck) -> CrossCheck:
    """`cross_check`, and that a new date can be meant today; the date that the invoice has already is no new one.

    Raises the faults of reading a document.
    """
    fields = call.sent.given.fields
    is_needed = isinstance(fields, Mapping) and any(_faults(call, fields, None))
    return _both(cross_check, call, await _present_date(call) if is_needed else None)


def _both(cross_check: CrossCheck, call: Call, present: IsoDate | None) -> CrossCheck:
    def check(fields: Mapping[str, Tree]) -> Iterator[FieldFault]:
        yield from cross_check(fields)
        yield from _faults(call, fields, present)

    return check


def _faults(call: Call, fields: Mapping[str, Tree], present: IsoDate | None) -> Iterator[FieldFault]:
    """The date out of bounds, under the first of its names. Text that is no date has a fault of its own."""
    for name in NAMES:
        sent = fields.get(name)
        if not isinstance(sent, str) or sent == present:
            continue
        latest = call.dependencies.today() + datetime.timedelta(days=call.dependencies.settings.date_ahead_days_max)
        if not EARLIEST_DATE <= sent <= latest.isoformat():
            yield invalid(name, f"a day from {EARLIEST_DATE} to {latest}")
            return


async def _present_date(call: Call) -> IsoDate | None:
    """The date of the invoice in the path; None if there is no such invoice, or its content was erased."""
    try:
        facts = await document_of(call, call.document_id())
        return facts.date if isinstance(facts, NumberedFacts) else (await said_of(call, facts)).date
    except RefusedError:
        return None
