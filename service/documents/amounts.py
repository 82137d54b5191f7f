"""The amounts of an invoice: exact decimal arithmetic, halves rounded away from zero (CONTRACT.md D29 and D79)."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from service.documents.content import Amounts

CENT: Final = Decimal("0.01")
AMOUNT_MAX: Final = Decimal(10) ** 13
"""The largest amount. A larger JSON number with two decimals is not exact in every client."""

# Precise enough that no product of two bounded fields is rounded before we round it.
_EXACT: Final = Context(prec=100, rounding=ROUND_HALF_UP)


def line_amounts(quantity: Decimal, price: Decimal, vat_rate: int) -> Amounts:
    """Net and VAT of one line, each rounded to cents; the total is their sum."""
    net = to_cents(_EXACT.multiply(quantity, price))
    vat = to_cents(_EXACT.divide(_EXACT.multiply(net, Decimal(vat_rate)), Decimal(100)))
    return Amounts(subtotal=net, vat_amount=vat, total=_EXACT.add(net, vat))


def sum_amounts(lines: Iterable[Amounts]) -> Amounts:
    """The amounts of the header: the sums of the rounded lines."""
    subtotal, vat = Decimal("0.00"), Decimal("0.00")
    for line in lines:
        subtotal, vat = _EXACT.add(subtotal, line.subtotal), _EXACT.add(vat, line.vat_amount)
    return Amounts(subtotal=subtotal, vat_amount=vat, total=_EXACT.add(subtotal, vat))


def at_rate(amounts: Amounts, rate: Decimal) -> Amounts:
    """The amounts of the header in RON: each is multiplied by the rate and rounded by itself."""
    return Amounts(
        subtotal=to_cents(_EXACT.multiply(amounts.subtotal, rate)),
        vat_amount=to_cents(_EXACT.multiply(amounts.vat_amount, rate)),
        total=to_cents(_EXACT.multiply(amounts.total, rate)),
    )


def is_exact_in_json(amounts: Amounts) -> bool:
    """Whether every amount is small enough to keep its cents in any JSON client."""
    return all(abs(amount) <= AMOUNT_MAX for amount in (amounts.subtotal, amounts.vat_amount, amounts.total))


def to_cents(amount: Decimal) -> Decimal:
    """The nearest cent, halves away from zero; never a negative zero."""
    return _EXACT.quantize(amount, CENT) + 0
