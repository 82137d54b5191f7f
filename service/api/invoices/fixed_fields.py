"""Refuses a call that names what it cannot change, with another value than the invoice has (CONTRACT.md D94)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas.api.bodies import VoidBody
from schemas.values import iso_time
from service.api.calling.call import Call
from service.api.invoices.field_names import FIXED_BY_A_NUMBER, KNOWN, NAMES, NOT_CHANGED
from service.api.invoices.show import invoice_of
from service.api.reading.json_text import Tree
from service.api.reading.known_names import Shown, names_of, other_values, shown
from service.api.refusals.field_faults import FieldFault
from service.api.refusals.table import bad_fields
from service.api.series.opened_tokens import slot_of
from service.documents.facts import Facts, NumberedFacts

_WHY: Final = "cannot be changed here; leave it out, or send the value that the invoice has."
_WORDS: Final[Mapping[str, str]] = {
    "client": "client is how replies show the client; send client_data or client_id.",
    "document_type": "document_type can be changed on drafts only: a numbered invoice is of the type of its series.",
    "is_draft": "is_draft cannot be changed: no call turns a draft into a numbered invoice, or back.",
    "series_id": "series_id can be changed on drafts only: a numbered invoice keeps its series and number.",
}
_REASON: Final = names_of(VoidBody)
_HAS_NO_EFFECT: Final = frozenset({"force_chronology"})
"""A call that checks no date does what either value asks."""

_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)


async def refuse_fixed_fields(call: Call, facts: Facts) -> None:
    """Raise RefusedError if an update names a field that this document keeps, with another value than it has."""
    fixed = NOT_CHANGED | FIXED_BY_A_NUMBER if isinstance(facts, NumberedFacts) else NOT_CHANGED
    await _refuse(call, facts, fixed)


async def refuse_named_fields(call: Call, facts: Facts, outcome: Shown, *, but: frozenset[str] = frozenset()) -> None:
    """Raise RefusedError if a call that sets no field names one with another value than the document has or gets.

    `outcome` is what the call makes of the document; the names in `but` are honoured by the call.
    """
    await _refuse(call, facts, (KNOWN | _REASON) - _HAS_NO_EFFECT - but, outcome)


async def _refuse(call: Call, facts: Facts, fixed: Iterable[str], outcome: Shown = MappingProxyType({})) -> None:
    given = call.fields()
    named = {name: given[name] for name in fixed if name in given}
    if not named:
        return
    has = dict.fromkeys(named) | shown(await invoice_of(call, facts))
    has |= {other: has[name] for name, other in NAMES if name in has}
    has |= {"currency_rate": has["exchange_rate"]} | await _has_beside(call, facts, named)
    allowed = [{name: each[name] for name in named if name in each} for each in (has, outcome)]
    faults = list(_in_words(other_values(named, allowed, _WHY)))
    if faults:
        raise bad_fields(faults)


async def _has_beside(call: Call, facts: Facts, named: Mapping[str, Tree]) -> dict[str, Any]:
    """The present values of names that are in no reply, and the time of reading that a reply shows."""
    found: dict[str, Any] = {}
    match named.get("modified_at"):
        # A repeat of an update names the time before the first one: it is not refused for what that one did.
        case str() as time if _TIME.fullmatch(time) and iso_time(facts.created_at) <= time <= iso_time(
            facts.modified_at
        ):
            found["modified_at"] = time
        case _:
            pass
    if isinstance(facts, NumberedFacts):
        found["client_local_uuid"] = facts.client_local_uuid
        match named.get("reservation_token"):
            case str() as token if await _is_token_of(call, facts, token):
                found["reservation_token"] = token
            case _:
                pass
    return found


async def _is_token_of(call: Call, facts: NumberedFacts, token: str) -> bool:
    slot = await slot_of(call, token)
    return slot is not None and (slot.series_id, slot.number) == (facts.series_id, facts.number)


def _in_words(faults: Iterable[FieldFault]) -> Iterator[FieldFault]:
    for fault in faults:
        words = _WORDS.get(fault.path)
        yield fault if words is None else FieldFault(fault.path, fault.code, words)
