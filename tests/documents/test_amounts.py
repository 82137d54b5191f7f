"""CONTRACT.md D29 and D79: per line, to cents, half away from zero, in decimals."""

from decimal import Decimal

import pytest

from service.documents.amounts import at_rate, is_exact_in_json, line_amounts, sum_amounts, to_cents
from service.documents.content import Amounts

D = Decimal


@pytest.mark.parametrize(
    ("quantity", "price", "rate", "net", "vat"),
    [
        ("1", "100", 19, "100.00", "19.00"),
        ("3", "0.335", 19, "1.01", "0.19"),
        ("1", "0.005", 0, "0.01", "0.00"),
        ("1", "-0.005", 0, "-0.01", "0.00"),
        ("1", "-1.005", 19, "-1.01", "-0.19"),
        ("1", "1.0049999999999999", 0, "1.00", "0.00"),
        ("0.01", "0.01", 21, "0.00", "0.00"),
        ("1", "0.50", 5, "0.50", "0.03"),
        ("1", "2.675", 0, "2.68", "0.00"),
        ("7", "14.285714", 11, "100.00", "11.00"),
        ("1000000000000", "9.99", 19, "9990000000000.00", "1898100000000.00"),
    ],
)
def test_a_line_is_rounded_half_away_from_zero(quantity: str, price: str, rate: int, net: str, vat: str) -> None:
    found = line_amounts(D(quantity), D(price), rate)

    assert (str(found.subtotal), str(found.vat_amount)) == (net, vat)
    assert found.total == found.subtotal + found.vat_amount


def test_the_header_is_the_sum_of_the_rounded_lines() -> None:
    lines = [line_amounts(D(1), D("0.335"), 19) for _ in range(3)]

    assert sum_amounts(lines) == Amounts(D("1.02"), D("0.18"), D("1.20"))


def test_ron_amounts_are_each_rounded_by_themselves() -> None:
    assert at_rate(Amounts(D("0.01"), D("0.01"), D("0.02")), D("4.9763")) == Amounts(D("0.05"), D("0.05"), D("0.10"))


def test_a_rounded_negative_is_never_minus_zero() -> None:
    assert str(to_cents(D("-0.001"))) == "0.00"


def test_amounts_beyond_the_exact_cents_of_a_double_are_told_apart() -> None:
    assert is_exact_in_json(Amounts(D(10) ** 13, D(0), D(10) ** 13))
    assert not is_exact_in_json(Amounts(D(10) ** 13 + 1, D(0), D(0)))
