"""What a new document needs that only chance can give: an id, and the salt of its digest."""

import secrets
import string
from typing import Final

from schemas.values import DocumentId
from service.documents import SALT_BYTES, InvoiceContent, VoidContent, seal_content
from service.event_log import Content

ID_LENGTH: Final = 10
_BASE36: Final = string.digits + string.ascii_lowercase


def new_document_id() -> DocumentId:
    """An id nobody can guess (contract.md D5)."""
    return DocumentId("inv_" + "".join(secrets.choice(_BASE36) for _ in range(ID_LENGTH)))


def sealed(content: InvoiceContent | VoidContent) -> Content:
    """The content under a digest that says nothing about it."""
    return seal_content(content, secrets.token_bytes(SALT_BYTES))
