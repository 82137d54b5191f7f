"""Bodies that no client should send: each gets the right refusal with a message, and nothing changes."""

from tests.support.service.client import Api

UNREADABLE = (
    b'{"name":"\xff","document_type":"fiscal"}',
    b'{"name":"A","name":"B","document_type":"fiscal"}',
    b'{"name":"A","document_type":"fiscal","start_number":NaN}',
    b'{"name":"A","document_type":"fiscal","start_number":-Infinity}',
    b'{"name":"A","document_type":"fiscal","start_number":1e99999999999999999999}',
    b'{"name":"A","document_type":"fiscal","x":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    b"[" * 10_000,
    b'{"name":"\\ud800","document_type":"fiscal"}',
    b'{"name":"A","document_type":"fiscal"} {}',
    b'\xef\xbb\xbf\xef\xbb\xbf{"name":"A","document_type":"fiscal"}',
    '{"name":"A","document_type":"fiscal"}'.encode("utf-16"),
    b"name=A&document_type=fiscal",
    b'"text"',
    b"7",
    b"true",
    b"[1]",
)
WRONG = (
    (b'{"name":"A","document_type":"fiscal","start_number":18446744073709551616}', "start_number"),
    (b'{"name":"A","document_type":"fiscal","start_number":9007199254740992}', "start_number"),
    (b'{"name":"A","document_type":"fiscal","start_number":1e999999}', "start_number"),
    (b'{"name":"A","document_type":"fiscal","start_number":1e-999999}', "start_number"),
    (b'{"name":"A","document_type":"fiscal","start_number":0.5}', "start_number"),
    (b'{"name":"A\\u0000B","document_type":"fiscal"}', "name"),
    (b'{"name":"A","document_type":"fiscal","description":"\\u0000"}', "description"),
    ('{"name":"FA\u202eCT","document_type":"fiscal"}'.encode(), "name"),
    ('{"name":"\u05e9\u05dc","document_type":"fiscal"}'.encode(), "name"),
    ('{"name":"A\u0301","document_type":"fiscal"}'.encode(), "name"),
    ('{"name":"\uff21","document_type":"fiscal"}'.encode(), "name"),
)


async def test_what_cannot_be_read_is_refused_as_a_whole(api: Api) -> None:
    for body in UNREADABLE:
        answer = await api.ask("POST", "/invoice-series", data=body)

        assert answer.refusal == (400, "invalid_format"), body[:80]
        assert "cannot be read: " in answer.error["message"]
    assert (await api.get("/invoice-series")).data["total"] == 0


async def test_what_can_be_read_is_refused_by_the_name_of_its_field(api: Api) -> None:
    for body, param in WRONG:
        answer = await api.ask("POST", "/invoice-series", data=body)

        assert (*answer.refusal, answer.error["param"]) == (400, "invalid_field_value", param), body[:80]
    assert (await api.get("/invoice-series")).data["total"] == 0


async def test_a_refused_body_spends_no_number(api: Api) -> None:
    series_id = await api.a_locked_series()
    for body in (b'{"count":51}', b'{"count":1e999999}', b'{"count":2,"count":3}', b'{"count":"\\u0000"}', b"[2]"):
        answer = await api.ask("POST", f"/invoice-series/{series_id}/reserve-numbers", api.firm.device_a, data=body)

        assert answer.status == 400, body
    assert await api.next_number(series_id) == 1


async def test_unknown_names_may_hold_anything(api: Api) -> None:
    body = '{"name":"A","document_type":"fiscal","\\u0000":"\\u0000","\u202e":1e999999,"work_point_id":{"a":[]}}'

    assert (await api.ask("POST", "/invoice-series", data=body.encode())).status == 201
