"""Which documents a list shows, and their sums (CONTRACT.md section 6.2, D64 and D80)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.model.books import Document


@dataclass(frozen=True)
class Page:
    """What a list says about the documents that match."""

    documents: frozenset[str]
    total: int
    worth: float
    unpaid: float


FILTERS: Final[Mapping[str, Callable[[Document], bool]]] = {
    "": lambda _: True,
    "status=issued": lambda document: document.status == "issued",
    "status=sent": lambda document: document.status == "issued",
    "status=draft": lambda document: document.status == "draft",
    "status=cancelled": lambda document: document.status == "voided",
    "is_void=1": lambda document: document.is_void,
    "is_void=0": lambda document: not document.is_void,
    "is_paid=0": lambda document: document.is_owed,
    "is_paid=1": lambda _: False,
    "document_type=proforma": lambda document: document.document_type == "proforma",
}
"""Query parameters, and the documents that they let through."""


def page_of(documents: list[Document], query: str) -> Page:
    """The page that shows all that match; the sums are of documents that have a number and count."""
    found = [document for document in documents if not document.is_deleted and FILTERS[query](document)]
    counted = [document for document in found if not document.is_draft and not document.is_void]
    worth = round(sum(document.total for document in counted), 2)
    unpaid = round(sum(document.total for document in found if document.is_owed), 2)
    return Page(frozenset(document.handle for document in found), len(found), worth, unpaid)
