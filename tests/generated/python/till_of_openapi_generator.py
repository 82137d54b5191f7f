"""A till written against the Python client that openapi-generator makes; it prints what it saw as JSON.

usage: till_of_openapi_generator.py BASE_URL API_KEY DEVICE_TOKEN; the made package is `openapi_client`
"""

import json
import sys

from openapi_client import (
    AccountingApi,
    ApiClient,
    ApiException,
    ClientData,
    Configuration,
    CreateInvoiceBody,
    InvoicesApi,
    ItemBody,
    OpenSeriesBody,
    ReservationsApi,
    ReserveNumbersBody,
    SeriesApi,
    VoidBody,
)


def refusal(release, token: str) -> str:
    """The code of the refusal that this call gets."""
    try:
        release(token)
    except ApiException as error:
        return error.data.error.code
    raise AssertionError("it was not refused")


def main() -> None:
    """One day of a till."""
    base_url, key, device_token = sys.argv[1:]
    office = ApiClient(Configuration(host=base_url, access_token=key))
    till = ApiClient(Configuration(host=base_url, access_token=device_token))
    numbers, sales = ReservationsApi(till), InvoicesApi(till)

    series = SeriesApi(office).open_series(OpenSeriesBody(name="OAG/1", document_type="fiscal")).data
    locked = SeriesApi(till).lock_series(series.id).data
    reserved = numbers.reserve_numbers(series.id, reserve_numbers_body=ReserveNumbersBody(count=3)).data.data

    sale = CreateInvoiceBody(
        client_data=ClientData(name="Ștefan"), items=[ItemBody(description="Paper", quantity=2, price=10.5)]
    )
    offline = sale.model_copy(update={"reservation_token": reserved[0].token})
    consumed = sales.create_invoice(offline, idempotency_key="sale-1").data
    repeated = sales.create_invoice_with_http_info(offline, idempotency_key="sale-1")
    issued = sales.create_invoice(sale).data
    voided = InvoicesApi(office).void_invoice(issued.id, void_body=VoidBody(reason="wrong client")).data
    numbers.release_reservation(reserved[1].token)
    report = AccountingApi(office).list_gaps(series.id).data
    seen = {
        "locked_by": locked.lock.device_id,
        "series": [each.name for each in SeriesApi(office).list_series(document_type="fiscal").data.data],
        "reserved": [each.number for each in reserved],
        "consumed": [consumed.number_idx, consumed.client.name, consumed.total],
        "repeated": [repeated.headers["Idempotent-Replayed"], repeated.data.data.id == consumed.id],
        "issued": issued.number_idx,
        "voided": [voided.status, voided.void_reason],
        "refused": refusal(numbers.release_reservation, reserved[0].token),
        "gaps": [[gap.first, gap.last, gap.reason.value] for gap in report.data],
        "pending": report.equation.pending,
    }
    json.dump(seen, sys.stdout)


main()
