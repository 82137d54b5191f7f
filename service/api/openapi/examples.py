"""Examples for the OpenAPI document: requests for every body, a reply of every type, and every refusal.

The replies in `examples/` come from a running service; names and ids were then made easy to read.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from schemas.api import bodies
from service.api.refusals import causes as edge
from service.api.refusals.table import Refusal, refusal_of

FOLDER: Final = Path(__file__).with_name("examples")

META: Final[dict[str, Any]] = {
    "version": "v1",
    "request_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a",
    "response_time": "23.45ms",
}

_LINES: Final = [{"description": "Paper", "quantity": 2, "price": 10.5, "vat_rate": 19}]
_CLIENT: Final = {"type": "b2b", "name": "Acme SRL", "cui": "RO123456"}

REQUESTS: Final[Mapping[type[Struct], Mapping[str, Any]]] = MappingProxyType(
    {
        bodies.NothingBody: {"no fields": {}},
        bodies.OpenSeriesBody: {
            "the first series": {"name": "FACT", "document_type": "fiscal"},
            "all fields": {
                "name": "SHOP-2",
                "document_type": "proforma",
                "description": "Second shop",
                "start_number": 1001,
                "is_primary": True,
                "format": "SHOP-2/{number}",
            },
        },
        bodies.DescribeSeriesBody: {"another description": {"description": "Shop 12, second till"}},
        bodies.UnlockBody: {"by the device that holds the lock": {}, "by an API key or an admin": {"force": True}},
        bodies.ReserveNumbersBody: {"ten": {}, "fifty": {"count": 50}},
        bodies.VoidBody: {"with a reason": {"reason": "Issued to the wrong client"}, "without a reason": {}},
        bodies.EraseBody: {
            "everything": {"reason": "The customer asked for it"},
            "who the customer was": {"reason": "The customer asked for it", "keep_amounts": True},
        },
        bodies.ExplainGapBody: {
            "a till that broke": {
                "first": 104,
                "last": 110,
                "code": "device_failure",
                "text": "The till of shop 12 broke with these numbers",
            },
        },
        bodies.CreateInvoiceBody: {
            "with the next number of the primary series": {"client_data": _CLIENT, "items": _LINES},
            "with a number that an offline till reserved": {
                "reservation_token": "rsv_0123456789abcdef0123456789abcdef",
                "force_chronology": False,
                "date": "2026-11-20",
                "client_data": {"type": "b2c", "name": "A customer"},
                "items": _LINES,
            },
            "in another currency": {
                "client_id": "cli_1a2b3c4d5e",
                "currency": "EUR",
                "currency_rate": 4.9771,
                "items": _LINES,
            },
            "a draft": {"client_id": "cli_1a2b3c4d5e", "is_draft": True, "items": _LINES},
        },
        bodies.UpdateInvoiceBody: {
            "a later due date": {"due_date": "2026-12-31", "notes": "As agreed by telephone"},
            "other lines": {"items": [{"description": "Paper", "quantity": 3, "price": 10.5}]},
        },
    }
)

_FACTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "allowed": "GET, HEAD, POST",
        "became": "erased",
        "bound": "2026-11-21",
        "bytes_max": 1_048_576,
        "date": "2026-11-20",
        "document_id": "inv_1a2b3c4d5e",
        "document_type": "fiscal",
        "format": "pdf",
        "full_number": "FACT-2026-00104",
        "is_by_token": False,
        "is_locked": False,
        "issued_date": "2026-11-20",
        "latest_date": "2026-11-21",
        "limit": 100,
        "message": "exchange_rate is kept from the day of the invoice.",
        "must_be": "1 to 255 printable ASCII characters",
        "name": "FACT",
        "number": 104,
        "numbers_left": 3,
        "param": "Idempotency-Key",
        "others": "CSV or XLSX",
        "part": "body",
        "pending": 95,
        "pending_max": 100,
        "position": 2662,
        "retry_after": 37,
        "rows_max": 10_000,
        "seconds": 20,
        "size": 2_660,
        "series_id": "xKwpf9jQ3a",
        "series_name": "FACT",
        "series_type": "proforma",
        "wanted": "None of the media types in Accept",
        "why": "the JSON ends in the middle",
    }
)
_WHYS: Final[Mapping[type, str]] = MappingProxyType(
    {
        edge.BodyUnreadable: "Expecting value at line 1, column 9",
        edge.RequestUnreadable: "its first line or one of its headers is longer than 16384 bytes",
        edge.Unavailable: "The database cannot be reached.",
    }
)


def refusal_example(cause: type, *, wrong: str | None = None, **known: object) -> Refusal:
    """The refusal that a client sees for a cause of this type; `wrong` is the parameter at fault, `known` are facts."""
    names = [field.name for field in fields(cause)]
    without = [name for name in names if name not in _FACTS]
    assert not without, f"{cause.__name__}: add an example of {without} to _FACTS in service/api/openapi/examples.py"
    facts = {name: _FACTS[name] for name in names} | known
    if cause in _WHYS:
        facts["why"] = _WHYS[cause]
    return refusal_of(cause(**facts), param=wrong)


@cache
def reply_example(name: str) -> Any:
    """The example `data` of a reply, by the name of its schema without the envelope."""
    return msgspec.json.decode((FOLDER / f"{name}.json").read_bytes())
