"""The scenes of the day, in order."""

import asyncio
import uuid
from typing import Final

import aiohttp

from service.configuration.settings import Settings
from service.demo.caller import DemoFaultError
from service.demo.second_process import TTL_SECONDS, second_process
from service.demo.stage import Series, Stage, invoice_body, issue, lock_and_reserve, open_series, report_of

EXPIRY_SECONDS_MAX: Final = 60.0
POLL_SECONDS: Final = 0.5


async def morning(stage: Stage, day: str) -> tuple[Series, Series, Series]:
    """Three series are opened; two tills lock theirs and fill their pools."""
    stage.scene("Morning: the shop opens")
    series_a, series_b, series_m = [await open_series(stage, prefix, day) for prefix in ("A", "B", "M")]
    await lock_and_reserve(stage, stage.till_a, series_a, 10)
    await lock_and_reserve(stage, stage.till_b, series_b, 5)
    return series_a, series_b, series_m


async def offline(stage: Stage, series: Series) -> list[str]:
    """A till works without a network and later sends what it wrote; returns the ids of its invoices."""
    stage.scene("The network is down")
    till = stage.till_a
    written = [(series.next_token(), price) for price in ("12.50", "99.00", "7.35", "450.00", "31.90")]
    for reservation, price in written:
        stage.tell(till, f"offline: hands out an invoice over {price} RON under number {reservation['number']}")
    stage.scene("The network is back: the till empties its outbox")
    invoices: list[str] = []
    for reservation, price in written:
        body = invoice_body(series, "Goods", price, reservation)
        if reservation["number"] == written[2][0]["number"]:
            invoices.append(await _lose_a_reply(stage, body))
        else:
            invoice = await issue(till, body)
            stage.tell(till, f"sends it: {invoice['full_number']}")
            invoices.append(invoice["id"])
    online = await issue(till, invoice_body(series, "Goods", "18.00"))
    stage.tell(till, f"issues one online, without a token: {online['full_number']}, past its whole pool")
    return invoices


async def _lose_a_reply(stage: Stage, body: dict[str, object]) -> str:
    till, key = stage.till_a, str(uuid.uuid4())
    await till.send_and_hang_up("/v1/invoices", body, key=key)
    stage.tell(till, "sends it, and loses the connection before it can read the reply")
    reply = await till.try_to("POST", "/v1/invoices", body, key=key)
    if reply.code is not None:
        raise DemoFaultError(f"the retry was answered {reply.status} {reply.code}")
    how = "the same invoice, not a second one" if reply.is_replayed else "the first had not arrived"
    stage.tell(till, f"sends it again under the same Idempotency-Key: {reply.data['full_number']} ({how})")
    return str(reply.data["id"])


async def discarded_draft(stage: Stage, series: Series) -> None:
    """A draft is thrown away; the office finds the series locked; the manager breaks the lock; no number is lost."""
    stage.scene("A draft is discarded, and a till goes missing")
    till, office, manager = stage.till_b, stage.office, stage.manager
    first = await issue(till, invoice_body(series, "Goods", "64.00", series.next_token()))
    stage.tell(till, f"issues {first['full_number']} from its pool")
    unwanted = series.next_token()
    await till.ask("POST", f"/v1/invoice-series/reservations/{unwanted['token']}/release")
    stage.tell(till, f"discards the draft with number {unwanted['number']} and releases it: a gap with a reason")
    body = invoice_body(series, "Delivery", "25.00")
    refused = await office.try_to("POST", "/v1/invoices", body)
    stage.tell(office, f"wants to issue in {series.name} too: {refused.status} {refused.code}, no number spent")
    await manager.ask("POST", f"/v1/invoice-series/{series.id}/unlock", {"force": True})
    stage.tell(manager, f"breaks the lock of {series.name}; the till's reservations stay as they are")
    stage.tell(office, f"issues {(await issue(office, body))['full_number']}")
    late = await issue(till, invoice_body(series, "Goods", "5.20", series.next_token()))
    stage.tell(till, f"turns up and sends {late['full_number']}: its token was still good")


async def voided(stage: Stage, invoices: list[str]) -> None:
    """One invoice is voided for good, another by mistake."""
    stage.scene("Corrections")
    till = stage.till_a
    for invoice_id, is_mistake in ((invoices[1], False), (invoices[3], True)):
        reason = {"reason": "customer returned the goods"}
        number = (await till.ask("POST", f"/v1/invoices/{invoice_id}/void", reason))["full_number"]
        stage.tell(till, f"voids {number}; it keeps its number")
        if is_mistake:
            invoice = await till.ask("POST", f"/v1/invoices/{invoice_id}/unvoid")
            stage.tell(till, f"takes that back: {invoice['full_number']} is {invoice['status']} again")


async def expired(stage: Stage, http: aiohttp.ClientSession, settings: Settings, series: Series) -> None:
    """Reservations nobody used in time. Thirty days are long, so a second process with a short term hands them out."""
    stage.scene("Numbers nobody uses")
    manager = stage.manager
    async with second_process(http, settings) as address:
        stage.tell(manager, f"reaches a second process of the service, where tokens live {TTL_SECONDS} s, not 30 days")
        await lock_and_reserve(stage, manager.through(address), series, 5)
        for _ in range(2):
            invoice = await issue(manager, invoice_body(series, "Event ticket", "80.00", series.next_token()))
            stage.tell(manager, f"issues {invoice['full_number']} through the first process: they share one log")
        late = series.next_token()
        await _until_expired(stage, series, 3)
    stage.tell(manager, "does not use the other three in time: they have expired, gaps with a reason")
    refused = await manager.try_to("POST", "/v1/invoices", invoice_body(series, "Event ticket", "80.00", late))
    stage.tell(manager, f"tries number {late['number']} after all: {refused.status} {refused.code}")


async def _until_expired(stage: Stage, series: Series, count: int) -> None:
    deadline = asyncio.get_running_loop().time() + EXPIRY_SECONDS_MAX
    while (await report_of(stage, series)).equation.expired < count:
        if asyncio.get_running_loop().time() > deadline:
            raise DemoFaultError(f"numbers of {series.name} did not expire within {EXPIRY_SECONDS_MAX:.0f} seconds")
        await asyncio.sleep(POLL_SECONDS)
