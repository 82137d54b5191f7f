"""The random values of a new document: its id, and the salt of its digest."""

import secrets
from typing import Final

from schemas.values import DocumentId
from service.documents.content import SALT_BYTES, InvoiceContent, VoidContent, seal_content
from service.log.event_log import Content
from service.random_ids import BASE36, random_text

ID_LENGTH: Final = 10


def new_document_id() -> DocumentId:
    """A random id that cannot be guessed (CONTRACT.md D5)."""
    return DocumentId("inv_" + random_text(BASE36, ID_LENGTH))


def sealed(content: InvoiceContent | VoidContent) -> Content:
    """The content under a digest with a fresh salt, so the digest does not reveal the content."""
    return seal_content(content, secrets.token_bytes(SALT_BYTES))
