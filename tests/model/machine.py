"""Random histories of two firms, step by step, against two replicas of the service and the model.

Hypothesis draws the steps. If service and model disagree, it finds the shortest history in which they do.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.model.draws import (
    ANYBODY,
    COUNTS,
    DAYS,
    DAYS_OR_NONE,
    INVOICES,
    PAUSES,
    PLACES,
    REASONS,
    REPLICAS,
    SEEN_NUMBERS,
    SERIES,
    TYPES_ASKED,
    VOID_REASONS,
    YES_OR_NO,
    By,
)
from tests.model.history import History, Kind, a_caller_of, begin
from tests.model.words import (
    Command,
    Delete,
    Describe,
    Expected,
    Issue,
    ListPending,
    ListSeries,
    Lock,
    MakePrimary,
    OpenSeries,
    ReadDocument,
    ReadSeries,
    ReadToken,
    Release,
    Reserve,
    Storno,
    Unlock,
    Unvoid,
    Update,
    Void,
)
from tests.support.service.model_service import ONE, TTL_SECONDS, Replicas

Result = TypeVar("Result")

SERIES_MAX: Final = 6
TOKENS_MAX: Final = 4
"""How many tokens of one block the later steps may use."""


@dataclass
class Tally:
    """What happened in all histories of a run."""

    steps: int = 0
    histories: int = 0
    seen: Counter[Kind] = field(default_factory=Counter[Kind])


class Machine(RuleBasedStateMachine):
    """One history. `runner`, `replicas` and `tally` belong to the whole run, which sets them before its start."""

    runner: ClassVar[asyncio.Runner]
    replicas: ClassVar[Replicas]
    tally: ClassVar[Tally]

    def __init__(self) -> None:
        super().__init__()
        self.has_failed = False
        self.tokens: list[str] = []
        self.asked: list[tuple[By, Command]] = []
        self.history: History = self._run(begin(self.replicas))
        self.tally.histories += 1

    @initialize(is_locked=YES_OR_NO, count=COUNTS)
    def begin_with_a_series(self, *, is_locked: bool, count: int | None) -> None:
        by = By(ONE[0], 0, None)
        series = self._ask(by, OpenSeries("A", "fiscal", 1, is_primary=False)).data["id"]
        if is_locked:
            self._ask(by, Lock(series))
            self._ask(by, Reserve(series, count))

    @precondition(lambda self: len(self.history.model.series) < SERIES_MAX)
    @rule(by=ANYBODY, opening=SERIES)
    def open_series(self, by: By, opening: OpenSeries) -> None:
        self._ask(by, opening)

    @rule(by=ANYBODY, place=PLACES)
    def make_primary(self, by: By, place: int) -> None:
        self._ask(by, MakePrimary(self._series(place)))

    @rule(by=ANYBODY, place=PLACES, text=REASONS)
    def describe(self, by: By, place: int, text: str | None) -> None:
        self._ask(by, Describe(self._series(place), text))

    @rule(by=ANYBODY, place=PLACES)
    def lock(self, by: By, place: int) -> None:
        self._ask(by, Lock(self._series(place)))

    @rule(by=ANYBODY, place=PLACES, force=YES_OR_NO)
    def unlock(self, by: By, place: int, *, force: bool) -> None:
        self._ask(by, Unlock(self._series(place), force))

    @rule(by=ANYBODY, other=ANYBODY, place=PLACES)
    def take_the_lock_away(self, by: By, other: By, place: int) -> None:
        series = self._series(place)
        self._ask(by, Lock(series))
        self._ask(other, Unlock(series, force=True))

    @rule(by=ANYBODY, place=PLACES, count=COUNTS)
    def reserve(self, by: By, place: int, count: int | None) -> None:
        self._ask(by, Reserve(self._series(place), count))

    @rule(by=ANYBODY, place=PLACES, count=COUNTS)
    def reserve_as_holder(self, by: By, place: int, count: int | None) -> None:
        series = self.history.model.series[self._series(place)]
        self._ask(self._as(by, series.handle, series.holder), Reserve(series.handle, count))

    @precondition(lambda self: self.tokens)
    @rule(by=ANYBODY, place=PLACES)
    def release(self, by: By, place: int) -> None:
        self._ask(by, Release(self._token(place)))

    @precondition(lambda self: self.tokens)
    @rule(by=ANYBODY, place=PLACES)
    def release_as_owner(self, by: By, place: int) -> None:
        token = self._token(place)
        self._ask(self._as_owner(by, token), Release(token))

    @precondition(lambda self: self.tokens)
    @rule(by=ANYBODY, place=PLACES, invoice=INVOICES, series_place=PLACES, names_series=YES_OR_NO)
    def consume(self, by: By, place: int, invoice: Issue, series_place: int, *, names_series: bool) -> None:
        series = self._series(series_place) if names_series else None
        self._ask(by, replace(invoice, token=self._token(place), series=series))

    @precondition(lambda self: self.tokens)
    @rule(by=ANYBODY, place=PLACES, days=DAYS_OR_NONE, force=YES_OR_NO)
    def consume_as_owner(self, by: By, place: int, days: int | None, *, force: bool) -> None:
        token = self._token(place)
        document_type = self.history.model.series[_series_of(token)].document_type
        self._ask(self._as_owner(by, token), Issue(None, token, document_type, days, force))

    @precondition(lambda self: self.tokens)
    @rule(by=ANYBODY, place=PLACES, is_release=YES_OR_NO)
    def come_too_late(self, by: By, place: int, *, is_release: bool) -> None:
        token = self._token(place)
        self.history.pass_time(TTL_SECONDS)
        command = Release(token) if is_release else Issue(None, token, "fiscal", 0, force_chronology=False)
        self._ask(self._as_owner(by, token), command)

    @precondition(lambda self: self.asked)
    @rule(place=PLACES, replica=REPLICAS)
    def ask_again(self, place: int, replica: int) -> None:
        by, command = self.asked[-1 - place % len(self.asked)]
        self._ask(replace(by, replica=replica), command)

    @rule(by=ANYBODY, invoice=INVOICES, place=PLACES, names_series=YES_OR_NO)
    def issue(self, by: By, invoice: Issue, place: int, *, names_series: bool) -> None:
        self._ask(by, replace(invoice, series=self._series(place) if names_series else None))

    @rule(by=ANYBODY, place=PLACES, days=DAYS)
    def issue_twice(self, by: By, place: int, days: int) -> None:
        series = self.history.model.series[self._series(place)]
        for day in (0, days):
            self._ask(
                replace(by, key=None), Issue(series.handle, None, series.document_type, day, force_chronology=True)
            )

    @precondition(lambda self: self.history.model.documents)
    @rule(by=ANYBODY, place=PLACES, reason=VOID_REASONS)
    def void(self, by: By, place: int, reason: str | None) -> None:
        self._ask(by, Void(self._document(place), reason))

    @precondition(lambda self: self.history.model.documents)
    @rule(by=ANYBODY, place=PLACES)
    def unvoid(self, by: By, place: int) -> None:
        self._ask(by, Unvoid(self._document(place)))

    @precondition(lambda self: self.history.model.documents)
    @rule(by=ANYBODY, place=PLACES, names_items=st.sampled_from([False] * 4 + [True]))
    def storno(self, by: By, place: int, *, names_items: bool) -> None:
        self._ask(by, Storno(self._document(place), names_items))

    @precondition(lambda self: self.history.model.documents)
    @rule(by=ANYBODY, place=PLACES, is_dated=YES_OR_NO, days=DAYS, seen=SEEN_NUMBERS)
    def update(self, by: By, place: int, days: int, seen: int | str | None, *, is_dated: bool) -> None:
        document = self._document(place)
        number = self.history.model.documents[document].number if isinstance(seen, str) else seen
        self._ask(by, Update(document, days if is_dated else None, number))

    @precondition(lambda self: self.history.model.documents)
    @rule(by=ANYBODY, place=PLACES)
    def delete(self, by: By, place: int) -> None:
        self._ask(by, Delete(self._document(place)))

    @rule(by=ANYBODY, place=PLACES, steps_back=st.integers(0, 1))
    def void_and_delete_at_the_end(self, by: By, place: int, steps_back: int) -> None:
        series = self.history.model.series[self._series(place)]
        slot = series.slots.get(series.next_number - 1 - steps_back)
        if slot is not None and slot.document is not None:
            by = self._as(replace(by, key=None), series.handle, slot.device)
            self._ask(by, Void(slot.document.handle, None))
            self._ask(by, Delete(slot.document.handle))
            self._ask(by, ReadDocument(slot.document.handle))

    @precondition(lambda self: self.history.model.documents)
    @rule(by=ANYBODY, place=PLACES)
    def reverse_again(self, by: By, place: int) -> None:
        document = self._document(place)
        by = replace(by, who=a_caller_of(self.history.model.documents[document].partition), key=None)
        reversal = self._ask(by, Storno(document))
        if reversal.is_success:
            self._ask(by, Void(reversal.data["id"], None))
            self._ask(by, Storno(document))
            self._ask(by, Unvoid(reversal.data["id"]))
            self._ask(by, ReadDocument(document))

    @rule(by=ANYBODY, place=PLACES)
    def look_at_series(self, by: By, place: int) -> None:
        self._ask(by, ReadSeries(self._series(place)))
        self._ask(by, ListPending(self._series(place)))

    @rule(by=ANYBODY, document_type=TYPES_ASKED)
    def list_series(self, by: By, document_type: str | None) -> None:
        self._ask(by, ListSeries(document_type))

    @precondition(lambda self: self.tokens)
    @rule(by=ANYBODY, place=PLACES)
    def look_at_token(self, by: By, place: int) -> None:
        self._ask(by, ReadToken(self._token(place)))

    @precondition(lambda self: self.history.model.documents)
    @rule(by=ANYBODY, place=PLACES)
    def look_at_document(self, by: By, place: int) -> None:
        self._ask(by, ReadDocument(self._document(place)))

    @rule(place=PLACES)
    def check_the_books(self, place: int) -> None:
        series = self.history.model.series[self._series(place)]
        self._run(self.history.check_series(a_caller_of(series.partition), series.handle, is_folded=True))

    @rule(seconds=PAUSES)
    def pass_time(self, seconds: int) -> None:
        self.history.pass_time(seconds)

    @rule()
    def sweep(self) -> None:
        self._run(self.history.sweep())

    def teardown(self) -> None:
        """Look at everything once more, and keep count."""
        if not self.has_failed:
            self._run(self.history.look_at_everything())
            self.tally.seen.update(self.history.seen)

    def _ask(self, by: By, command: Command) -> Expected:
        self.tally.steps += 1
        if by.key is not None:
            self.asked.append((by, command))
        expected = self._run(self.history.ask(by.who, command, by.key, by.replica))
        if isinstance(command, Reserve) and expected.is_success:
            self.tokens += [slot["token"] for slot in expected.data["data"][:TOKENS_MAX]]
        return expected

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do it; a failure shows the whole history and ends it."""
        try:
            return self.runner.run(work)
        except BaseException as error:
            self.has_failed = True
            if hasattr(self, "history"):
                error.add_note("\n".join(["The history:", *self.history.lines]))
            raise

    def _series(self, place: int) -> str:
        return _newest(list(self.history.model.series), place)

    def _token(self, place: int) -> str:
        return _newest(self.tokens, place)

    def _document(self, place: int) -> str:
        return _newest(list(self.history.model.documents), place)

    def _as_owner(self, by: By, token: str) -> By:
        series = _series_of(token)
        return self._as(by, series, self.history.model.series[series].slots[int(token.partition("#")[2])].device)

    def _as(self, by: By, series: str, device: str | None) -> By:
        return replace(by, who=a_caller_of(self.history.model.series[series].partition, device))


def _newest(handles: list[str], place: int) -> str:
    return handles[-1 - place % len(handles)]


def _series_of(token: str) -> str:
    return token.partition(" #")[0]
