"""What tests of named fields share: an invoice with every field, other values, and a refusal by name."""

from typing import Any, Final

from tests.support.service.client import Answer, Api

EVERYTHING: Final[dict[str, Any]] = {
    "client_id": "cli_1",
    "client_data": {
        "name": "Șerban & Fiii SRL", "type": "b2b", "email": "a@b.ro", "phone": "1", "cui": "RO123", "rc": "J40",
        "address": "Str. 1", "city": "Iași", "county": "IS", "country": "MD", "postal_code": "7", "iban": "RO49",
        "bank": "BT", "contact_person": "Ana", "notes": "n",
    },
    "items": [
        {"description": "a", "quantity": 2.5, "price": 10.333, "vat_rate": 9, "product_czuid": "p1", "vat_key": 3,
         "unit": "kg", "ubl_um": "KGM", "ubl_nc": "1", "ubl_cpv": "2", "description_extended": "x"},
        {"product_czuid": "p2", "quantity": 1, "price": -0.125, "save_as_product": 1},
    ],
    "date": "2026-03-04", "due_date": "2099-05-05", "currency": "EUR", "currency_rate": 4.9755,
    "efactura_enabled": 0, "spv_environment": "test", "with_vat_inverted": 1, "payment_method": "cash",
    "payment_type": "t", "payment_installments": 3, "send_email": 0, "email_address": "c@d.ro", "with_delegate": 1,
    "delegate": {"a": [1.5, None, {"b": 1e3}]}, "info": "i", "observations": "o", "notes": "n",
}  # fmt: skip

TOTALS: Final = {"subtotal", "vat_amount", "total", "subtotal_ron", "vat_amount_ron", "total_ron"}


async def everything(api: Api, **more: Any) -> dict[str, Any]:
    """An invoice with a value in every field that a request sets."""
    found: dict[str, Any] = (await api.issue(**{**EVERYTHING, **more})).data
    return found


def refused_for(answer: Answer, name: str) -> None:
    """Assert that the field was refused by its name."""
    assert answer.refusal == (400, "invalid_field_value"), (name, answer.body)
    assert answer.error["param"] == name


def other_than(value: object) -> object:
    """A value of the same kind that is another."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case list():
            return [{"amount": 1}]
        case _:
            return "x"
