"""Random working days: commands of several devices, keys and firms that mostly make sense, and some that do not."""

from collections.abc import Callable, Iterable, Sequence
from random import Random

from schemas.commands import (
    AdvanceSeries,
    Caller,
    ChangeDocument,
    Command,
    DeleteDocument,
    DeleteDraft,
    DescribeSeries,
    Document,
    EraseDocument,
    EraseDraft,
    ExplainGap,
    LockSeries,
    MakePrimary,
    OpenSeries,
    ReleaseReservation,
    ReverseDocument,
    SaveDraft,
    Slot,
    UnlockSeries,
    UnvoidDocument,
    VoidDocument,
    VoidDraft,
)
from schemas.events import DocumentChanged, DocumentErased, DraftErased, DraftSaved, ReservationConsumed
from schemas.record import Record
from schemas.values import Digest, DocumentId, DocumentType, GapCode, IsoDate, Mode, Number, NumberRange, SeriesId
from service.core.state.state import State
from tests.support.domain.commands import (
    OTHER_FIRM,
    a_consumption,
    a_device,
    a_document,
    a_key,
    a_release,
    a_reservation_of,
    a_session_without_device,
    a_sweep,
    an_advance,
    an_issue,
    digest,
    the_operator,
    the_sweeper,
)

CALLERS: Sequence[Caller] = (
    *(a_device(f"till_{n}") for n in range(1, 4)),
    *(a_device(f"till_{n}") for n in range(1, 4)),
    a_device("office", is_admin=True),
    a_session_without_device(),
    a_key(),
    a_key(mode=Mode.TEST),
    a_device("till_1", firm=OTHER_FIRM),
    a_key(firm=OTHER_FIRM),
)
HOLD_SECONDS_MAX = 200
NAMES = ("FACT", "fact", "STORE", "WEB", "PRO")


class Script:
    """Draws one command after another, about the numbers and documents that a state has."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._documents = 0
        self._series = 0
        self._slots: list[Slot] = []
        self._drafts: list[DocumentId] = []
        self._issued: dict[DocumentId, tuple[SeriesId, ReservationConsumed]] = {}
        self._contents: dict[DocumentId, Digest] = {}
        kinds: dict[Callable[[State, Caller], Command], int] = {
            self._open: 2,
            self._describe: 2,
            self._prefer: 1,
            self._lock: 6,
            self._unlock: 3,
            self._reserve: 12,
            self._issue: 12,
            self._consume: 20,
            self._release: 6,
            self._turn: 14,
            self._explain: 2,
            self._draft: 3,
        }
        self._kinds, self._weights = list(kinds), list(kinds.values())

    def draw(self, state: State) -> tuple[Command, Caller]:
        """The next command and its caller."""
        if not state.series or self._chance.random() < 0.02:
            caller = self._chance.choice(CALLERS)
            return self._open(state, caller), caller
        if self._chance.random() < 0.05:
            first = self._chance.randrange(1, state.position + 1)
            return a_sweep(first, first + self._chance.choice([1, 30, 10_000])), the_sweeper()
        if self._chance.random() < 0.02:
            return self._advance(state), the_operator()
        caller = self._chance.choice(CALLERS)
        make = self._chance.choices(self._kinds, self._weights)[0]
        return make(state, caller), caller

    def learn(self, records: Iterable[Record]) -> None:
        """Remember the documents of the records, so that later commands name them."""
        for record in records:
            match record.event:
                case ReservationConsumed() as issued:
                    self._issued[issued.document_id] = (record.stream, issued)
                    self._contents[issued.document_id] = issued.content
                case DocumentChanged(document_id=document_id, content=content) | DraftSaved(document_id, content):
                    self._contents[document_id] = content
                case DocumentErased(document_id=document_id, content=left) | DraftErased(document_id, left) if left:
                    self._contents[document_id] = left
                case _:
                    pass
            if isinstance(record.event, DraftSaved):
                self._drafts.append(record.event.document_id)

    def _open(self, state: State, caller: Caller) -> OpenSeries:
        del state, caller
        self._series += 1
        kind = self._chance.choice(list(DocumentType))
        start = Number(self._chance.choice([1, 1, 100, 9_007_199_254_740_900]))
        name = self._chance.choice(NAMES)
        series_id = SeriesId(f"series_{self._series}")
        return OpenSeries(series_id, name, kind, 2027, start_number=start, is_primary=self._chance.random() < 0.3)

    def _describe(self, state: State, caller: Caller) -> DescribeSeries:
        return DescribeSeries(self._series_of(state, caller), self._chance.choice(["of the shop", None]))

    def _prefer(self, state: State, caller: Caller) -> MakePrimary:
        return MakePrimary(self._series_of(state, caller))

    def _lock(self, state: State, caller: Caller) -> LockSeries:
        return LockSeries(self._series_of(state, caller))

    def _unlock(self, state: State, caller: Caller) -> UnlockSeries:
        return UnlockSeries(self._series_of(state, caller), is_forced=self._chance.random() < 0.5)

    def _advance(self, state: State) -> AdvanceSeries:
        """Step over some numbers of any series; at times over none, or over more than there are."""
        series = self._chance.choice(sorted(state.series.values(), key=lambda each: each.series_id))
        return an_advance(series.next_number + self._chance.choice([-2, -1, 0, 2, 30]), series_id=series.series_id)

    def _reserve(self, state: State, caller: Caller) -> Command:
        held = [
            series.series_id
            for series in state.series_of(caller.firm_id, caller.mode)
            if series.lock is not None and series.lock.device_id == caller.device_id
        ]
        if not held and self._chance.random() < 0.7:
            return self._lock(state, caller)
        series_id = self._chance.choice(held) if held else self._series_of(state, caller)
        hold_seconds = self._chance.randint(1, HOLD_SECONDS_MAX)
        limit = self._chance.choice([0, 0, 40])
        count = self._chance.choice([1, 2, 10, 50])
        return a_reservation_of(count, series_id, hold_seconds=hold_seconds, pending_max=limit)

    def _issue(self, state: State, caller: Caller) -> Command:
        series_id = self._series_of(state, caller)
        document = self._document_for(state, series_id)
        is_checked = self._chance.random() < 0.3
        return an_issue(document, self._chance.choice([None, series_id]), is_chronology_checked=is_checked)

    def _consume(self, state: State, caller: Caller) -> Command:
        slot = self._slot(state, caller)
        if slot is None and self._chance.random() < 0.8:
            return self._reserve(state, caller)
        series_id = self._series_of(state, caller) if slot is None else slot.series_id
        named = self._chance.choice([None, None, series_id, self._series_of(state, caller)])
        document = self._document_for(state, series_id)
        return a_consumption(slot, document, named, is_chronology_checked=self._chance.random() < 0.2)

    def _release(self, state: State, caller: Caller) -> ReleaseReservation:
        return a_release(self._slot(state, caller))

    def _turn(self, state: State, caller: Caller) -> Command:
        """Void, unvoid, change, reverse or delete a document that was issued lately; issue one if none was."""
        if not self._issued:
            return self._issue(state, caller)
        series_id, issued = self._chance.choice(list(self._issued.values())[-15:])
        what = (series_id, issued.number, issued.full_number, issued.document_id)
        match self._chance.randrange(7):
            case 0 | 1:
                return VoidDocument(*what)
            case 2:
                return UnvoidDocument(*what)
            case 3:
                return ReverseDocument(*what, self._contents[issued.document_id], self._document_for(state, series_id))
            case 4:
                return DeleteDocument(*what, issued.date)
            case 5:
                left = self._chance.choice([None, digest(f"left of {issued.document_id}")])
                return EraseDocument(*what, self._contents[issued.document_id], left, digest("asked"))
            case _:
                return self._change(issued, what)

    def _explain(self, state: State, caller: Caller) -> ExplainGap:
        """Explain a gap of a series, or numbers that are none."""
        series = state.series[self._series_of(state, caller)]
        gaps = [*series.released, *series.expired, *series.withdrawn, *series.lost]
        numbers = self._chance.choice([*gaps, NumberRange(series.start_number, series.next_number)])
        text = "nobody knows any more"
        return ExplainGap(series.series_id, numbers.first, numbers.last, GapCode.OTHER, text)

    def _change(self, issued: ReservationConsumed, what: tuple[SeriesId, Number, str, DocumentId]) -> ChangeDocument:
        self._documents += 1
        before, after = self._contents[issued.document_id], digest(f"change {self._documents}")
        is_checked = self._chance.random() < 0.3
        return ChangeDocument(*what, issued.date, self._day(), before, after, is_checked)

    def _draft(self, state: State, caller: Caller) -> SaveDraft | VoidDraft | DeleteDraft | EraseDraft:
        del state, caller
        self._documents += 1
        content = digest(f"draft {self._documents}")
        if not self._drafts or self._chance.random() < 0.3:
            return SaveDraft(DocumentId(f"draft_{self._documents}"), content)
        draft = self._chance.choice(self._drafts[-5:])
        before = self._contents[draft]
        erasure = EraseDraft(draft, before, self._chance.choice([None, content]), digest("asked"))
        return self._chance.choice((SaveDraft(draft, content, before), VoidDraft(draft), DeleteDraft(draft), erasure))

    def _day(self) -> IsoDate:
        return IsoDate(f"2027-01-{self._chance.randint(1, 28):02}")

    def _series_of(self, state: State, caller: Caller) -> SeriesId:
        own = [series.series_id for series in state.series_of(caller.firm_id, caller.mode)][:3]
        if not own or self._chance.random() < 0.03:
            own = sorted(state.series)
        return self._chance.choice(own)

    def _slot(self, state: State, caller: Caller) -> Slot | None:
        """Mostly a number of the caller, sometimes one seen before, sometimes one of any caller, sometimes none."""
        if self._slots and self._chance.random() < 0.15:
            return self._chance.choice(self._slots[-50:])
        is_anybodys = self._chance.random() < 0.1
        blocks = [
            (series_id, block)
            for series_id, series in state.series.items()
            for block in series.blocks.values()
            if is_anybodys or (block.device_id == caller.device_id and series.firm_id == caller.firm_id)
        ]
        if not blocks:
            return None
        series_id, block = self._chance.choice(sorted(blocks, key=lambda each: each[1].position))
        number = Number(self._chance.randint(block.first, block.last))
        self._slots.append(Slot(block.position, series_id, number, block.device_id))
        return self._slots[-1]

    def _document_for(self, state: State, series_id: SeriesId) -> Document:
        """A new document, mostly of the series' type."""
        self._documents += 1
        series = state.series.get(series_id)  # a process that has just started has no series
        kind = DocumentType.FISCAL if series is None else series.document_type
        if self._chance.random() < 0.1:
            kind = self._chance.choice(list(DocumentType))
        return a_document(f"inv_{self._documents}", self._day(), kind)
