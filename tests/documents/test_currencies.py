"""CONTRACT.md D91: the decimals of ISO 4217."""

import pytest
from iso4217 import Currency

from service.documents.currencies import IN_USE, WITHDRAWN, decimals_kept, decimals_of


@pytest.mark.parametrize(
    ("code", "decimals"),
    [("RON", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("BGN", 2), ("ITL", 0), ("XCG", 2), ("HUF", 2)],
)
def test_a_currency_has_the_decimals_of_the_list(code: str, decimals: int) -> None:
    assert decimals_of(code) == decimals


@pytest.mark.parametrize("code", ["ZZZ", "X" * 3, "XTS", "XAU", "XDR", "ron", "", "EURO"])
def test_what_no_amount_of_money_is_in_is_no_currency(code: str) -> None:
    assert decimals_of(code) is None
    assert decimals_kept(code) == 2


def test_the_currencies_in_use_are_those_of_the_list() -> None:
    """The package keeps list one of ISO 4217. When a newer one fails here, move the codes that left to WITHDRAWN."""
    listed = {each.code: each.exponent for each in Currency if each.exponent is not None}

    assert {code: decimals for decimals, line in IN_USE.items() for code in line.split()} == listed


def test_no_currency_is_listed_twice() -> None:
    codes = [code for listed in (IN_USE, WITHDRAWN) for line in listed.values() for code in line.split()]

    assert len(codes) == len(set(codes))
