"""The amounts of an invoice: exact decimals, halves rounded away from zero (CONTRACT.md D29, D79, D91, D92)."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from typing import Final, Protocol

from service.documents.content import Amounts
from service.documents.currencies import HOME_DECIMALS

DIGITS_MAX: Final = 15
"""The most digits of an amount. A JSON number with more is not exact in every client."""

# Precise enough that no product of two bounded fields is rounded before we round it.
_EXACT: Final = Context(prec=100, rounding=ROUND_HALF_UP)

_QUANTA: Final = [Decimal(1).scaleb(-decimals) for decimals in range(5)]
_ZEROS: Final = [Decimal(0).scaleb(-decimals) for decimals in range(5)]
_ZERO: Final = Decimal(0)


class Priced(Protocol):
    """What the amounts of a line follow from; `vat_rate` is in percent."""

    @property
    def quantity(self) -> Decimal:
        """How much is sold."""
        ...

    @property
    def price(self) -> Decimal:
        """The price of one unit."""
        ...

    @property
    def vat_rate(self) -> int:
        """In percent."""
        ...


class Summed(Protocol):
    """What the amounts of a header are the sums of."""

    @property
    def subtotal(self) -> Decimal:
        """Without VAT."""
        ...

    @property
    def vat_amount(self) -> Decimal:
        """The VAT."""
        ...


def line_amounts(lines: Sequence[Priced], decimals: int) -> list[Amounts]:
    """The amounts of each line, rounded to these decimals. The VAT of all lines of one rate is that rate of their sum.

    The sum is rounded once, and the lines one by one. What they differ by goes to the largest line of the rate, so that
    the header is the sum of its lines and is also what the law says (CONTRACT.md D92).
    """
    nets = [rounded(_EXACT.multiply(line.quantity, line.price), decimals) for line in lines]
    vats = [_part(net, line.vat_rate, decimals) for net, line in zip(nets, lines, strict=True)]
    places_of: dict[int, list[int]] = {}
    for place, line in enumerate(lines):
        places_of.setdefault(line.vat_rate, []).append(place)
    for rate, places in places_of.items():
        if len(places) == 1:
            continue  # its own VAT is that of the sum
        right = _part(_sum(nets[place] for place in places), rate, decimals)
        largest = max(places, key=lambda place: nets[place].copy_abs())
        others = _sum(vats[place] for place in places if place != largest)
        vats[largest] = _EXACT.subtract(right, others)
    return [amounts_of(net, vat) for net, vat in zip(nets, vats, strict=True)]


def sum_amounts(lines: Iterable[Summed], decimals: int) -> Amounts:
    """The amounts of the header: the sums of the lines."""
    subtotal = vat = _ZEROS[decimals]
    for line in lines:
        subtotal, vat = _EXACT.add(subtotal, line.subtotal), _EXACT.add(vat, line.vat_amount)
    return amounts_of(subtotal, vat)


def at_rate(amounts: Amounts, rate: Decimal) -> Amounts:
    """The amounts of the header in RON: two are multiplied by the rate and rounded, the total is their sum (D91)."""
    subtotal = rounded(_EXACT.multiply(amounts.subtotal, rate), HOME_DECIMALS)
    return amounts_of(subtotal, rounded(_EXACT.multiply(amounts.vat_amount, rate), HOME_DECIMALS))


def negated(amounts: Amounts) -> Amounts:
    """The amounts that take these back, to the last digit."""
    return Amounts(minus(amounts.subtotal), minus(amounts.vat_amount), minus(amounts.total))


def minus(number: Decimal) -> Decimal:
    """The negative number, exactly, and never a negative zero. The operator `-` rounds beyond 28 digits."""
    return number.copy_negate() if number else number


@cache
def amount_max(decimals: int) -> Decimal:
    """The largest amount with these decimals that is exact in every client."""
    return Decimal(10) ** (DIGITS_MAX - max(decimals, HOME_DECIMALS))


def is_exact_in_json(amounts: Amounts, decimals: int) -> bool:
    """Whether every amount is small enough to keep its decimals in any JSON client."""
    most = amount_max(decimals)
    least = -most
    return least <= amounts.subtotal <= most and least <= amounts.vat_amount <= most and least <= amounts.total <= most


def rounded(amount: Decimal, decimals: int) -> Decimal:
    """The nearest number with these decimals, halves away from zero; never a negative zero."""
    return _EXACT.quantize(amount, _QUANTA[decimals]) or _ZEROS[decimals]


def amounts_of(subtotal: Decimal, vat: Decimal) -> Amounts:
    """The two parts and their sum."""
    return Amounts(subtotal=subtotal, vat_amount=vat, total=_EXACT.add(subtotal, vat))


def _part(net: Decimal, vat_rate: int, decimals: int) -> Decimal:
    return rounded(_EXACT.multiply(net, _share(vat_rate)), decimals)


@cache
def _share(percent: int) -> Decimal:
    """The exact factor; there are few, because a rate is a whole number of per cent from 0 to 100."""
    return Decimal(percent).scaleb(-2)


def _sum(numbers: Iterable[Decimal]) -> Decimal:
    total = _ZERO
    for number in numbers:
        total = _EXACT.add(total, number)
    return total
