"""Reverses an invoice by another one, which takes the next number (storno; CONTRACT.md D54a, D71, D83)."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from msgspec.structs import replace

from schemas.api.bodies import NothingBody
from schemas.api.invoice import Invoice
from schemas.commands import Document, ReverseDocument, ReverseDraft
from schemas.rejections import (
    DocumentAlreadyReversed,
    DocumentHasChanged,
    DocumentNotReversible,
    DocumentUnknown,
    PrintedAlready,
    SeriesExhausted,
    SeriesLockedToDevice,
    SeriesLockedToOtherDevice,
)
from schemas.values import DocumentType, IsoDate
from service.api.calling.call import Call
from service.api.calling.route import Route
from service.api.invoices.attempts import Asking, on_what_was_read, said_of
from service.api.invoices.fixed_fields import refuse_named_fields
from service.api.invoices.lines import reversed_line
from service.api.invoices.show import INVOICES, document_of, show_invoice
from service.api.reading.json_text import Tree
from service.api.refusals.causes import ContentMissing
from service.api.refusals.field_faults import FieldFault
from service.documents.amounts import negated
from service.documents.content import InvoiceContent
from service.documents.facts import DraftFacts
from service.documents.new import new_document_id, sealed
from service.writer.request import Answered


async def reverse_invoice(call: Call) -> Answered:
    """POST /v1/invoices/{id}/storno: a reversal, dated today, with the next number (CONTRACT.md D54a, D71, D83)."""

    call.body(NothingBody, lambda fields: _reversal_faults(fields, call.dependencies.today()))

    async def reverse() -> Asking:
        facts = await document_of(call, call.document_id())
        await refuse_named_fields(call, facts, {}, but=_OF_THE_REVERSAL)
        if isinstance(facts, DraftFacts):
            return ReverseDraft(facts.document_id), None
        content = sealed(_reversal(await said_of(call, facts)))
        today = IsoDate(call.dependencies.today().isoformat())
        reversal = Document(new_document_id(), DocumentType.FISCAL, today, content.digest)
        command = ReverseDocument(
            facts.series_id, facts.number, facts.full_number, facts.document_id, facts.content, reversal
        )
        return command, content

    return await on_what_was_read(call, reverse)


def _reversal_faults(fields: Mapping[str, Tree], today: date) -> Iterator[FieldFault]:
    """What no caller can choose of a reversal yet: it reverses all lines, and is dated today."""
    if fields.get("items") is not None:
        yield FieldFault("items", "invalid_field_value", "items cannot be chosen: a reversal takes back all lines.")
    for name in ("date", "date_at"):
        if fields.get(name) not in (None, today.isoformat()):
            yield FieldFault(name, "invalid_field_value", f"{name} cannot be chosen: a reversal is dated today.")


def _reversal(said: InvoiceContent) -> InvoiceContent:
    """The content of a reversal: the exact mirror of the invoice, line by line and in the header."""
    return replace(
        said,
        items=[reversed_line(line) for line in said.items],
        amounts=negated(said.amounts),
        amounts_ron=negated(said.amounts_ron),
        due_date=None,
    )


_OF_THE_REVERSAL: Final = frozenset({"items", "date", "date_at"})
"""The names that speak of the reversal and not of the invoice in the path."""

ROUTES: Final = (
    Route(
        method="POST",
        path=INVOICES + "/{id}/storno",
        tag="Invoices",
        handle=reverse_invoice,
        show=show_invoice,
        summary="Reverse an invoice by another one, which takes the next number",
        about=(
            "The reply is the reversal: the same lines with negated quantities. It is dated today and takes the next "
            "number of the same series, so the lock of the series gates it."
        ),
        reply=Invoice,
        refusals=(
            DocumentUnknown,
            ContentMissing,
            DocumentNotReversible,
            DocumentAlreadyReversed,
            SeriesLockedToDevice,
            SeriesLockedToOtherDevice,
            DocumentHasChanged,
            SeriesExhausted,
            PrintedAlready,
        ),
    ),
)
