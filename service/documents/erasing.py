"""What an erasure leaves of a document (CONTRACT.md D111). Pure, but for the salt of what is left."""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from schemas.commands import EraseDocument, EraseDraft
from schemas.record import Record
from schemas.values import Digest
from service.documents.content import InvoiceContent, open_invoice
from service.documents.facts import DraftFacts, Facts
from service.documents.new import sealed
from service.log.event_log import Content


class Erasing(Struct, frozen=True):
    """What is left of a document after an erasure; no content if nothing is."""

    content: Content | None


def said_by(records: Sequence[Record]) -> list[Digest]:
    """The digests of everything that these events of a document say: its contents, and why it was voided."""
    named: list[Digest | None] = [getattr(record.event, "content", None) for record in records]
    return [digest for digest in named if digest is not None]


def erasing(facts: Facts, kept: Mapping[Digest, Content], *, keeps_amounts: bool) -> Erasing | None:
    """What is left of the document if it is erased now; None if there is nothing to erase.

    `kept` are those of the contents that `said_by` names which are still there.
    """
    present = kept.get(facts.content)
    if not keeps_amounts or present is None:
        return Erasing(None) if kept else None
    said = open_invoice(present)
    left = without_customer(said)
    return None if left == said and len(kept) == 1 else Erasing(sealed(left))


def erasure_of(facts: Facts, left: Erasing, reason: Digest) -> EraseDocument | EraseDraft:
    """The command that leaves this of the document, for a reason that is kept under its digest."""
    content = None if left.content is None else left.content.digest
    if isinstance(facts, DraftFacts):
        return EraseDraft(facts.document_id, facts.content, content, reason)
    numbered = (facts.series_id, facts.number, facts.full_number, facts.document_id)
    return EraseDocument(*numbered, facts.content, content, reason)


def without_customer(said: InvoiceContent) -> InvoiceContent:
    """The same without the customer and without texts that may name one; lines, amounts, dates and terms stay."""
    return replace(
        said,
        client_id=None,
        client=None,
        email_address=None,
        with_delegate=None,
        delegate=None,
        notes=None,
        observations=None,
        info=None,
        client_local_uuid=None,
    )
