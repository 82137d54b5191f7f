"""The names of one field of an invoice, and what may be said about fields that no request can set (CONTRACT.md D94)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from schemas.api.bodies import CreateInvoiceBody, UpdateInvoiceBody
from schemas.api.invoice import Invoice
from service.api.reading.known_names import names_of

NAMES: Final = (
    ("date", "date_at"),
    ("due_date", "due_at"),
    ("currency_rate", "exchange_rate"),
    ("observations", "observation"),
)
"""Fields with two names: what POST /invoices calls them in the public API, and what PUT calls them."""

COMPUTED: Final = frozenset({"subtotal", "vat_amount", "total", "subtotal_ron", "vat_amount_ron", "total_ron"})
"""Totals that a client sends are ignored (CONTRACT.md D29)."""

KNOWN: Final = (names_of(Invoice, CreateInvoiceBody, UpdateInvoiceBody) - COMPUTED) | {"void_reason"}
"""Each name that this contract knows for an invoice."""

OF_A_NEW_ONE: Final[Mapping[str, Any]] = MappingProxyType(
    dict.fromkeys(KNOWN - names_of(CreateInvoiceBody) - {"number", "number_idx"})
    | {"object": "invoice", "payments": [], "is_paid": False, "is_void": False, "is_voided": False, "is_storno": False}
)
"""What a new invoice has anyway. `number` is ignored, because the public pages contradict each other (D56)."""

NOT_CHANGED: Final = KNOWN - names_of(UpdateInvoiceBody)
"""The names that an update honours in no document."""

FIXED_BY_A_NUMBER: Final = frozenset({"series_id", "document_type"})
"""The names that an update honours in drafts only."""
