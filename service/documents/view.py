"""Makes the invoice that a client sees from the facts and contents of a document (CONTRACT.md section 5.3). Pure."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final, Literal, assert_never

from msgspec import Struct
from msgspec.structs import asdict

from schemas.api.invoice import Invoice
from schemas.number_formats import padded
from schemas.values import Digest, DocumentId, IsoDate, SeriesId, iso_time
from service.core.state.state import Series
from service.documents.content import Amounts, InvoiceContent, open_invoice, open_void
from service.documents.facts import DraftFacts, Facts, NumberedFacts, digests_of
from service.log.event_log import Content


class Surroundings(Struct, frozen=True):
    """What else the view of a document depends on: today's date, all series by id, and the reversal that stands."""

    today: IsoDate
    series: Mapping[SeriesId, Series]
    reversal: DocumentId | None = None


class Contents(Struct, frozen=True):
    """The contents that are kept, by digest, and the digests whose contents were lost with the end of a log.

    A digest in neither was erased.
    """

    kept: Mapping[Digest, Content]
    lost: AbstractSet[Digest] = frozenset()

    def missing(self, digests: Iterable[Digest]) -> set[Digest]:
        """The digests that stand for nothing any more."""
        return {digest for digest in digests if digest not in self.kept}


def invoice_view(facts: Facts, contents: Contents, around: Surroundings) -> Invoice:
    """The invoice as a client sees it; what was erased or lost is null or empty, and it says so (CONTRACT.md D78)."""
    kept = contents.kept.get(facts.content)
    said = _ERASED if kept is None else open_invoice(kept)
    return Invoice(
        id=facts.document_id,
        is_void=facts.voided_at is not None,
        is_voided=facts.voided_at is not None,
        voided_at=None if facts.voided_at is None else iso_time(facts.voided_at),
        void_reason=_void_reason(facts, contents.kept),
        created_at=iso_time(facts.created_at),
        modified_at=iso_time(facts.modified_at),
        **_silent(facts, contents),
        **(_said(said) | _numbering(facts, said, around) | (_NO_MONEY if kept is None else _money(said))),
        **_OF_OTHERS,
    )


def _money(said: InvoiceContent) -> dict[str, Any]:
    """The currency and what there is in it."""
    return {
        "currency": said.currency,
        "exchange_rate": said.exchange_rate,
        "subtotal_ron": said.amounts_ron.subtotal,
        "vat_amount_ron": said.amounts_ron.vat_amount,
        "total_ron": said.amounts_ron.total,
        **asdict(said.amounts),
    }


def _silent(facts: Facts, contents: Contents) -> dict[str, Any]:
    """Whether a part of what it said, or why it was voided, is not there, and why not."""
    missing = contents.missing(digests_of(facts))
    erasure = facts.erasure
    if erasure is None and not missing:
        return _SAYS_ALL
    is_all_erased = erasure is not None and not erasure.is_of_client_alone
    return {
        "content_erased": is_all_erased or bool(missing - contents.lost),
        "content_lost": not is_all_erased and bool(missing & contents.lost),
        "erased": None if erasure is None else "customer" if erasure.is_of_client_alone else "content",
        "erased_at": None if erasure is None else iso_time(erasure.at),
    }


def _numbering(facts: Facts, said: InvoiceContent, around: Surroundings) -> dict[str, Any]:
    """The fields that a draft and a numbered document take from different sources."""
    match facts:
        case NumberedFacts():
            series = around.series[facts.series_id]
            return {
                "number": padded(facts.number),
                "number_idx": facts.number,
                "series": series.name,
                "series_id": facts.series_id,
                "full_number": facts.full_number,
                "date": facts.date,
                "document_type": series.document_type.value,
                "status": _status(facts, said.due_date, around),
                "is_draft": False,
                "is_storno": facts.reverses is not None,
                "storno_for": facts.reverses,
                "storno_bill_id": around.reversal,
            }
        case DraftFacts():
            return {
                "number": None,
                "number_idx": None,
                "series": None if said.series_id is None else around.series[said.series_id].name,
                "series_id": said.series_id,
                "full_number": None,
                "date": said.date or iso_time(facts.created_at)[:10],
                "document_type": said.document_type,
                "status": "draft" if facts.voided_at is None else "voided",
                "is_draft": True,
                "is_storno": False,
                "storno_for": None,
                "storno_bill_id": None,
            }
        case _:
            assert_never(facts)


def _status(
    facts: NumberedFacts, due_date: IsoDate | None, around: Surroundings
) -> Literal["issued", "overdue", "voided"]:
    """The status of a numbered document. It is never `paid`, because no payment is recorded here (D27 and D80).

    A document with a standing reversal is nobody's debt, so it is not overdue (D93).
    """
    if facts.voided_at is not None:
        return "voided"
    is_owed = around.reversal is None
    return "overdue" if is_owed and due_date is not None and due_date < around.today else "issued"


def _void_reason(facts: Facts, contents: Mapping[Digest, Content]) -> str | None:
    kept = contents.get(facts.void_reason) if facts.void_reason is not None else None
    return None if kept is None else open_void(kept).reason


def _said(said: InvoiceContent) -> dict[str, Any]:
    """The fields that the content and the invoice have under the same name."""
    return dict(zip(_SHOWN, _shown_of(said), strict=True))


_SHOWN: Final = [
    name for name in InvoiceContent.__struct_fields__ if name not in {"amounts", "amounts_ron", "client_local_uuid"}
]
_shown_of: Final = attrgetter(*_SHOWN)
_NOTHING: Final = Amounts(Decimal("0.00"), Decimal("0.00"), Decimal("0.00"))

_NO_MONEY: Final[dict[str, Any]] = dict.fromkeys(
    ("currency", "exchange_rate", "subtotal", "vat_amount", "total", "subtotal_ron", "vat_amount_ron", "total_ron")
)

_SAYS_ALL: Final[dict[str, Any]] = {
    "content_erased": False,
    "content_lost": False,
    "erased": None,
    "erased_at": None,
}

# Fields that only other systems know: payments and the answers of the tax authority are not kept here.
_OF_OTHERS: Final[Mapping[str, Any]] = {
    "payments": [],
    "is_paid": False,
    "paid_at": None,
    "efactura_status": None,
    "efactura_submission_id": None,
}

_ERASED: Final = InvoiceContent(
    document_type="fiscal",
    client_id=None,
    client=None,
    currency="RON",
    exchange_rate=Decimal(1),
    items=[],
    amounts=_NOTHING,
    amounts_ron=_NOTHING,
    due_date=None,
    payment_method=None,
    payment_type=None,
    payment_installments=None,
    notes=None,
    observations=None,
    info=None,
    efactura_enabled=False,
    spv_environment=None,
    with_vat_inverted=None,
    send_email=None,
    email_address=None,
    with_delegate=None,
    delegate=None,
)
