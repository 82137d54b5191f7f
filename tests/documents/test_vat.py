"""CONTRACT.md D92: the standard rate of VAT by the date of the document."""

from datetime import date

import pytest

from service.documents.vat import standard_rate


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        ("2000-01-01", 19),
        ("2010-06-30", 19),
        ("2010-07-01", 24),
        ("2015-12-31", 24),
        ("2016-01-01", 20),
        ("2016-12-31", 20),
        ("2017-01-01", 19),
        ("2025-07-31", 19),
        ("2025-08-01", 21),
        ("2026-11-26", 21),
    ],
)
def test_the_standard_rate_is_that_of_the_day(day: str, rate: int) -> None:
    assert standard_rate(date.fromisoformat(day)) == rate
