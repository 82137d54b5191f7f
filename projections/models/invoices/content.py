"""What the projection of invoices keeps of the content of a document."""

from decimal import Decimal
from typing import Final

import msgspec
from msgspec import Struct

from schemas.values import IsoDate, SeriesId


class ClientWords(Struct, frozen=True, gc=False):
    """Who the client is, in words."""

    name: str | None = None
    cui: str | None = None
    cui_prefix: str | None = None

    @property
    def tax_id(self) -> str | None:
        """The tax id as it is written; None if there is none."""
        return f"{self.cui_prefix or ''}{self.cui or ''}" or None


class Sums(Struct, frozen=True, gc=False):
    """The sums of a document in RON."""

    subtotal: Decimal | None = None
    vat_amount: Decimal | None = None
    total: Decimal | None = None


class Facts(Struct, frozen=True, gc=False):
    """The fields by which lists filter, sort and search. Drafts alone have `date` and `series_id`."""

    client_id: str | None = None
    currency: str | None = None
    due_date: IsoDate | None = None
    date: IsoDate | None = None
    document_type: str | None = None
    series_id: SeriesId | None = None
    client: ClientWords | None = None
    amounts_ron: Sums = Sums()


ERASED: Final = Facts()
"""What is left of a content that was erased."""

_decoder: Final = msgspec.json.Decoder(Facts, strict=False)


def facts_of(body: str | None) -> Facts:
    """The facts in a content, none of them in one that was erased. Raises msgspec.ValidationError."""
    return ERASED if body is None else _decoder.decode(body)
