"""Types of single fields that several bodies share, with the bounds that a caller must keep."""

import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from schemas.number_formats import FORMAT_MAX

SCALED_MAX: Final = Decimal(10) ** 12
"""The largest quantity or price of a line. No real invoice needs more, and cents stay exact in JSON numbers."""

DIGITS_MAX: Final = 30
"""The most significant digits a decimal number may have."""

ITEMS_MAX: Final = 1000
"""The most lines of one invoice."""


def _decimal(minimum: str, maximum: str = str(SCALED_MAX), *, words: str = "") -> Meta:
    schema: dict[str, Any] = {"minimum": float(minimum), "maximum": float(maximum)}
    return Meta(extra={"minimum": minimum, "maximum": maximum, "words": words}, extra_json_schema=schema)


Day = datetime.date
"""A calendar day, `YYYY-MM-DD`."""

Flag = Annotated[bool, Meta(extra={"is_flag": True}, extra_json_schema={"x-flag": True})]
"""A switch that the public API writes as 0 or 1; both forms are accepted (CONTRACT.md D39)."""

_NO_NUL: Final[dict[str, Any]] = {"pattern": r"^[^\x00]*$"}
"""For the published schema only: the service itself refuses NUL in every text, with a message of its own."""

Text = Annotated[str, Meta(max_length=10_000, extra_json_schema=_NO_NUL)]
Label = Annotated[str, Meta(max_length=255, extra_json_schema=_NO_NUL)]
Identifier = Annotated[str, Meta(min_length=1, max_length=255, extra_json_schema=_NO_NUL)]
SeriesReference = Annotated[str, Meta(min_length=1, max_length=64, extra_json_schema=_NO_NUL)]

_PRINTED: Final[dict[str, Any]] = {"is_printed": True}
_NO_CONTROLS: Final[dict[str, Any]] = {"pattern": r"^[^\x00-\x1f\x7f]*$"}
"""Only those of ASCII: a clients' language that matches bytes would refuse letters for a pattern with the others."""


PrintedName = Annotated[str, Meta(min_length=1, max_length=255, extra=_PRINTED, extra_json_schema=_NO_CONTROLS)]
Reason = Annotated[str, Meta(min_length=1, max_length=10_000, extra=_PRINTED, extra_json_schema=_NO_CONTROLS)]
"""Texts with a printable character and without control characters (CONTRACT.md D94)."""

Explanation = Annotated[str, Meta(min_length=1, max_length=255, extra=_PRINTED, extra_json_schema=_NO_CONTROLS)]
GapText = Annotated[str, Meta(min_length=15, max_length=255, extra=_PRINTED, extra_json_schema=_NO_CONTROLS)]
"""The explanation of a gap (CONTRACT.md D112)."""

Token = Annotated[str, Meta(min_length=1, max_length=255, extra_json_schema=_NO_NUL)]
Description = Annotated[str, Meta(max_length=1000, extra_json_schema=_NO_NUL)]

# The schema has no `format: email`: more addresses exist, and are accepted, than that format allows.
Email = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=r"^[^@\s\x00]+@[^@\s\x00]+$",
        extra={"syntax": "an e-mail address"},
    ),
]

SeriesName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=20,
        pattern=r"^[A-Za-z0-9._/-]+$",
        extra={"is_trimmed": True, "words": "1 to 20 letters, digits, or any of . _ / -"},
    ),
]
"""The prefix of the numbers of a series (CONTRACT.md D20)."""

NumberFormat = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=FORMAT_MAX,
        pattern=r"^[ -z|~]*(\{year\}[ -z|~]*)*\{number\}[ -z|~]*(\{year\}[ -z|~]*)*$",
        extra={
            "words": f"up to {FORMAT_MAX} printable ASCII characters, with {{number}} exactly once and no other "
            "placeholder than {year}",
        },
    ),
]
"""The pattern of a printed number (CONTRACT.md D17, D87)."""

DeclaredPeriod = Annotated[
    str,
    Meta(
        pattern=r"^[2-8][0-9]{3}-(0[1-9]|1[0-2]|Q[1-4])$",
        extra={"words": "a month, such as 2026-11, or a quarter, such as 2026-Q4"},
    ),
]
"""The period of a tax declaration (CONTRACT.md D117)."""

SmallCount = Annotated[int, Meta(ge=0, le=2_147_483_647)]
CurrencyText = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", extra={"words": "three capital letters, such as RON"})]
"""What has the form of a currency code."""

Currency = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z]{3}$",
        extra={"words": "the code of a currency in ISO 4217, such as RON", "is_currency": True},
    ),
]
"""A currency of ISO 4217 (CONTRACT.md D91)."""

Quantity = Annotated[Decimal, _decimal("0.01", words="; goods that are taken back have a negative price instead")]
"""The public API allows no negative quantity, but a negative price."""

Price = Annotated[Decimal, _decimal(str(-SCALED_MAX))]
ExchangeRate = Annotated[Decimal, _decimal("0.000001", "1000000")]
VatRate = Literal[0, 5, 9, 11, 19, 20, 21, 24]
"""The rates of VAT, in percent, that Romania has or had (CONTRACT.md D92)."""
