"""A client of the service over HTTP: it reserves, uses what it reserved, and issues, and checks every answer."""

import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from itertools import cycle
from typing import Any, Final

import aiohttp
import msgspec
from msgspec import Struct

from service.cli.starting.first_start import DemoCredentials

Ask = Callable[[], Awaitable[object]]

BLOCK: Final = 50
"""How many numbers are reserved at once for documents to come."""

SLOTS_MAX: Final = 50_000
"""How many unused numbers the client remembers; it forgets the oldest beyond them, and stays small."""

INVOICE: Final[Mapping[str, Any]] = {
    "client_data": {
        "type": "b2b",
        "name": "Alimentara Unirii SRL",
        "cui": "RO12345678",
        "address": "Str. Unirii 12",
        "city": "Cluj-Napoca",
        "county": "CJ",
    },
    "items": [
        {"description": "Hartie A4", "quantity": 2, "price": 10.5, "vat_rate": 19},
        {"description": "Toner negru", "quantity": 1, "price": 249.99, "vat_rate": 19},
    ],
    "due_date": "2031-01-31",
    "payment_method": "transfer",
}


class Slot(Struct, frozen=True):
    """A reserved number and its token."""

    number: int
    token: str


class _Slots(Struct, frozen=True):
    data: list[Slot]


class _Reserved(Struct, frozen=True):
    success: bool
    data: _Slots


class _Issue(Struct, frozen=True):
    number_idx: int
    total: float


class _Issued(Struct, frozen=True):
    success: bool
    data: _Issue


class _Echo(Struct, frozen=True):
    success: bool
    fill: str


_reserved: Final = msgspec.json.Decoder(_Reserved)
_issued: Final = msgspec.json.Decoder(_Issued)
_echo: Final = msgspec.json.Decoder(_Echo)


class HttpClient:
    """One firm at one service: a device that holds some series, and a program that issues from another one."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, credentials: DemoCredentials) -> None:
        self._session = session
        self._base_url = base_url
        self._device = {"Authorization": f"Bearer {credentials.device_a}", "Content-Type": "application/json"}
        self._program = {"Authorization": f"Bearer {credentials.live_key}", "Content-Type": "application/json"}
        self._held, self._open = "", ""
        self._others: Iterator[str] = iter(())
        self._slots: deque[Slot] = deque()
        self._given: dict[str, list[tuple[int, int]]] = {}

    async def open_series(self, suffix: str, others: int) -> None:
        """Open a series that the device then holds, this number of others that it holds too, and one for anybody."""
        self._held = await self._locked(f"TILL{suffix}")
        self._open = await self._opened(f"SHOP{suffix}")
        self._others = cycle([await self._locked(f"TILL{each}-{suffix}") for each in range(others)])

    async def reserve(self, count: int) -> bytes:
        """Reserve `count` numbers, and keep them to be used."""
        answer, slots = await self._reserved(self._held, count)
        if len(self._slots) < SLOTS_MAX:
            self._slots += slots
        return answer

    async def reserve_in_turn(self, count: int) -> bytes:
        """Reserve `count` numbers, of another series each time."""
        answer, _ = await self._reserved(next(self._others), count)
        return answer

    async def consume(self) -> bytes:
        """Use one of the numbers that were reserved."""
        slot = self._slots.popleft()
        body = msgspec.json.encode({**INVOICE, "reservation_token": slot.token})
        answer = await self._post("/v1/invoices", self._device, body)
        assert self._number_of(answer) == slot.number, "the document has the number of its token"
        return answer

    async def issue(self, key: str | None = None) -> bytes:
        """Issue with the next number, under an Idempotency-Key if one is given."""
        headers = self._program if key is None else self._program | {"Idempotency-Key": key}
        answer = await self._post("/v1/invoices", headers, msgspec.json.encode({**INVOICE, "series_id": self._open}))
        number = self._number_of(answer)
        self._note(self._open, number, number)
        return answer

    async def issue_under_a_key(self) -> bytes:
        """Issue under an Idempotency-Key that is used once."""
        return await self.issue(secrets.token_hex(16))

    async def stock_up(self, count: int) -> None:
        """Have at least `count` numbers to use."""
        while len(self._slots) < count:
            await self.reserve(BLOCK)

    async def check(self) -> None:
        """All numbers that the series gave were in answers: none is missing, none was given twice."""
        for series_id, given in self._given.items():
            path = f"{self._base_url}/v1/invoice-series/{series_id}"
            async with self._session.get(path, headers=self._program) as it:
                next_number = (await it.json())["data"]["next_number"]
            reached = 1
            for first, last in sorted(given):
                assert first == reached, f"{first} comes after {reached - 1} in {series_id}"
                reached = last + 1
            assert reached == next_number, f"{series_id} gave {next_number - 1} numbers, the answers had {reached - 1}"

    def echo(self, base_url: str, answer: bytes, *, is_document: bool) -> Ask:
        """A request to the echo at this address with the bytes of such a request, answered with those of `answer`."""
        body = msgspec.json.encode({**INVOICE, "series_id": "x" * 36}) if is_document else b'{"count":10}'
        bare = msgspec.json.encode(_Echo(success=True, fill=""))
        url = f"{base_url}/v1/echo/{len(answer) - len(bare)}"

        async def ask() -> None:
            async with self._session.post(url, data=body, headers=self._device) as response:
                said = await response.read()
            assert _echo.decode(said).success
            assert len(said) == len(answer)

        return ask

    async def _reserved(self, series_id: str, count: int) -> tuple[bytes, list[Slot]]:
        path = f"/v1/invoice-series/{series_id}/reserve-numbers"
        answer = await self._post(path, self._device, b'{"count":%d}' % count)
        slots = _reserved.decode(answer).data.data
        first = slots[0].number
        assert [each.number for each in slots] == list(range(first, first + count)), "they are consecutive"
        self._note(series_id, first, first + count - 1)
        return answer, slots

    async def _locked(self, name: str) -> str:
        series_id = await self._opened(name)
        await self._post(f"/v1/invoice-series/{series_id}/lock", self._device, b"", 200)
        return series_id

    async def _opened(self, name: str) -> str:
        body = msgspec.json.encode({"name": name, "document_type": "fiscal"})
        answer = msgspec.json.decode(await self._post("/v1/invoice-series", self._program, body))
        found: str = answer["data"]["id"]
        return found

    async def _post(self, path: str, headers: Mapping[str, str], body: bytes, status: int = 201) -> bytes:
        async with self._session.post(self._base_url + path, data=body, headers=headers) as response:
            answer = await response.read()
        assert response.status == status, answer
        return answer

    def _number_of(self, answer: bytes) -> int:
        issued = _issued.decode(answer)
        assert issued.success
        assert issued.data.total == 322.48
        return issued.data.number_idx

    def _note(self, series_id: str, first: int, last: int) -> None:
        self._given.setdefault(series_id, []).append((first, last))
