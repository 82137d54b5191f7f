"""CONTRACT.md D29, D79, D91 and D92: exact decimals, half away from zero, and parts that add up."""

from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from service.documents.amounts import (
    amount_max,
    amounts_of,
    at_rate,
    is_exact_in_json,
    line_amounts,
    negated,
    rounded,
    sum_amounts,
)
from service.documents.content import Amounts

D = Decimal


class Line(Struct, frozen=True):
    """A line with nothing but what amounts follow from."""

    quantity: Decimal
    price: Decimal
    vat_rate: int


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
    (found,) = line_amounts([Line(D(quantity), D(price), rate)], 2)

    assert (str(found.subtotal), str(found.vat_amount)) == (net, vat)
    assert found.total == found.subtotal + found.vat_amount


@pytest.mark.parametrize(
    ("decimals", "price", "rate", "net", "vat", "total"),
    [
        (0, "1127", 9, "1127", "101", "1228"),
        (3, "0.125", 5, "0.125", "0.006", "0.131"),
        (4, "0.00005", 19, "0.0001", "0.0000", "0.0001"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(
    decimals: int, price: str, rate: int, net: str, vat: str, total: str
) -> None:
    (found,) = line_amounts([Line(D(1), D(price), rate)], decimals)

    assert (str(found.subtotal), str(found.vat_amount), str(found.total)) == (net, vat, total)


@pytest.mark.parametrize(
    ("price", "vat", "first"), [("0.03", "0.57", "-0.42"), ("0.02", "0.38", "0.38"), ("0.05", "0.95", "-0.04")]
)
def test_the_vat_of_a_rate_is_rounded_once_for_all_its_lines(price: str, vat: str, first: str) -> None:
    lines = line_amounts([Line(D(1), D(price), 19)] * 100, 2)

    assert str(sum_amounts(lines, 2).vat_amount) == vat
    assert str(lines[0].vat_amount) == first


def test_what_the_lines_of_a_rate_differ_by_goes_to_the_largest_of_them() -> None:
    prices = [("0.03", 19), ("-9.99", 19), ("0.03", 19), ("500", 9), ("0.03", 19)]

    lines = line_amounts([Line(D(1), D(price), rate) for price, rate in prices], 2)

    # 19 % of -9.90 is -1.88; the small lines have 0.01 each.
    assert [str(line.vat_amount) for line in lines] == ["0.01", "-1.91", "0.01", "45.00", "0.01"]


RATES: Final = st.sampled_from([0, 5, 9, 11, 19, 20, 21, 24])
QUANTITIES: Final = st.decimals("0.01", "1e12", allow_nan=False)
PRICES: Final = st.decimals("-1e12", "1e12", allow_nan=False) | st.decimals("-1", "1", places=4)
LINES: Final = st.lists(st.builds(Line, QUANTITIES, PRICES, RATES), min_size=1, max_size=30)
DECIMALS: Final = st.sampled_from([0, 2, 3, 4])


@given(LINES, DECIMALS)
def test_header_and_lines_agree_and_the_vat_of_each_rate_is_that_rate_of_its_lines(
    priced: list[Line], decimals: int
) -> None:
    lines = line_amounts(priced, decimals)

    with localcontext(prec=100, rounding=ROUND_HALF_UP):
        step = D(1).scaleb(-decimals)
        header = sum_amounts(lines, decimals)
        assert header.subtotal == sum((line.subtotal for line in lines), D(0))
        assert header.vat_amount == sum((line.vat_amount for line in lines), D(0))
        assert header.total == header.subtotal + header.vat_amount
        for line, what in zip(lines, priced, strict=True):
            assert line.subtotal == (what.quantity * what.price).quantize(step)
            assert line.total == line.subtotal + line.vat_amount
        for rate in {each.vat_rate for each in priced}:
            of_rate = [line for line, what in zip(lines, priced, strict=True) if what.vat_rate == rate]
            base = sum((line.subtotal for line in of_rate), D(0))
            assert sum((line.vat_amount for line in of_rate), D(0)) == (base * rate / 100).quantize(step)


@given(LINES, DECIMALS, st.decimals("0.000001", "1000000", places=6))
def test_amounts_in_ron_are_the_sum_of_their_parts(priced: list[Line], decimals: int, rate: Decimal) -> None:
    ron = at_rate(sum_amounts(line_amounts(priced, decimals), decimals), rate)

    with localcontext(prec=100):
        assert ron.total == ron.subtotal + ron.vat_amount
        assert {amount.as_tuple().exponent for amount in (ron.subtotal, ron.vat_amount, ron.total)} == {-2}


@given(LINES, DECIMALS, st.decimals("0.000001", "1000000", places=6))
def test_a_reversal_is_what_the_negated_lines_would_be(priced: list[Line], decimals: int, rate: Decimal) -> None:
    """Rounding knows no sign, so mirroring the amounts and computing them from negated lines are one."""
    lines = line_amounts(priced, decimals)
    mirrored = line_amounts([Line(-each.quantity, each.price, each.vat_rate) for each in priced], decimals)

    assert [negated(line) for line in lines] == mirrored
    header = sum_amounts(lines, decimals)
    assert sum_amounts(mirrored, decimals) == negated(header)
    assert at_rate(negated(header), rate) == negated(at_rate(header, rate))


def test_two_parts_are_converted_and_the_third_is_their_sum() -> None:
    euro = amounts_of(D("10.01"), D("1.90"))

    assert at_rate(euro, D("4.9755")) == Amounts(D("49.80"), D("9.45"), D("59.25"))


def test_a_rounded_negative_is_never_minus_zero() -> None:
    assert str(rounded(D("-0.001"), 2)) == "0.00"
    assert str(negated(amounts_of(D("0.00"), D("0.00"))).vat_amount) == "0.00"


def test_no_digit_of_a_large_amount_is_lost() -> None:
    assert str(rounded(D("9" * 40), 2)) == "9" * 40 + ".00"


@pytest.mark.parametrize("decimals", [0, 2, 3, 4])
def test_amounts_beyond_the_exact_decimals_of_a_double_are_told_apart(decimals: int) -> None:
    most, step = amount_max(decimals), D(1).scaleb(-decimals)

    assert D(repr(float(most - step))) == most - step
    assert is_exact_in_json(Amounts(most, D(0), most), decimals)
    assert not is_exact_in_json(Amounts(most + step, D(0), D(0)), decimals)
