"""What the log says at a position, as values: small, immutable, cheap to copy.

A series keeps its definition, its lock, its counter, its unsettled blocks, and the numbers that did not end on a
standing document; every other number below the counter stands. That is enough to say the fate of any number.
"""

from __future__ import annotations  # rpds' maps are generic to type checkers only

from msgspec import Struct
from rpds import HashTrieMap

from schemas.commands import Caller
from schemas.outcomes import Equation, LockView, SeriesView
from schemas.values import (
    NUMBER_MAX,
    Digest,
    DocumentId,
    DocumentType,
    Fate,
    FirmId,
    IsoDate,
    LogId,
    Mode,
    Number,
    Position,
    SeriesId,
    UnixSeconds,
    Version,
)
from service.core.blocks import Block, Blocks
from service.core.ranges import Ranges, has


class Changed(Struct, frozen=True):
    """What a document that was changed reads and is dated now."""

    date: IsoDate
    content: Digest


class Draft(Struct, frozen=True):
    """A document without a number: a stream of its own."""

    firm_id: FirmId
    mode: Mode
    version: Version
    position: Position
    content: Digest
    is_void: bool = False


class Series(Struct, frozen=True):
    """One counter and what became of its numbers."""

    series_id: SeriesId
    firm_id: FirmId
    mode: Mode
    name: str
    document_type: DocumentType
    description: str | None
    format: str
    start_number: Number
    next_number: Number
    year: int
    is_primary: bool
    opened_at: UnixSeconds
    version: Version
    position: Position
    is_used: bool = False
    lock: LockView | None = None
    pending: int = 0
    blocks: Blocks = Blocks()
    voided: Ranges = ()
    withdrawn: Ranges = ()
    released: Ranges = ()
    expired: Ranges = ()
    dates: HashTrieMap[IsoDate, int] = HashTrieMap()
    latest_date: IsoDate | None = None
    changed: HashTrieMap[Number, Changed] = HashTrieMap()
    reversal_of: HashTrieMap[Number, Number] = HashTrieMap()
    reversed_by: HashTrieMap[Number, Number] = HashTrieMap()

    @property
    def taken(self) -> int:
        """How many numbers the counter ever gave: the left-hand side of the accounting equation."""
        return self.next_number - self.start_number

    @property
    def numbers_left(self) -> int:
        """How many numbers the counter can still give."""
        return NUMBER_MAX - self.next_number + 1

    def equation(self) -> Equation:
        """How many numbers met each fate; an overdue slot is pending until its expiry is recorded.

        The documents are counted by date, apart from the counter: the sum equals `taken` only if no event was lost.
        """
        voided = _count(self.voided)
        return {
            Fate.STANDING: sum(self.dates.values()) - voided,
            Fate.VOIDED: voided,
            Fate.WITHDRAWN: _count(self.withdrawn),
            Fate.PENDING: self.pending,
            Fate.RELEASED: _count(self.released),
            Fate.EXPIRED: _count(self.expired),
        }

    def fate(self, number: Number, reservation: Position) -> Fate:
        """What became of a number that was taken by the block at `reservation`; pending is what no event ended."""
        block = self.blocks.holding(number)
        if block is not None and block.position == reservation and block.is_pending(number):
            return Fate.PENDING
        for fate, ranges in (
            (Fate.RELEASED, self.released),
            (Fate.EXPIRED, self.expired),
            (Fate.VOIDED, self.voided),
            (Fate.WITHDRAWN, self.withdrawn),
        ):
            if has(ranges, number):
                return fate
        return Fate.STANDING

    def has_document(self, number: Number) -> bool:
        """Whether a document carries the number, standing or voided."""
        if not self.start_number <= number < self.next_number:
            return False
        if any(has(ranges, number) for ranges in (self.released, self.expired, self.withdrawn)):
            return False
        block = self.blocks.holding(number)
        return block is None or not block.is_pending(number)

    def date_of(self, number: Number, issued_date: IsoDate) -> IsoDate:
        """The date of a document that was issued under `issued_date`."""
        changed = self.changed.get(number)
        return issued_date if changed is None else changed.date

    def has_content(self, number: Number, content: Digest) -> bool:
        """Whether the document still reads as `content`, which it did once: its first body is not kept here."""
        changed = self.changed.get(number)
        return changed is None or changed.content == content

    def standing_reversal(self, number: Number) -> Number | None:
        """The number of the document that reverses this one, unless it was voided or withdrawn."""
        reversal = self.reversed_by.get(number)
        if reversal is None or has(self.voided, reversal) or has(self.withdrawn, reversal):
            return None
        return reversal

    def view(self, position: Position) -> SeriesView:
        """The series as a caller may see it, at the log's `position`."""
        return SeriesView(
            series_id=self.series_id,
            firm_id=self.firm_id,
            mode=self.mode,
            position=position,
            name=self.name,
            document_type=self.document_type,
            description=self.description,
            format=self.format,
            start_number=self.start_number,
            next_number=self.next_number,
            year=self.year,
            is_primary=self.is_primary,
            is_used=self.is_used,
            lock=self.lock,
            opened_at=self.opened_at,
        )


Partition = tuple[FirmId, Mode]
NameKey = tuple[FirmId, Mode, DocumentType, str]
PrimaryKey = tuple[FirmId, Mode, DocumentType]


class State(Struct, frozen=True):
    """All that the events 1 .. `position` of one log say and a decision needs. Whoever holds one holds a snapshot."""

    log_id: LogId
    position: Position = Position(0)
    at: UnixSeconds = UnixSeconds(0)
    series: HashTrieMap[SeriesId, Series] = HashTrieMap()
    partitions: HashTrieMap[Partition, tuple[SeriesId, ...]] = HashTrieMap()
    names: HashTrieMap[NameKey, SeriesId] = HashTrieMap()
    primaries: HashTrieMap[PrimaryKey, SeriesId] = HashTrieMap()
    unsettled: HashTrieMap[Position, tuple[SeriesId, Number]] = HashTrieMap()
    """Where each unsettled block was reserved; its series and its first number."""

    drafts: HashTrieMap[DocumentId, Draft] = HashTrieMap()
    draft_ends: HashTrieMap[Partition, Position] = HashTrieMap()
    """Where the last event about any draft of the partition is, one that was deleted included."""

    def of(self, caller: Caller, series_id: SeriesId) -> Series | None:
        """The series, if it is of the caller's firm and mode."""
        series = self.series.get(series_id)
        if series is None or series.firm_id != caller.firm_id or series.mode is not caller.mode:
            return None
        return series

    def draft_of(self, caller: Caller, document_id: DocumentId) -> Draft | None:
        """The draft, if it is of the caller's firm and mode and was not deleted."""
        draft = self.drafts.get(document_id)
        if draft is None or draft.firm_id != caller.firm_id or draft.mode is not caller.mode:
            return None
        return draft

    def stream_end(self, stream: SeriesId) -> Series | Draft | None:
        """Whose stream it is: a series', a draft's, or nobody's yet."""
        return self.series.get(stream) or self.drafts.get(DocumentId(stream))

    def series_of(self, firm_id: FirmId, mode: Mode) -> list[Series]:
        """All series of one partition, in the order they were opened."""
        return [self.series[series_id] for series_id in self.partitions.get((firm_id, mode), ())]

    def partition_end(self, firm_id: FirmId, mode: Mode) -> Position:
        """Where the last event of the partition is: what shows the log up to here shows all of it."""
        of_drafts = self.draft_ends.get((firm_id, mode), Position(0))
        return max([of_drafts, *(series.position for series in self.series_of(firm_id, mode))])

    def block_at(self, position: Position) -> tuple[Series, Block] | None:
        """The unsettled block reserved at `position`, and its series."""
        place = self.unsettled.get(position)
        if place is None:
            return None
        series_id, first = place
        series = self.series[series_id]
        block = series.blocks.holding(first)
        assert block is not None, "an unsettled block is its series'"
        return series, block


def name_key(firm_id: FirmId, mode: Mode, document_type: DocumentType, name: str) -> NameKey:
    """Where a series' name is unique: compared without case, within firm, mode and document type (CONTRACT.md D20)."""
    return firm_id, mode, document_type, name.casefold()


def empty_state(log_id: LogId) -> State:
    """The state before the first event."""
    return State(log_id)


def _count(ranges: Ranges) -> int:
    return sum(len(item) for item in ranges)
