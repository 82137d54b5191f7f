"""What a new document needs that only chance can give: an id, and the salt of its digest."""

import secrets
import string
from typing import Final

from schemas.values import DocumentId
from service.documents.content import SALT_BYTES, InvoiceContent, VoidContent, seal_content
from service.log.event_log import Content

ID_LENGTH: Final = 10
_BASE36: Final = string.digits + string.ascii_lowercase


def new_document_id() -> DocumentId:
    """An id nobody can guess (CONTRACT.md D5)."""
    drawn = secrets.randbelow(len(_BASE36) ** ID_LENGTH)  # at once: a call to the system for each letter costs more
    letters: list[str] = []
    for _ in range(ID_LENGTH):
        drawn, letter = divmod(drawn, len(_BASE36))
        letters.append(_BASE36[letter])
    return DocumentId("inv_" + "".join(letters))


def sealed(content: InvoiceContent | VoidContent) -> Content:
    """The content under a digest that says nothing about it."""
    return seal_content(content, secrets.token_bytes(SALT_BYTES))
