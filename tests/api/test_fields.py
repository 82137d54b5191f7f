"""CONTRACT.md D73: which fields are wrong, and why."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest
from msgspec import UNSET

from schemas.api.bodies import CreateInvoiceBody, OpenSeriesBody, ReserveNumbersBody
from service.api.reading.fields import read_fields
from service.api.reading.json_text import Tree

ITEM: dict[str, Tree] = {"description": "x", "quantity": 1, "price": Decimal("1.5")}


def faults(kind: type[CreateInvoiceBody | OpenSeriesBody | ReserveNumbersBody], tree: Mapping[str, Tree]) -> list[str]:
    found = read_fields(kind, tree)
    return [f"{fault.path} {fault.code}" for fault in found] if isinstance(found, list) else []


@pytest.mark.parametrize("count", [0, 51, -1, True, "10", Decimal("10.5"), None, [1], {}, Decimal(10) ** 30])
def test_a_count_is_a_whole_number_from_1_to_50(count: Tree) -> None:
    """CONTRACT.md D36."""
    assert faults(ReserveNumbersBody, {"count": count}) == ["count invalid_field_value"]


def test_an_absent_count_is_ten_and_unknown_fields_are_ignored() -> None:
    """CONTRACT.md D12 and D36."""
    assert read_fields(ReserveNumbersBody, {"work_point_id": 7}) == ReserveNumbersBody(count=10)


@pytest.mark.parametrize("name", ["", " ", "A" * 21, "FACT 1", "ȘERIE", "FA\u202eCT", "a\u0301", "A{B}", "A\nB"])
def test_a_series_name_is_1_to_20_plain_characters(name: str) -> None:
    """CONTRACT.md D20."""
    tree: dict[str, Tree] = {"name": name, "document_type": "fiscal"}

    assert faults(OpenSeriesBody, tree) == ["name invalid_field_value"]


def test_a_series_name_is_trimmed() -> None:
    """CONTRACT.md D20."""
    found = read_fields(OpenSeriesBody, {"name": "  A.b_/-9 ", "document_type": "proforma"})

    assert isinstance(found, OpenSeriesBody)
    assert found.name == "A.b_/-9"


@pytest.mark.parametrize(
    ("format_", "is_right"),
    [
        ("{number}", True),
        ("A-{year}-{number}", True),
        ("{year}{number}{year}", True),
        ("A-{year}", False),
        ("{number}{number}", False),
        ("{number}-{month}", False),
        ("{number}-{", False),
        ("F {number} ~", True),
        ("x" * 52 + "{number}", True),
        ("x" * 53 + "{number}", False),
        ("", False),
        ("   ", False),
        ("a\nb-{number}", False),
        ("{number}\n", False),
        ("\x1b[1m{number}", False),
        ("\x7f{number}", False),
        ("\u202e{number}", False),
        ("\u200b{number}", False),
        ("\u00a0{number}", False),
        ("ș{number}", False),
    ],
)
def test_a_format_is_printable_and_names_the_number_once_and_at_most_the_year(format_: str, *, is_right: bool) -> None:
    """CONTRACT.md D17 and D87."""
    found = faults(OpenSeriesBody, {"name": "A", "document_type": "fiscal", "format": format_})

    assert found == ([] if is_right else ["format invalid_field_value"])


def test_every_field_at_fault_is_named() -> None:
    tree: dict[str, Tree] = {
        "client_data": {"email": "nobody"},
        "items": [ITEM, {**ITEM, "quantity": 0, "vat_rate": 18}, 5],
        "date": "2026-02-30",
        "due_date": 20260101,
        "currency": "lei",
        "is_draft": 2,
        "force_chronology": 1,
    }

    assert faults(CreateInvoiceBody, tree) == [
        "items.1.quantity invalid_field_value",
        "items.1.vat_rate invalid_field_value",
        "items.2 invalid_field_value",
        "client_data.name missing_required_field",
        "client_data.email invalid_format",
        "force_chronology invalid_field_value",
        "date invalid_format",
        "due_date invalid_field_value",
        "currency invalid_field_value",
        "is_draft invalid_field_value",
    ]


@pytest.mark.parametrize("flag", [0, 1, False, True])
def test_flags_take_numbers_and_booleans(flag: int) -> None:
    """CONTRACT.md D39."""
    found = read_fields(CreateInvoiceBody, {"items": [ITEM], "is_draft": flag})

    assert isinstance(found, CreateInvoiceBody)
    assert found.is_draft is bool(flag)


@pytest.mark.parametrize(
    "price",
    [Decimal("1e999999"), Decimal("-1e999999"), Decimal("1e-999999"), Decimal("0." + "1" * 40), "1.5", True, None],
)
def test_a_price_is_a_number_of_bounded_size_and_digits(price: Tree) -> None:
    assert faults(CreateInvoiceBody, {"items": [{**ITEM, "price": price}]}) == ["items.0.price invalid_field_value"]


def test_values_have_their_types() -> None:
    found = read_fields(CreateInvoiceBody, {"items": [{**ITEM, "vat_rate": Decimal("5.0")}], "date": "2026-02-28"})

    assert isinstance(found, CreateInvoiceBody)
    assert found.date == date(2026, 2, 28)
    assert found.items[0].price == Decimal("1.5")
    assert found.items[0].quantity == Decimal(1)
    assert found.items[0].vat_rate == 5


def test_a_line_has_one_of_eight_rates_of_vat_or_names_none() -> None:
    """CONTRACT.md D28 and D92."""
    allowed = [rate for rate in range(101) if not faults(CreateInvoiceBody, {"items": [{**ITEM, "vat_rate": rate}]})]
    found = read_fields(CreateInvoiceBody, {"items": [ITEM]})

    assert allowed == [0, 5, 9, 11, 19, 20, 21, 24]
    assert isinstance(found, CreateInvoiceBody)
    assert found.items[0].vat_rate is UNSET


def test_nul_is_refused_in_every_text_and_passed_over_in_what_is_not_read() -> None:
    series: dict[str, Tree] = {"name": "A", "document_type": "fiscal", "description": "a\0b"}
    invoice: dict[str, Tree] = {"client_id": "c", "items": [dict(ITEM)], "delegate": {"a": [{"b\0": 1}]}}

    assert faults(OpenSeriesBody, series) == ["description invalid_field_value"]
    assert faults(CreateInvoiceBody, invoice) == ["delegate invalid_field_value"]
    assert faults(OpenSeriesBody, {"name": "A", "document_type": "fiscal", "a\0": "\0"}) == []
