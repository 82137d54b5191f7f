"""The lines of an invoice and their amounts (CONTRACT.md D29 and D79)."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from schemas.api.bodies import ItemBody
from schemas.api.fields import ITEMS_MAX
from schemas.api.invoice import Item
from service.api.reading.json_text import Tree
from service.api.refusals.field_faults import FieldFault, invalid, missing
from service.api.refusals.table import bad_fields
from service.documents.amounts import AMOUNT_MAX, at_rate, is_exact_in_json, line_amounts, sum_amounts
from service.documents.content import Amounts

HOME_CURRENCY: Final = "RON"


def lines_of(items: Sequence[ItemBody]) -> list[Item]:
    """The lines with their amounts, numbered from 1."""
    return [_line(place, item) for place, item in enumerate(items, start=1)]


def negated(line: Item) -> Item:
    """The line that reverses this one: the negative quantity at the same price."""
    return replace(
        line,
        quantity=_minus(line.quantity),
        subtotal=_minus(line.subtotal),
        vat_amount=_minus(line.vat_amount),
        total=_minus(line.total),
        save_as_product=False,
    )


def header_amounts(lines: Sequence[Item], rate: Decimal) -> tuple[Amounts, Amounts]:
    """The sums of the lines, in their currency and in RON. Raises RefusedError if they are too large to be exact."""
    amounts = sum_amounts(Amounts(line.subtotal, line.vat_amount, line.total) for line in lines)
    amounts_ron = at_rate(amounts, rate)
    if not (is_exact_in_json(amounts) and is_exact_in_json(amounts_ron)):
        raise bad_fields([invalid("items", f"worth at most {AMOUNT_MAX:,f} together")])
    return amounts, amounts_ron


def item_faults(items: Tree) -> Iterator[FieldFault]:
    """The faults of lines that name no product: there is no catalogue here to look one up in."""
    for place, item in enumerate(items[:ITEMS_MAX] if isinstance(items, list) else ()):
        if isinstance(item, dict) and item.get("description") is None and item.get("product_czuid") is None:
            yield missing(f"items.{place}.description", f"items.{place} needs a description or a product_czuid.")


def plain(number: Decimal) -> Decimal:
    """The same number without an exponent, so that every client can read it."""
    return Decimal(f"{number:f}")


def _minus(number: Decimal) -> Decimal:
    """The negative number, exactly, and never a negative zero. The operator `-` rounds beyond 28 digits."""
    return number.copy_negate() if number else number


def _line(place: int, item: ItemBody) -> Item:
    amounts = line_amounts(item.quantity, item.price, item.vat_rate)
    return Item(
        id=place,
        product_id=item.product_czuid,
        description=item.description,
        description_extended=item.description_extended,
        quantity=plain(item.quantity),
        price=plain(item.price),
        vat_rate=item.vat_rate,
        vat_key=item.vat_key,
        unit=item.unit,
        ubl_um=item.ubl_um,
        ubl_nc=item.ubl_nc,
        ubl_cpv=item.ubl_cpv,
        subtotal=amounts.subtotal,
        vat_amount=amounts.vat_amount,
        total=amounts.total,
        save_as_product=item.save_as_product,
    )
