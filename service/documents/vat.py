"""The standard rate of VAT in Romania on a day (CONTRACT.md D92)."""

from datetime import date
from typing import Final, Literal

Rate = Literal[19, 20, 21, 24]

_BEFORE: Final[Rate] = 19
_FROM: Final[tuple[tuple[date, Rate], ...]] = (
    (date(2025, 8, 1), 21),
    (date(2017, 1, 1), 19),
    (date(2016, 1, 1), 20),
    (date(2010, 7, 1), 24),
)
"""The first day of each rate, the latest first."""


def standard_rate(day: date) -> Rate:
    """The rate, in percent, of a line that names none, in a document with this date."""
    return next((rate for first, rate in _FROM if day >= first), _BEFORE)
