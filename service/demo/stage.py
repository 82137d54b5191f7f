"""What the scenes of the demo share: who plays, how an invoice looks, and how the story is told."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import msgspec
from rich.console import Console

from schemas.api.reports import GapReport
from service.demo.caller import Caller


@dataclass
class Series:
    """A series of the day, and the reservations its till still has."""

    id: str
    name: str
    pool: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def next_token(self) -> dict[str, Any]:
        """The lowest reservation that was not used yet."""
        return self.pool.pop(0)


@dataclass(frozen=True)
class Stage:
    """The players; every one knows the office's series only by what the service answers."""

    console: Console
    office: Caller
    till_a: Caller
    till_b: Caller
    manager: Caller

    def scene(self, title: str) -> None:
        """Begin a part of the day."""
        self.console.print(f"\n{title}", style="bold")

    def tell(self, who: Caller, what: str) -> None:
        """One line of the story."""
        self.console.print(f"  {who.name:<8}  {what}")


async def open_series(stage: Stage, prefix: str, day: str) -> Series:
    """A new series of the office; its name is new at every run, so the demo can be repeated."""
    name = f"{prefix}-{day}"
    data = await stage.office.ask("POST", "/v1/invoice-series", {"name": name, "document_type": "fiscal"})
    stage.tell(stage.office, f"opens series {name}; its next number is {data['next_number']}")
    return Series(id=data["id"], name=name)


async def lock_and_reserve(stage: Stage, till: Caller, series: Series, count: int) -> None:
    """Take the series for this till, and a pool of numbers to work with offline."""
    await till.ask("POST", f"/v1/invoice-series/{series.id}/lock")
    data = await till.ask("POST", f"/v1/invoice-series/{series.id}/reserve-numbers", {"count": count})
    series.pool = data["data"]
    numbers = f"{series.pool[0]['number']}-{series.pool[-1]['number']}"
    stage.tell(till, f"locks {series.name} to itself and reserves numbers {numbers}, a token each")


def invoice_body(series: Series, item: str, price: str, reservation: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a till sends; with a reservation, the number is the one the token stands for."""
    body: dict[str, Any] = {
        "series_id": series.id,
        "client_data": {"type": "b2c", "name": "Walk-in customer"},
        "items": [{"description": item, "quantity": 1, "price": msgspec.Raw(price.encode())}],
    }
    if reservation is not None:
        body |= {"reservation_token": reservation["token"], "force_chronology": False}
    return body


async def issue(till: Caller, body: dict[str, Any]) -> dict[str, Any]:
    """The invoice, sent under an Idempotency-Key of its own as an app's outbox does."""
    invoice: dict[str, Any] = await till.ask("POST", "/v1/invoices", body, key=str(uuid.uuid4()))
    return invoice


async def report_of(stage: Stage, series: Series) -> GapReport:
    """The gap report of a series, asked for by the office."""
    return msgspec.convert(await stage.office.ask("GET", f"/v1/invoice-series/{series.id}/gaps"), GapReport)
