"""CONTRACT.md section 10: void and unvoid change a state and no number."""

import pytest

from tests.support.service.client import Api


async def test_void_and_unvoid(api: Api) -> None:
    """CONTRACT.md D26, D61 and D62."""
    series_id = await api.a_series()
    issued = (await api.issue(series_id=series_id)).data
    path = f"/invoices/{issued['id']}"

    voided = (await api.post(f"{path}/void", {"reason": "by mistake"})).data
    assert (voided["status"], voided["is_void"], voided["is_voided"]) == ("voided", True, True)
    assert (voided["void_reason"], voided["number"]) == ("by mistake", issued["number"])
    assert isinstance(voided["voided_at"], str)
    assert (await api.get(path)).data == voided
    assert (await api.post(f"{path}/void")).refusal == (400, "invoice_already_voided")

    await api.issue(series_id=series_id)
    restored = (await api.post(f"{path}/unvoid")).data
    assert restored | {"modified_at": None} == issued | {"modified_at": None}
    assert (await api.post(f"{path}/unvoid")).refusal == (400, "invoice_not_voided")
    assert await api.next_number(series_id) == 3


@pytest.mark.parametrize("body", [None, [], {}, {"reason": None}])
async def test_a_reason_is_optional(api: Api, body: object) -> None:
    """CONTRACT.md D1."""
    await api.a_series()
    invoice = (await api.issue()).data["id"]

    voided = (await api.post(f"/invoices/{invoice}/void", body)).data

    assert (voided["is_void"], voided["void_reason"]) == (True, None)


async def test_a_reason_is_a_string(api: Api) -> None:
    await api.a_series()
    invoice = (await api.issue()).data["id"]

    answer = await api.post(f"/invoices/{invoice}/void", {"reason": 7})

    assert answer.refusal == (400, "invalid_field_value")
    assert (await api.get(f"/invoices/{invoice}")).data["is_void"] is False


async def test_voiding_is_not_gated_by_the_lock(api: Api) -> None:
    """CONTRACT.md D51, D61 and D62."""
    series_id = await api.a_locked_series()
    invoice = (await api.issue(api.firm.device_a, series_id=series_id)).data["id"]

    assert (await api.post(f"/invoices/{invoice}/void", credential=api.firm.device_b)).status == 200
    assert (await api.post(f"/invoices/{invoice}/unvoid")).status == 200


async def test_a_body_that_cannot_be_read_is_refused_also_where_no_field_is_expected(api: Api) -> None:
    """CONTRACT.md D73."""
    await api.a_series()
    invoice = (await api.issue()).data["id"]

    for data in (b"7", b'"x"', b"[1]", b"{", b"true"):
        answer = await api.ask("POST", f"/invoices/{invoice}/unvoid", data=data)
        assert answer.refusal == (400, "invalid_format")
