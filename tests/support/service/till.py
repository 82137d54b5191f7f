"""A client of the service like the app on a till: it keeps what was acknowledged, and asks again if it is unsure."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from tests.support.waiting import until

ASK_SECONDS_MAX: Final = 60.0
PAUSE_SECONDS: Final = 0.05
INVOICE: Final[dict[str, Any]] = {
    "client_data": {"type": "b2c", "name": "Ion Pop"},
    "items": [{"description": "Cafea", "quantity": 1, "price": 10}],
    "force_chronology": False,
}


def _is_to_be_repeated(status: int, reply: Any) -> bool:
    return status in {0, 503} or (status == 409 and reply["error"]["code"] == "idempotency_in_progress")


@dataclass
class Acknowledged:
    """What the service has acknowledged: number to token, and number to the invoice that carries it."""

    reserved: dict[int, str] = field(default_factory=dict[int, str])
    issued: dict[int, str] = field(default_factory=dict[int, str])
    doubled: list[int] = field(default_factory=list[int])

    def add_reservation(self, number: int, token: str) -> None:
        """A number was handed out."""
        self._note(self.reserved, number, token)

    def add_invoice(self, number: int, invoice_id: str) -> None:
        """A number was put on an invoice."""
        self._note(self.issued, number, invoice_id)

    def _note(self, kept: dict[int, str], number: int, value: str) -> None:
        if kept.setdefault(number, value) != value:
            self.doubled.append(number)


class Till:
    """One credential that calls one or another of several processes of the service."""

    def __init__(self, session: aiohttp.ClientSession, credential: str, base_url: Callable[[], str]) -> None:
        self._session = session
        self._headers = {"Authorization": f"Bearer {credential}"}
        self._base_url = base_url

    async def once(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Ask once; returns status and decoded body. Raises aiohttp.ClientError and OSError."""
        url = f"{self._base_url()}/v1{path}"
        async with self._session.request(method, url, json=body, headers=self._headers | headers) as reply:
            return reply.status, await reply.json()

    async def surely(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Ask under one Idempotency-Key until there is a reply that is not a fault of the server."""
        key = str(uuid.uuid4())
        deadline = asyncio.get_running_loop().time() + ASK_SECONDS_MAX
        while True:
            status, reply = 0, None
            with suppress(aiohttp.ClientError, OSError):
                status, reply = await self.once(method, path, body, **{"Idempotency-Key": key})
            if not _is_to_be_repeated(status, reply):
                return status, reply
            assert asyncio.get_running_loop().time() < deadline, f"no answer to {method} {path}: {status} {reply}"
            await asyncio.sleep(PAUSE_SECONDS)

    async def open_series(self, name: str, *, is_locked: bool = False) -> str:
        """Open a fiscal series, and lock it to this device if `is_locked`; returns its id."""
        status, reply = await self.surely("POST", "/invoice-series", {"name": name, "document_type": "fiscal"})
        assert status == 201, reply
        series_id: str = reply["data"]["id"]
        if is_locked:
            status, reply = await self.surely("POST", f"/invoice-series/{series_id}/lock")
            assert status == 200, reply
        return series_id

    async def reserve(self, series_id: str, count: int, kept: Acknowledged) -> list[str]:
        """Reserve a block; returns its tokens."""
        status, reply = await self.surely("POST", f"/invoice-series/{series_id}/reserve-numbers", {"count": count})
        assert status == 201, reply
        slots = reply["data"]["data"]
        for slot in slots:
            kept.add_reservation(slot["number"], slot["token"])
        return [slot["token"] for slot in slots]

    async def issue(self, series_id: str, kept: Acknowledged, token: str | None = None) -> str:
        """Issue an invoice with the next number, or with a reserved one; returns its id."""
        body = INVOICE | {"series_id": series_id} | ({} if token is None else {"reservation_token": token})
        status, reply = await self.surely("POST", "/invoices", body)
        assert status == 201, reply
        kept.add_invoice(reply["data"]["number_idx"], reply["data"]["id"])
        invoice_id: str = reply["data"]["id"]
        return invoice_id

    async def issue_through(
        self, series_id: str, kept: Acknowledged, trouble: Callable[[], Awaitable[None]], *, callers: int, rounds: int
    ) -> None:
        """Have so many callers issue one invoice after another; `trouble` comes when a quarter is acknowledged."""

        async def call() -> None:
            for _ in range(rounds):
                await self.issue(series_id, kept)

        calling = [asyncio.create_task(call()) for _ in range(callers)]
        await until(lambda: len(kept.issued) >= callers * rounds // 4, "load before the trouble")
        await trouble()
        await asyncio.gather(*calling)
