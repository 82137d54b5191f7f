"""One history: requests go to the service and to the model in step, and the two must agree."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.model.books import Partition
from tests.model.lists import FILTERS, Page, page_of
from tests.model.model import Model
from tests.model.words import Command, Expected, ListSeries, ReadDocument, ReadSeries, Who
from tests.support.service.client import AN_INVOICE, Answer
from tests.support.service.model_requests import Handles, HttpRequest, Spelled, request_of
from tests.support.service.model_service import EVERYBODY, TTL_SECONDS, Replicas

Kind = tuple[str, int, str | None]
"""A kind of request, and how it was answered."""


@dataclass
class History:
    """What two firms asked for, and how each request was answered."""

    replicas: Replicas
    credentials: dict[Who, str]
    model: Model
    handles: Handles = field(default_factory=Handles)
    lines: list[str] = field(default_factory=list[str])
    seen: Counter[Kind] = field(default_factory=Counter[Kind])

    async def ask(self, who: Who, command: Command, key: str | None = None, replica: int = 0) -> Expected:
        """Ask one replica and the model. Raises AssertionError if they differ."""
        request = request_of(command, self.handles, self.model.today)
        expected = self.model.ask(who, command, key)
        answer = await self._sent(who, request, key, replica)
        self._write_down(who, command, key, replica, answer)
        self.seen[type(command).__name__, expected.status, expected.code] += 1
        if answer.body["success"]:
            self.handles.learn(expected.data, answer.data)
        found = self._found(expected, answer)
        assert found == expected, f"the service answers\n  {found}\nbut the contract says\n  {expected}"
        return expected

    async def sweep(self) -> None:
        """Let the sweeper run once."""
        swept, expected = await self.replicas.sweep(), self.model.sweep()
        self.lines.append(f"the sweeper records {swept} expired numbers")
        assert swept >= expected, "other histories may leave more to sweep"

    def pass_time(self, seconds: int) -> None:
        """Move the clock of the service and of the model."""
        self.replicas.clock.ahead_seconds += seconds
        self.lines.append(f"{seconds} seconds pass")

    async def check_series(self, who: Who, handle: str, *, is_folded: bool) -> None:
        """Register, gap report and equation of one series, from the projections or folded from the log."""
        series = self.model.find_series(who, handle)
        query = f"as_of_time={self.model.now}" if is_folded else ""
        path = f"/invoice-series/{self.handles.id_of(handle)}"
        register = (await self._get(who, f"{path}/numbers?per_page=1000&{query}")).data
        gaps = (await self._get(who, f"{path}/gaps?{query}")).data
        fates = _expanded(register["data"], "fate")
        assert fates == series.fates(), f"the register of {handle}"
        lost = {number: fate for number, fate in series.fates().items() if fate in {"released", "expired", "withdrawn"}}
        assert _expanded(gaps["data"], "reason") == lost, f"the gap report of {handle}"
        for report in (register, gaps):
            terms = {term: count for term, count in report["equation"].items() if count}
            assert terms == series.equation(), f"the equation of {handle}"

    async def check_lists(self, partition: Partition) -> None:
        """The list of invoices under every filter."""
        who = a_caller_of(partition)
        documents = [each for each in self.model.documents.values() if each.partition == partition]
        for query in FILTERS if documents else [""]:
            data = (await self._get(who, f"/invoices?per_page=100&{query}")).data
            ids = [self.handles.handle_of(each["id"]) for each in data["data"]]
            found = Page(frozenset(ids), data["total"], data["totals"]["total"], data["totals"]["unpaid"])
            assert found == page_of(documents, query), f"the list of {query or 'all'} that {who} sees"

    async def check_story(self, handle: str) -> None:
        """What happened to one document, in order."""
        document = self.model.documents[handle]
        path = f"/invoices/{self.handles.id_of(handle)}/history"
        data = (await self._get(a_caller_of(document.partition), path)).data
        assert [each["type"] for each in data["data"]] == document.story, f"the history of {handle}"
        assert data["pagination"]["total"] == len(document.story)

    async def look_at_everything(self) -> None:
        """Ask for every series, its books, and every document, and compare."""
        await self.replicas.catch_up()
        for handle, series in self.model.series.items():
            who = a_caller_of(series.partition)
            await self.ask(who, ReadSeries(handle), replica=1)
            await self.check_series(who, handle, is_folded=False)
        for partition in {(who.firm, who.mode): who for who in EVERYBODY}:
            await self.ask(a_caller_of(partition), ListSeries(None))
            await self.check_lists(partition)
        for handle, document in self.model.documents.items():
            await self.ask(a_caller_of(document.partition), ReadDocument(handle), replica=1)
            if not document.is_deleted:
                await self.check_story(handle)

    async def _get(self, who: Who, path: str) -> Answer:
        return await self._sent(who, HttpRequest("GET", path), None, 0)

    async def _sent(self, who: Who, request: HttpRequest, key: str | None, replica: int) -> Answer:
        headers = {} if key is None else {"Idempotency-Key": key}
        api = self.replicas.apis[replica]
        return await api.ask(request.method, request.path, self.credentials[who], request.body, headers=headers)

    def _found(self, expected: Expected, answer: Answer) -> Expected:
        if answer.body["success"]:
            data = self.handles.seen_as(expected.data, answer.data)
            return Expected(answer.status, data=data, is_repeat=answer.headers.get("Idempotent-Replayed") == "true")
        param = answer.error.get("param") if expected.param is not None else None
        return Expected(answer.status, answer.error["code"], param)

    def _write_down(self, who: Who, command: Command, key: str | None, replica: int, answer: Answer) -> None:
        request = request_of(command, Spelled(), self.model.today)
        body = {name: value for name, value in (request.body or {}).items() if name not in AN_INVOICE}
        with_key = "" if key is None else f" Idempotency-Key: {key}"
        code = "" if answer.body["success"] else f" {answer.error['code']}"
        asked = f"{request.method} /v1{request.path} {json.dumps(body) if body else ''}{with_key}"
        self.lines.append(f"{who} to replica {replica}: {asked} -> {answer.status}{code}")


def _expanded(ranges: list[dict[str, Any]], name: str) -> dict[int, str]:
    """The ranges as one entry for each number."""
    return {number: row[name] for row in ranges for number in range(row["first"], row["last"] + 1)}


def a_caller_of(partition: Partition, device: str | None = None) -> Who:
    """A caller of the partition, with the named device if the partition has it."""
    found = [who for who in EVERYBODY if (who.firm, who.mode) == partition]
    return next((who for who in found if device in {None, who.device}), found[0])


async def begin(replicas: Replicas) -> History:
    """An empty history of two new firms, on a new day."""
    replicas.clock.begin_a_day()
    credentials = await replicas.admit_two_firms()
    return History(replicas, credentials, Model(replicas.clock, TTL_SECONDS))
