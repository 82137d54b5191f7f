"""Random contents of documents, as the service keeps them: JSON under a salted digest."""

import hashlib
import json
from random import Random

from msgspec import Struct

from schemas.values import Digest, DocumentType, IsoDate, SeriesId

CLIENTS = [("cli_1", "Alpha SRL", "RO111"), ("cli_2", "Beta \u0218i Fiii", "RO222"), (None, "Gamma 100%", None)]
CURRENCIES = ["RON", "EUR"]


class Body(Struct, frozen=True):
    """A content as the log keeps it, and its fields."""

    digest: Digest
    salt: bytes
    text: str
    client_id: str | None
    client_name: str
    cui: str | None
    currency: str
    due_date: IsoDate | None
    cents: tuple[int, int]
    date: IsoDate
    series_id: SeriesId | None
    document_type: DocumentType


def body_of(
    random: Random, salt: bytes, date: IsoDate, series_id: SeriesId | None, document_type: DocumentType
) -> Body:
    """A content for a document of this type; the content of a draft also has its date and series."""
    client_id, name, cui = random.choice(CLIENTS)
    currency = random.choice(CURRENCIES)
    due_date = random.choice([None, IsoDate("2026-11-10"), IsoDate("2026-11-21"), IsoDate("2026-12-31")])
    net, vat = random.randrange(-500, 5000), random.randrange(900)
    text = json.dumps(
        {
            "document_type": document_type,
            "client_id": client_id,
            "client": {"name": name, "cui": cui, "cui_prefix": None},
            "currency": currency,
            "due_date": due_date,
            "date": date,
            "series_id": series_id,
            "amounts_ron": {
                "subtotal": f"{net / 100:.2f}",
                "vat_amount": f"{vat / 100:.2f}",
                "total": f"{(net + vat) / 100:.2f}",
            },
        }
    )
    digest = Digest(hashlib.sha256(salt + text.encode()).hexdigest())
    return Body(
        digest, salt, text, client_id, name, cui, currency, due_date, (net, vat), date, series_id, document_type
    )
