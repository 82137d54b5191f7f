"""Replies that are large, and readers that take their time, cost neither the memory nor the time of others."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec
import pytest
import pytest_asyncio

from projections.keeping.runner import ProjectionRunner
from schemas.values import FirmId
from service.api.admission.reply_room import FIRM_BYTES_MAX, ROOM_BYTES_MAX, SMALL_BYTES, ReplyRoom
from service.api.calling.rows import SLICE_ROWS
from service.api.refusals.table import RefusedError
from service.web.patience import Patience
from tests.support.nats.requesting import a_requester
from tests.support.service.client import AN_INVOICE, Answer, Api, Options, an_api
from tests.support.service.wire import Wire, request
from tests.support.tasks import running_beside
from tests.support.waiting import until

LINES: Final = 1_000
TEXT: Final = "ț" * 440
INVOICES: Final = 6
FIRM_MAX: Final = 4_000_000
"""Less than a page of them has, so that one is all that the firm may have on its way."""

LIST: Final = "/v1/invoices?per_page=100"
READERS: Final = 12


@asynccontextmanager
async def projected(database_url: str) -> AsyncGenerator[None]:
    """Lists contain what was written."""
    runner = ProjectionRunner(database_url)
    await runner.catch_up()
    async with running_beside(runner.run()):
        yield


async def issue_a_large_one(api: Api) -> Answer:
    """An invoice that is almost as large as a body may be."""
    items = [{"description": TEXT, "quantity": 1, "price": 1, "vat_rate": 19}] * LINES
    return await api.ask("POST", "/invoices", data=msgspec.json.encode({**AN_INVOICE, "items": items}))


async def is_listed(api: Api) -> bool:
    """Whether the list has caught up with the log."""
    return (await api.get("/invoices?per_page=1")).status == 200


@pytest_asyncio.fixture
async def heavy(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service, hurried by slow readers, whose first firm has a page of large invoices."""
    options = Options(patience=Patience(piece_seconds=2), replies=ReplyRoom(8 * FIRM_MAX, FIRM_MAX))
    async with an_api(database_url, tmp_path, options) as api, projected(database_url):
        await api.a_series()
        for _ in range(INVOICES):
            assert (await issue_a_large_one(api)).status == 201
        await until(lambda: is_listed(api))
        yield api


async def test_readers_that_do_not_read_hold_no_more_than_one_firm_may(heavy: Api, database_url: str) -> None:
    """The others are told to come again, other firms are answered, and what was held is free again."""
    room = heavy.dependencies.replies
    async with AsyncExitStack() as held:
        wires = [await held.enter_async_context(Wire.to(heavy.base_url)) for _ in range(READERS)]
        for wire in wires:
            wire.pause()
            await wire.send(request("GET", LIST, heavy.firm.live_key))
        await until(lambda: room.bytes > FIRM_MAX, "one page is on its way")
        refused = await heavy.get("/invoices?per_page=100")
        other = await heavy.get("/invoices?per_page=100", heavy.other_firm.live_key)
        small = await heavy.get("/invoice-series")
        assert room.bytes < 2 * FIRM_MAX
    await until(lambda: room.bytes == 0, "what nobody reads any more is forgotten")
    again = await heavy.get("/invoices?per_page=100")

    assert refused.refusal == (503, "service_unavailable")
    assert refused.headers["Retry-After"]
    assert (other.status, small.status) == (200, 200)
    assert [each["number_idx"] for each in again.data["data"]] == list(range(INVOICES, 0, -1))
    assert all(len(each["items"]) == LINES for each in again.data["data"])
    assert again.data["data"][0]["items"][-1]["description"] == TEXT
    assert (again.data["total"], again.data["has_more"]) == (INVOICES, False)


async def test_a_reader_that_stops_in_the_middle_of_a_large_reply_is_cut_off(heavy: Api) -> None:
    room = heavy.dependencies.replies
    async with Wire.to(heavy.base_url) as wire:
        wire.pause()
        await wire.send(request("GET", LIST, heavy.firm.live_key))
        await until(lambda: room.bytes > 0)
        await until(lambda: room.bytes == 0, "the reader is given up on")


async def test_others_are_answered_while_a_large_page_is_made(heavy: Api) -> None:
    """It is made in slices: other requests begin and end between two of them."""
    listing = asyncio.create_task(heavy.get("/invoices?per_page=100"))
    answered = 0
    while not listing.done():
        assert (await heavy.get("/ping", "")).status == 200
        answered += 1
    assert (await listing).status == 200
    assert answered > 0


async def test_a_large_page_has_a_length_and_for_head_no_body(heavy: Api) -> None:
    async with Wire.to(heavy.base_url) as wire:
        await wire.send(request("HEAD", LIST, heavy.firm.live_key) + request("GET", "/v1/ping"))
        head = await wire.reply(is_to_head=True)
        assert (await wire.reply()).status == 200

    assert (head.status, head.headers["content-type"]) == (200, "application/json")
    assert int(head.headers["content-length"]) > INVOICES * LINES * len(TEXT)
    assert heavy.dependencies.replies.bytes == 0


async def test_a_command_that_was_done_is_never_answered_that_it_was_not(heavy: Api) -> None:
    """Its reply may be large too; it counts, and is sent whatever else waits."""
    full = heavy.dependencies.replies.hold(FirmId(heavy.firm.firm_id))
    full.take(FIRM_MAX + SMALL_BYTES)
    issued = await issue_a_large_one(heavy)
    read = await heavy.get(f"/invoices/{issued.data['id']}")
    full.free()

    assert issued.status == 201
    assert read.refusal == (503, "service_unavailable")
    assert (await heavy.get(f"/invoices/{issued.data['id']}")).data == issued.data


@pytest.mark.parametrize("path", ["/invoice-series", "/series"])
async def test_a_list_of_many_series_is_made_in_slices_and_is_whole(api: Api, path: str) -> None:
    count = 2 * SLICE_ROWS + 1
    for at in range(count):
        await api.a_series(f"S{at}", description=f'"{at}" ,[]')
    found = await api.get(path)
    listed = found.data if path == "/series" else found.data["data"]

    assert [each["name"] for each in listed] == [f"S{at}" for at in range(count)]
    assert listed[7]["description"] == '"7" ,[]'
    assert path == "/series" or found.data["total"] == count


async def test_empty_lists_are_lists(api: Api, database_url: str) -> None:
    series_id = await api.a_series()
    async with projected(database_url):
        assert (await api.get("/invoices")).data["data"] == []
        assert (await api.get("/series", api.other_firm.live_key)).data == []
        assert (await api.get(f"/invoice-series/{series_id}/gaps")).data["data"] == []
        reservations = await api.get(f"/invoice-series/{series_id}/reservations", api.firm.device_a)
        assert reservations.data == {"object": "list", "data": [], "total": 0}


async def test_a_gap_report_of_many_gaps_is_whole(api: Api) -> None:
    series_id = await api.a_locked_series()
    count = 2 * SLICE_ROWS + 2
    tokens = [token for _ in range(0, count * 2, 50) for token in await api.tokens(series_id, 50)]
    for token in tokens[::2]:
        await api.post(f"/invoice-series/reservations/{token}/release", credential=api.firm.device_a)
    gaps = (await api.get(f"/invoice-series/{series_id}/gaps")).data["data"]

    assert [gap["first"] for gap in gaps] == list(range(1, len(tokens), 2))


async def test_a_list_that_nats_does_not_carry_holds_nothing_afterwards(api: Api, nats_url: str) -> None:
    series_id = await api.a_locked_series()
    for _ in range(80):
        await api.tokens(series_id, 50)
    async with a_requester(api, nats_url) as requester:
        reply = await requester.ask("reservations", {"series_id": series_id})

    assert reply.refusal == (413, "answer_too_large")
    await until(lambda: api.dependencies.replies.bytes == 0)


def test_a_firm_has_a_share_of_the_room_and_always_one_reply() -> None:
    room = ReplyRoom(1_000_000, 400_000)
    one, two = FirmId("one"), FirmId("two")
    first = room.hold(one)
    first.take(SMALL_BYTES + 600_000)
    second, third = room.hold(one), room.hold(two)
    second.take(SMALL_BYTES)
    with pytest.raises(RefusedError):
        second.take(1)
    third.take(SMALL_BYTES + 400_000)
    with pytest.raises(RefusedError):
        third.take(1)
    first.free(600_000)
    second.take(400_000)
    third.take(1)
    assert room.bytes == 800_001
    del second, third
    assert room.bytes == 0
    assert ROOM_BYTES_MAX >= 4 * FIRM_BYTES_MAX
