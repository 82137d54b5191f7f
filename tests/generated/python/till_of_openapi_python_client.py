"""A till written against the client that openapi-python-client makes; it prints what it saw as JSON.

usage: till_of_openapi_python_client.py BASE_URL API_KEY DEVICE_TOKEN; the made package is `numbering_client`
"""

import json
import sys

from numbering_client import AuthenticatedClient
from numbering_client.api.accounting import list_gaps
from numbering_client.api.invoices import create_invoice, void_invoice
from numbering_client.api.reservations import release_reservation, reserve_numbers
from numbering_client.api.series import list_series, lock_series, open_series
from numbering_client.models import (
    ClientData,
    CreateInvoiceBody,
    DocumentType,
    Failure,
    ItemBody,
    OpenSeriesBody,
    ReserveNumbersBody,
    VoidBody,
)


def main() -> None:
    """One day of a till."""
    base_url, key, device_token = sys.argv[1:]
    office = AuthenticatedClient(base_url=base_url, token=key)
    till = AuthenticatedClient(base_url=base_url, token=device_token)

    body = OpenSeriesBody(name="OPC/1", document_type=DocumentType.FISCAL)
    series = open_series.sync(client=office, body=body).data
    locked = lock_series.sync(series.id, client=till).data
    reserved = reserve_numbers.sync(series.id, client=till, body=ReserveNumbersBody(count=3)).data.data

    sale = CreateInvoiceBody(
        client_data=ClientData(name="Ștefan"), items=[ItemBody(description="Paper", quantity=2, price=10.5)]
    )
    offline = CreateInvoiceBody.from_dict(sale.to_dict() | {"reservation_token": reserved[0].token})
    consumed = create_invoice.sync(client=till, body=offline, idempotency_key="sale-1").data
    repeated = create_invoice.sync_detailed(client=till, body=offline, idempotency_key="sale-1")
    issued = create_invoice.sync(client=till, body=sale).data
    voided = void_invoice.sync(issued.id, client=office, body=VoidBody(reason="wrong client")).data
    release_reservation.sync(reserved[1].token, client=till)
    refused = release_reservation.sync(reserved[0].token, client=till)
    assert isinstance(refused, Failure)
    report = list_gaps.sync(series.id, client=office).data
    seen = {
        "locked_by": locked.lock.device_id,
        "series": [each.name for each in list_series.sync(client=office, document_type=DocumentType.FISCAL).data.data],
        "reserved": [each.number for each in reserved],
        "consumed": [consumed.number_idx, consumed.client.name, consumed.total],
        "repeated": [repeated.headers["Idempotent-Replayed"], repeated.parsed.data.id == consumed.id],
        "issued": issued.number_idx,
        "voided": [voided.status, voided.void_reason],
        "refused": refused.error.code,
        "gaps": [[gap.first, gap.last, gap.reason] for gap in report.data],
        "pending": report.equation.pending,
    }
    json.dump(seen, sys.stdout)


main()
