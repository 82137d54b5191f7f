"""The lines of an invoice and their amounts (CONTRACT.md D29, D79, D91 and D92)."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from schemas.api.bodies import ItemBody
from schemas.api.fields import ITEMS_MAX
from schemas.api.invoice import Item
from service.api.reading.json_text import Tree
from service.api.reading.known_names import name_conflicts
from service.api.refusals.field_faults import FieldFault, invalid, missing
from service.api.refusals.table import bad_fields
from service.documents.amounts import (
    amount_max,
    at_rate,
    is_exact_in_json,
    line_amounts,
    minus,
    negated,
    sum_amounts,
)
from service.documents.content import Amounts
from service.documents.currencies import HOME_CURRENCY, HOME_DECIMALS, decimals_kept
from service.documents.vat import standard_rate


def lines_of(items: Sequence[ItemBody], day: date, currency: str) -> list[Item]:
    """The lines with their amounts, numbered from 1. A line without a rate of VAT has the standard one of `day`."""
    rate = standard_rate(day)
    return priced([_line(place, item, rate) for place, item in enumerate(items, start=1)], currency)


def priced(lines: Sequence[Item], currency: str) -> list[Item]:
    """The same lines, with their amounts computed in this currency."""
    amounts = line_amounts(lines, decimals_kept(currency))
    return [_with(line, each) for line, each in zip(lines, amounts, strict=True)]


def says_the_same(lines: Sequence[Item], others: Sequence[Item]) -> bool:
    """Whether these are the same lines; the amounts that were computed for them do not count."""
    return [_unpriced(line) for line in lines] == [_unpriced(line) for line in others]


def reversed_line(line: Item) -> Item:
    """The line that reverses this one: the negative quantity at the same price."""
    amounts = negated(Amounts(line.subtotal, line.vat_amount, line.total))
    return _with(replace(line, quantity=minus(line.quantity), save_as_product=False), amounts)


def header_amounts(lines: Sequence[Item], currency: str, rate: Decimal) -> tuple[Amounts, Amounts]:
    """The sums of the lines, in their currency and in RON. Raises RefusedError if they are too large to be exact."""
    decimals = decimals_kept(currency)
    amounts = sum_amounts(lines, decimals)
    is_of_home = currency == HOME_CURRENCY and rate == 1
    amounts_ron = amounts if is_of_home else at_rate(amounts, rate)
    if not (is_exact_in_json(amounts, decimals) and is_exact_in_json(amounts_ron, HOME_DECIMALS)):
        raise bad_fields([invalid("items", f"worth at most {amount_max(decimals):,f} together")])
    return amounts, amounts_ron


def item_faults(items: Tree) -> Iterator[FieldFault]:
    """The faults of lines: no catalogue here knows what a line without a description and a product is about."""
    for place, item in enumerate(items[:ITEMS_MAX] if isinstance(items, list) else ()):
        if not isinstance(item, dict):
            continue
        if item.get("description") is None and item.get("product_czuid") is None and item.get("product_id") is None:
            path = f"items.{place}"
            yield missing(f"{path}.description", f"{path} needs a description or a product_czuid.")
        if "product_id" in item:
            yield from name_conflicts(item, (("product_czuid", "product_id"),), f"items.{place}")


def plain(number: Decimal) -> Decimal:
    """The same number without an exponent, so that every client can read it."""
    return Decimal(f"{number:f}") if "E" in str(number) else number


def _unpriced(line: Item) -> Item:
    return _with(line, _UNPRICED)


def _with(line: Item, amounts: Amounts) -> Item:
    return replace(line, subtotal=amounts.subtotal, vat_amount=amounts.vat_amount, total=amounts.total)


def _line(place: int, item: ItemBody, rate_of_day: int) -> Item:
    return Item(
        id=place,
        product_id=item.product_czuid if item.product_czuid is not None else item.product_id,
        description=item.description,
        description_extended=item.description_extended,
        quantity=plain(item.quantity),
        price=plain(item.price),
        vat_rate=rate_of_day if item.vat_rate is UNSET else item.vat_rate,
        vat_key=item.vat_key,
        unit=item.unit,
        ubl_um=item.ubl_um,
        ubl_nc=item.ubl_nc,
        ubl_cpv=item.ubl_cpv,
        subtotal=_NOTHING,
        vat_amount=_NOTHING,
        total=_NOTHING,
        save_as_product=item.save_as_product,
    )


_NOTHING: Final = Decimal(0)
_UNPRICED: Final = Amounts(_NOTHING, _NOTHING, _NOTHING)
