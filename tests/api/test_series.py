"""CONTRACT.md section 6.1."""

import re

from tests.support.service.client import Api

NUMBER_MAX = 9_007_199_254_740_991


async def test_a_new_series_is_shown_in_full(api: Api) -> None:
    """CONTRACT.md D5, D17, D19, D32 and D86."""
    answer = await api.post("/invoice-series", {"name": "FACT", "document_type": "fiscal", "start_number": 7})

    series = answer.data
    assert answer.status == 201
    assert re.fullmatch(r"[0-9A-Za-z]{10}", series.pop("id"))
    assert abs(series.pop("created_at") - api.clock()) <= 5
    assert series == {
        "object": "invoice_series",
        "name": "FACT",
        "document_type": "fiscal",
        "description": None,
        "start_number": 7,
        "next_number": 7,
        "format": "FACT-{year}-{number}",
        "is_primary": True,
        "is_used": False,
        "is_locked": False,
        "lock": None,
        "year": api.dependencies.today().year,
        "warnings": [],
    }


async def test_a_name_is_taken_without_regard_to_case_but_for_one_document_type_only(api: Api) -> None:
    """CONTRACT.md D9 and D20."""
    await api.a_series("FACT")

    again = await api.post("/invoice-series", {"name": "fact", "document_type": "fiscal"})
    assert again.refusal == (409, "resource_already_exists")
    assert (await api.post("/invoice-series", {"name": "FACT", "document_type": "proforma"})).status == 201
    test_mode = await api.post("/invoice-series", {"name": "FACT", "document_type": "fiscal"}, api.firm.test_key)
    assert test_mode.status == 201


async def test_the_list_has_no_paging_fields_and_shows_primary_series_first(api: Api) -> None:
    """CONTRACT.md D31."""
    first = await api.a_series("A")
    second = await api.a_series("B", is_primary=True)
    third = await api.a_series("C", "proforma")

    listed = (await api.get("/invoice-series")).data
    assert set(listed) == {"object", "data", "total"}
    assert (listed["object"], listed["total"]) == ("list", 3)
    assert [series["id"] for series in listed["data"]] == [second, third, first]
    fiscal = (await api.get("/invoice-series?document_type=fiscal")).data["data"]
    assert [series["id"] for series in fiscal] == [second, first]


async def test_a_bad_filter_is_named(api: Api) -> None:
    answer = await api.get("/invoice-series?document_type=receipt")

    assert answer.refusal == (400, "invalid_field_value")
    assert answer.error["param"] == "document_type"


async def test_an_unknown_series_is_404_with_param_id(api: Api) -> None:
    """CONTRACT.md D5 and D14."""
    for series_id in ("aaaaaaaaaa", "x" * 65, "%00", "%FF", "a.b"):
        for path in ("", "/lock", "/unlock", "/reserve-numbers", "/reservations", "/numbers", "/gaps"):
            method = "POST" if path in {"/lock", "/unlock", "/reserve-numbers"} else "GET"

            answer = await api.ask(method, f"/invoice-series/{series_id}{path}", api.firm.live_key)

            assert answer.refusal == (404, "resource_missing")
            assert answer.error["param"] == "id"


async def test_another_firm_and_the_other_mode_do_not_see_a_series(api: Api) -> None:
    """CONTRACT.md D9 and D11."""
    series_id = await api.a_series()

    for credential in (api.other_firm.live_key, api.other_firm.device_a, api.firm.test_key):
        assert (await api.get(f"/invoice-series/{series_id}", credential)).refusal == (404, "resource_missing")
        locked = await api.post(f"/invoice-series/{series_id}/lock", credential=credential)
        assert locked.refusal == (404, "resource_missing")
        assert (await api.get("/invoice-series", credential)).data["data"] == []


async def test_a_start_number_is_at_least_1_and_exact_in_json(api: Api) -> None:
    """CONTRACT.md D32 and D84."""
    for number in (0, -1, NUMBER_MAX + 1, 10**30, 1.5, "1"):
        body = {"name": "A", "document_type": "fiscal", "start_number": number}
        assert (await api.post("/invoice-series", body)).refusal == (400, "invalid_field_value")
    assert await api.next_number(await api.a_series("A", start_number=NUMBER_MAX)) == NUMBER_MAX


async def test_a_counter_at_its_end_gives_nothing(api: Api) -> None:
    """CONTRACT.md D84."""
    series_id = await api.a_series(start_number=NUMBER_MAX)

    assert (await api.issue(series_id=series_id)).data["number_idx"] == NUMBER_MAX
    assert (await api.issue(series_id=series_id)).refusal == (409, "series_exhausted")
    assert (await api.post(f"/invoice-series/{series_id}/lock", credential=api.firm.device_a)).status == 200
    reserved = await api.post(f"/invoice-series/{series_id}/reserve-numbers", {"count": 1}, api.firm.device_a)
    assert reserved.refusal == (409, "series_exhausted")


async def test_a_series_can_be_described_until_it_is_used(api: Api) -> None:
    """CONTRACT.md D33, D34 and D86."""
    series_id = await api.a_series()

    for method, words in (("PUT", "one"), ("PATCH", "two")):
        changed = await api.ask(
            method, f"/invoice-series/{series_id}", None, {"description": words, "unknown": "ignored"}
        )
        assert (changed.status, changed.data["description"], changed.data["name"]) == (200, words, "FACT")
    assert (await api.ask("PUT", f"/invoice-series/{series_id}", None, {})).data["description"] == "two"
    await api.issue(series_id=series_id)
    used = await api.ask("PUT", f"/invoice-series/{series_id}", None, {"description": "three"})
    assert used.refusal == (400, "series_in_use")
    assert (await api.ask("PUT", f"/invoice-series/{series_id}", None, {"description": "two"})).status == 200
    assert (await api.get(f"/invoice-series/{series_id}")).data["is_used"] is True


async def test_setting_a_primary_demotes_the_one_before(api: Api) -> None:
    """CONTRACT.md D32."""
    first, second = await api.a_series("A"), await api.a_series("B")

    for _ in range(2):
        assert (await api.post(f"/invoice-series/{second}/set-primary")).data["is_primary"] is True
    assert (await api.get(f"/invoice-series/{first}")).data["is_primary"] is False


async def test_a_series_cannot_be_deleted_by_either_path(api: Api) -> None:
    """CONTRACT.md D35 and D77."""
    series_id = await api.a_series()

    for path in (f"/invoice-series/{series_id}", f"/series/{series_id}"):
        answer = await api.ask("DELETE", path)
        assert answer.refusal == (405, "method_not_allowed")
        assert "GET" in answer.headers["Allow"]


async def test_the_undocumented_paths_of_the_field_answer_bare_arrays(api: Api) -> None:
    """CONTRACT.md D37."""
    made = await api.post("/series", {"name": "A", "document_type": "fiscal"})
    series_id = made.data["id"]

    assert (made.status, (await api.get("/series")).data[0]["id"]) == (201, series_id)
    assert (await api.get(f"/series/{series_id}")).data["name"] == "A"
    assert (await api.ask("PATCH", f"/series/{series_id}", None, {"description": "x"})).data["description"] == "x"
    assert (await api.post(f"/series/{series_id}/set-primary", [])).status == 200
    for path in ("/ping", "/version", "/"):
        assert (await api.get(path, "")).status == 200


async def test_a_work_point_chooses_nothing(api: Api) -> None:
    """CONTRACT.md D12."""
    series_id = await api.a_series("A", work_point_id="wp_1", firm_id=api.other_firm.firm_id)

    for query in ("work_point_id=wp_1", f"firm_id={api.other_firm.firm_id}"):
        assert [each["id"] for each in (await api.get(f"/invoice-series?{query}")).data["data"]] == [series_id]
    assert (await api.get("/invoice-series", api.other_firm.live_key)).data["data"] == []
