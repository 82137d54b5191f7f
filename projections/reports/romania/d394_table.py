"""The rows of the report as a table for spreadsheets: CSV in one of two dialects."""

import csv
import io
from typing import Final, Literal

from projections.reports.romania.d394_fragment import Language
from schemas.api.d394 import D394Report, D394Row

Dialect = Literal["ro", "plain"]

_HEADINGS: Final[dict[Language, tuple[str, ...]]] = {
    "ro": (
        "fel",
        "denumirea seriei",
        "serie",
        "de la",
        "până la",
        "după număr",
        "bucăți",
        "data facturii",
        "factura",
        "motiv",
    ),
    "en": (
        "part",
        "series name",
        "series",
        "from",
        "to",
        "after the number",
        "count",
        "invoice date",
        "invoice",
        "reason",
    ),
}

_WORDS: Final[dict[Language, dict[str, str]]] = {
    "ro": {
        "allocated": "alocate",
        "issued": "emise",
        "reversed": "stornată",
        "voided": "anulată",
        "not_issued": "fără factură în perioadă (nici anulată, nici stornată)",
        "released": "rezervat, apoi eliberat",
        "expired": "rezervat, apoi expirat",
        "withdrawn": "factură ștearsă",
        "lost": "pierdut la restaurarea bazei de date",
        "pending": "rezervat la sfârșitul perioadei",
        "other_period": "factură din altă perioadă",
    },
    "en": {
        "allocated": "allocated",
        "issued": "issued",
        "reversed": "reversed (stornată)",
        "voided": "cancelled (anulată)",
        "not_issued": "no invoice in the period (neither cancelled nor reversed)",
        "released": "reserved, then released",
        "expired": "reserved, then expired",
        "withdrawn": "invoice deleted",
        "lost": "lost when the database was restored",
        "pending": "reserved when the period ended",
        "other_period": "invoice of another period",
    },
}


def d394_csv(report: D394Report, language: Language = "ro", dialect: Dialect = "ro") -> bytes:
    """The table in UTF-8, one heading row first.

    `ro` is what a Romanian Excel opens: semicolons, a byte order mark, CR LF. `plain` has commas, and LF at line ends.
    """
    text = io.StringIO(newline="")
    is_ro = dialect == "ro"
    writer = csv.writer(text, delimiter=";" if is_ro else ",", lineterminator="\r\n" if is_ro else "\n")
    writer.writerow(_HEADINGS[language])
    writer.writerows(_cells(row, _WORDS[language]) for row in report.data)
    return text.getvalue().encode("utf-8-sig" if is_ro else "utf-8")


def _cells(row: D394Row, words: dict[str, str]) -> tuple[str | int, ...]:
    return (
        words[row.part],
        _text(row.series_name),
        _text(row.series_text),
        _text(row.first_text),
        _text(row.last_text),
        _text(row.text_after),
        row.count,
        row.date or "",
        _text(row.invoice_id or ""),
        "" if row.reason is None else words[row.reason],
    )


def _text(text: str) -> str:
    """The text with an apostrophe in front if a spreadsheet would read it as a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
