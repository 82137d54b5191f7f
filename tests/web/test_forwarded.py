"""Who calls behind proxies (CONTRACT.md D118): their headers are believed, a stranger's are not."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import asyncpg
import msgspec
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from service.api.admission.rate_limit import ADDRESS
from service.configuration.setting_kinds import Networks
from service.web.crowd import Crowd
from service.web.forwarded import ELEMENT_CHARS_MAX, HOPS_MAX, TrustedProxies
from tests.support.service.client import AN_INVOICE, Api, Options, an_api
from tests.support.service.wire import Wire, request
from tests.support.waiting import until

PROXY: Final = "127.0.0.1"
STRANGER: Final = "127.0.0.9"
TRUSTED: Final = Networks("127.0.0.1,10.0.0.0/8,2001:db8:1::/48")
RATE_LIMIT: Final = 1000

CASES: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    # What it shows: header lines that a trusted proxy sends, and the address that counts.
    "no header": ((), PROXY),
    "one address": (("X-Forwarded-For: 192.0.2.1",), "192.0.2.1"),
    "the rightmost counts": (("X-Forwarded-For: 6.6.6.6, 192.0.2.2",), "192.0.2.2"),
    "trusted ones are looked through": (("X-Forwarded-For: 6.6.6.6,192.0.2.3 , 10.1.2.3,10.0.0.1",), "192.0.2.3"),
    "all are trusted": (("X-Forwarded-For: 10.0.0.3, 10.0.0.2",), "10.0.0.3"),
    "two lines are one list": (("X-Forwarded-For: 192.0.2.4", "X-Forwarded-For: 10.0.0.1"), "192.0.2.4"),
    "two lines in their order": (("X-Forwarded-For: 6.6.6.6", "X-Forwarded-For: 192.0.2.5"), "192.0.2.5"),
    "empty parts": (("X-Forwarded-For: , 192.0.2.6,, ",), "192.0.2.6"),
    "an empty header": (("X-Forwarded-For:",), PROXY),
    "with a port": (("X-Forwarded-For: 192.0.2.7:4711",), "192.0.2.7"),
    "IPv6": (("X-Forwarded-For: 2001:DB8::0:7",), "2001:db8::7"),
    "IPv6 in brackets": (("X-Forwarded-For: [2001:db8::8]",), "2001:db8::8"),
    "IPv6 with a port": (("X-Forwarded-For: [2001:db8::9]:443",), "2001:db8::9"),
    "a trusted IPv6": (("X-Forwarded-For: 192.0.2.8, 2001:db8:1::5",), "192.0.2.8"),
    "IPv4 as IPv6": (("X-Forwarded-For: 192.0.2.9, ::ffff:10.0.0.1",), "192.0.2.9"),
    "malformed to the left changes nothing": (("X-Forwarded-For: <script>, 192.0.2.10",), "192.0.2.10"),
    "malformed to the right": (("X-Forwarded-For: 192.0.2.11, 10.0.0.300",), PROXY),
    "malformed behind a trusted one": (("X-Forwarded-For: nonsense, 10.0.0.1",), PROXY),
    "unknown": (("X-Forwarded-For: unknown",), PROXY),
    "an address with a zone": (("X-Forwarded-For: fe80::1%eth0",), PROXY),
    "a leading zero": (("X-Forwarded-For: 192.0.2.012",), PROXY),
    "a name": (("X-Forwarded-For: till.example",), PROXY),
    "Forwarded": (("Forwarded: for=192.0.2.20",), "192.0.2.20"),
    "names of any case": (("forwarded: proto=https; For=192.0.2.21;by=_us",), "192.0.2.21"),
    "quoted": (('Forwarded: for="192.0.2.22:4711"',), "192.0.2.22"),
    "quoted IPv6": (('Forwarded: for="[2001:db8::22]:4711"',), "2001:db8::22"),
    "escaped": (('Forwarded: for="192.0.2.\\23"',), "192.0.2.23"),
    "a chain": (('Forwarded: for=6.6.6.6, for=192.0.2.24;by=10.0.0.2, for="10.0.0.2"',), "192.0.2.24"),
    "a chain of lines": (("Forwarded: for=192.0.2.25", "Forwarded: for=10.0.0.2"), "192.0.2.25"),
    "a comma in quotes": (('Forwarded: for=192.0.2.26;host="a,for=6.6.6.6;x="',), "192.0.2.26"),
    "a quotation mark that a stranger opened": (('Forwarded: for="6.6.6.6, for=192.0.2.27',), "192.0.2.27"),
    "such a mark before a quoted one": (('Forwarded: for=", for="[2001:db8::28]"',), "2001:db8::28"),
    "hidden": (("Forwarded: for=_hidden",), PROXY),
    "hidden behind a trusted one": (("Forwarded: for=192.0.2.29, for=unknown, for=10.0.0.1",), PROXY),
    "bare IPv6": (("Forwarded: for=2001:db8::30",), PROXY),
    "no for": (("Forwarded: by=192.0.2.31;proto=https",), PROXY),
    "for twice": (("Forwarded: for=192.0.2.32;for=192.0.2.33",), PROXY),
    "no pair": (("Forwarded: 192.0.2.34",), PROXY),
    "both agree": (("Forwarded: for=192.0.2.40", "X-Forwarded-For: 6.6.6.6, 192.0.2.40"), "192.0.2.40"),
    "a stranger wrote Forwarded": (("Forwarded: for=6.6.6.6", "X-Forwarded-For: 192.0.2.41"), PROXY),
    "a stranger wrote X-Forwarded-For": (("X-Forwarded-For: 6.6.6.6", "Forwarded: for=192.0.2.42"), PROXY),
    "one of both is malformed": (("X-Forwarded-For: 192.0.2.43", "Forwarded: nonsense"), PROXY),
    "as many proxies as are looked through": (
        (f"X-Forwarded-For: 192.0.2.44{', 10.0.0.1' * (HOPS_MAX - 1)}",),
        "192.0.2.44",
    ),
    "one proxy more": ((f"X-Forwarded-For: 192.0.2.45{', 10.0.0.1' * HOPS_MAX}",), PROXY),
    "a long header": ((f"X-Forwarded-For: {'6.6.6.6, ' * 1700}192.0.2.46",), "192.0.2.46"),
    "a long element": ((f"Forwarded: for=192.0.2.47, {'a' * ELEMENT_CHARS_MAX},",), PROXY),
}


def headers_of(lines: tuple[str, ...]) -> CIMultiDictProxy[str]:
    pairs = (line.partition(":") for line in lines)
    return CIMultiDictProxy(CIMultiDict((name, value.strip()) for name, _, value in pairs))


@pytest.mark.parametrize(("lines", "address"), CASES.values(), ids=list(CASES))
def test_a_trusted_proxy_says_who_calls(lines: tuple[str, ...], address: str) -> None:
    assert TrustedProxies(TRUSTED).caller(PROXY, headers_of(lines)) == address


@given(name=st.sampled_from(["Forwarded", "X-Forwarded-For"]), before=st.text(max_size=60))
def test_nothing_that_a_stranger_writes_before_it_changes_what_a_proxy_adds(name: str, before: str) -> None:
    for added, address in (("192.0.2.1", "192.0.2.1"), ("[2001:db8::1]", "2001:db8::1")):
        node = f'for="{added}";host="a,b";proto=https' if name == "Forwarded" else added
        headers = CIMultiDictProxy(CIMultiDict([(name, f"{before}, {node}")]))
        assert TrustedProxies(TRUSTED).caller(PROXY, headers) == address


@given(
    st.text(alphabet=' ,;="\\[]:.for_unkw0123456789abc', max_size=80), st.sampled_from(["Forwarded", "X-Forwarded-For"])
)
def test_no_header_raises_an_error(text: str, name: str) -> None:
    assert TrustedProxies(TRUSTED).caller(PROXY, CIMultiDictProxy(CIMultiDict([(name, text)])))


@pytest.mark.parametrize(
    ("peer", "is_trusted"),
    [
        ("127.0.0.1", True),
        ("127.0.0.2", False),
        ("10.255.0.1", True),
        ("::ffff:10.0.0.1", True),
        ("2001:db8:1::9", True),
        ("2001:db8:2::9", False),
        ("", False),
    ],
)
def test_a_proxy_is_known_by_its_address(peer: str, *, is_trusted: bool) -> None:
    assert TrustedProxies(TRUSTED).has(peer) is is_trusted


def test_without_the_setting_nobody_is_trusted() -> None:
    assert not TrustedProxies(None).has("127.0.0.1")


def test_a_trusted_proxy_leaves_the_bound_of_all_connections_in_force() -> None:
    crowd = Crowd(connections_max=4, address_connections_max=1)
    assert [crowd.enter(PROXY, is_proxy=True) for _ in range(5)] == [True] * 4 + [False]
    crowd.leave(PROXY, is_proxy=True)
    assert [crowd.enter(STRANGER), crowd.enter(STRANGER)] == [True, False]


@pytest_asyncio.fixture
async def behind(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service behind proxies, with few places for one address."""
    settings = {"trusted_proxies": TRUSTED, "address_connections_max": 2}
    async with an_api(database_url, tmp_path, Options(rate_limit=RATE_LIMIT, settings=settings)) as api:
        yield api


def counted(api: Api, address: str) -> int:
    """How many requests with a bad credential were counted for this address."""
    return RATE_LIMIT - api.entrance.limit.look(f"{ADDRESS}{address}", api.clock()).remaining


async def sent_by(api: Api, peer: str, lines: tuple[str, ...]) -> dict[str, int]:
    """For which of all addresses a request from `peer` with these header lines is counted."""
    every = {address for _, address in CASES.values()} | {PROXY, STRANGER, "6.6.6.6"}
    before = {address: counted(api, address) for address in every}
    async with Wire.to(api.base_url, peer) as wire:
        await wire.send(request("GET", "/v1/invoice-series", "nobody", *lines))
        assert (await wire.reply()).status == 401
    changes = {address: counted(api, address) - before[address] for address in every}
    return {address: change for address, change in changes.items() if change}


async def test_bad_credentials_are_counted_for_the_caller_behind_a_proxy(behind: Api) -> None:
    for lines, address in CASES.values():
        assert await sent_by(behind, PROXY, lines) == {address: 1}, lines


async def test_the_headers_of_a_stranger_change_nothing(behind: Api) -> None:
    for lines, _ in CASES.values():
        assert await sent_by(behind, STRANGER, lines) == {STRANGER: 1}, lines


async def test_a_proxy_has_room_for_more_connections_than_one_address(behind: Api) -> None:
    async with AsyncExitStack() as held:
        wires = [await held.enter_async_context(Wire.to(behind.base_url, PROXY)) for _ in range(8)]
        for wire in wires:
            await wire.send(request("GET", "/v1/ping", "", "X-Forwarded-For: 192.0.2.1"))
            assert (await wire.reply()).status == 200
        others = [await held.enter_async_context(Wire.to(behind.base_url, STRANGER)) for _ in range(3)]
        for wire, status in zip(others, (200, 200, 503), strict=True):
            await wire.send(request("GET", "/v1/ping"))
            assert (await wire.reply()).status == status


async def is_refused(wire: Wire, caller: str) -> bool:
    """Whether a request for this caller finds no room, on a connection that stays."""
    await wire.send(request("GET", "/v1/ping", "", f"X-Forwarded-For: {caller}"))
    reply = await wire.reply()
    return reply.status == 503 and reply.refusal == (503, "service_unavailable")


async def test_one_caller_takes_no_more_places_behind_a_proxy_than_without_one(behind: Api, database_url: str) -> None:
    await behind.a_series()
    asked = request(
        "POST",
        "/v1/invoices",
        behind.firm.live_key,
        "X-Forwarded-For: 192.0.2.1",
        body=msgspec.json.encode(AN_INVOICE),
    )
    blocker = await asyncpg.connect(database_url)
    async with AsyncExitStack() as held:
        held.push_async_callback(blocker.close)
        waiting = [await held.enter_async_context(Wire.to(behind.base_url, PROXY)) for _ in range(2)]
        one_more = await held.enter_async_context(Wire.to(behind.base_url, PROXY))
        async with blocker.transaction():
            await blocker.execute("SELECT FROM log.head FOR UPDATE")
            for wire in waiting:
                await wire.send(asked)
            await until(lambda: is_refused(one_more, "192.0.2.1"))
            assert not await is_refused(one_more, "192.0.2.2")
        assert [(await wire.reply()).status for wire in waiting] == [201, 201]
        await one_more.send(asked)
        assert (await one_more.reply()).status == 201


async def test_a_caller_that_goes_away_leaves_its_place(behind: Api) -> None:
    asked = request(
        "POST", "/v1/invoice-series", behind.firm.live_key, "X-Forwarded-For: 192.0.2.1", "Content-Length: 9"
    )
    async with AsyncExitStack() as held:
        one_more = await held.enter_async_context(Wire.to(behind.base_url, PROXY))
        async with Wire.to(behind.base_url, PROXY) as first, Wire.to(behind.base_url, PROXY) as second:
            await first.send(asked)
            await second.send(asked)
            await until(lambda: is_refused(one_more, "192.0.2.1"))
        await until(lambda: has_room(one_more, "192.0.2.1"))


async def has_room(wire: Wire, caller: str) -> bool:
    return not await is_refused(wire, caller)
