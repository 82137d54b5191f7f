"""Races about what stands on paper: printed numbers, dates, and sales taken back (CONTRACT.md D87, D89 and D93)."""

from collections.abc import Sequence
from functools import partial
from itertools import count

from tests.races.contest import Round, contest
from tests.support.service.client import Answer, Api

Pair = tuple[Api, Api]


async def open_series(name: str, number_format: str | None, api: Api) -> Answer:
    return await api.post("/invoice-series", {"name": name, "document_type": "fiscal", "format": number_format})


async def move(document_id: str, date: str, api: Api) -> Answer:
    return await api.ask("PATCH", f"/invoices/{document_id}", json={"date": date})


async def act(document_id: str, action: str, api: Api) -> Answer:
    return await api.post(f"/invoices/{document_id}/{action}")


async def test_of_two_series_that_could_print_one_number_one_opens(pair: Pair) -> None:
    """CONTRACT.md D87: one has the default format of its name, the other one names the year."""
    turns = count()

    async def prepare() -> Round:
        name = f"R{next(turns)}x"

        async def check(answers: Sequence[Answer]) -> None:
            opened, refused = sorted(answers, key=lambda answer: answer.status)
            assert refused.error["param"] == "format"
            assert opened.data["id"] in refused.error["message"]

        return Round(
            [partial(open_series, name, None), partial(open_series, f"B-{name}", f"{name}-2026-{{number}}")], check
        )

    lost = "resource_already_exists"
    await contest(pair, prepare, {(201, lost), (lost, 201)})


async def test_two_neighbours_do_not_move_past_each_other(pair: Pair) -> None:
    """CONTRACT.md D89."""
    series_id = await pair[0].a_series()

    async def prepare() -> Round:
        issued = [
            (await pair[0].issue(series_id=series_id, date=day, force_chronology=False)).data["id"]
            for day in ("2026-01-01", "2026-01-05", "2026-01-10", "2026-01-15")
        ]

        async def check(_: Sequence[Answer]) -> None:
            dates = [(await pair[1].get(f"/invoices/{each}")).data["date"] for each in issued]
            assert dates == sorted(dates)

        return Round([partial(move, issued[1], "2026-01-08"), partial(move, issued[2], "2026-01-07")], check)

    await contest(pair, prepare, {(200, "chronology_violation"), ("chronology_violation", 200)})


async def test_unvoid_of_a_reversal_against_void_of_its_source_takes_the_sale_back_once(pair: Pair) -> None:
    """CONTRACT.md D93."""
    series_id = await pair[0].a_series()

    async def prepare() -> Round:
        source = (await pair[0].issue(series_id=series_id)).data["id"]
        reversal = (await act(source, "storno", pair[0])).data["id"]
        await act(reversal, "void", pair[0])

        async def check(answers: Sequence[Answer]) -> None:
            voided = [(await pair[1].get(f"/invoices/{each}")).data["is_void"] for each in (source, reversal)]
            assert voided == ([False, False] if answers[0].status == 200 else [True, True])

        return Round([partial(act, reversal, "unvoid"), partial(act, source, "void")], check)

    await contest(pair, prepare, {(200, "invoice_already_storned"), ("invoice_cannot_be_storned", 200)})
