"""What the log says at one position: immutable values that are small, in maps that are changed in place.

A series keeps its definition, its lock, its counter, its blocks with pending numbers, and the numbers that ended
without a standing document; every other number below the counter stands. So it can tell the fate of any number.
"""

from __future__ import annotations  # rpds' maps are generic to type checkers only

from collections.abc import MutableMapping
from typing import Any, Final

from msgspec import Struct, field
from rpds import HashTrieMap, List

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
from service.core.state.blocks import Block, Blocks
from service.core.state.document_dates import DocumentDates
from service.core.state.formats import Formats, TypeKey
from service.core.state.layers import Layer
from service.core.state.ranges import Ranges


class Draft(Struct, frozen=True):
    """A document without a number: a stream of its own."""

    firm_id: FirmId
    mode: Mode
    version: Version
    position: Position
    content: Digest
    is_void: bool = False


class Series(Struct, frozen=True):
    """One counter and what became of its numbers.

    `standing_dates` counts the standing documents of each date, and `latest_date` is the greatest of these dates.
    `changed` has the present content of each document that was changed.
    """

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
    voided: Ranges = Ranges()
    withdrawn: Ranges = Ranges()
    released: Ranges = Ranges()
    expired: Ranges = Ranges()
    lost: Ranges = Ranges()
    dates: DocumentDates = DocumentDates()
    standing_dates: HashTrieMap[IsoDate, int] = HashTrieMap()
    latest_date: IsoDate | None = None
    changed: HashTrieMap[Number, Digest] = HashTrieMap()
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
        """How many numbers have each fate; an overdue slot is pending until its expiry is recorded.

        The documents are counted by date, not from the counter: the sum equals `taken` only if no event was lost.
        """
        return {
            Fate.STANDING: sum(self.standing_dates.values()),
            Fate.VOIDED: self.voided.count,
            Fate.WITHDRAWN: self.withdrawn.count,
            Fate.PENDING: self.pending,
            Fate.RELEASED: self.released.count,
            Fate.EXPIRED: self.expired.count,
            Fate.LOST: self.lost.count,
        }

    def fate(self, number: Number, reservation: Position) -> Fate:
        """What became of a number of the block at position `reservation`; it is pending until an event ends it."""
        block = self.blocks.holding(number)
        if block is not None and block.position == reservation and block.is_pending(number):
            return Fate.PENDING
        for fate, ranges in (
            (Fate.RELEASED, self.released),
            (Fate.EXPIRED, self.expired),
            (Fate.VOIDED, self.voided),
            (Fate.WITHDRAWN, self.withdrawn),
            (Fate.LOST, self.lost),
        ):
            if number in ranges:
                return fate
        return Fate.STANDING

    def has_document(self, number: Number) -> bool:
        """Whether a document carries the number, standing or voided."""
        if not self.start_number <= number < self.next_number:
            return False
        if any(number in ranges for ranges in (self.released, self.expired, self.withdrawn, self.lost)):
            return False
        block = self.blocks.holding(number)
        return block is None or not block.is_pending(number)

    def has_content(self, number: Number, content: Digest) -> bool:
        """Whether the document still has `content`; the caller must have read it so once.

        The first content is not kept here: a document that was never changed still has it.
        """
        return self.changed.get(number, content) == content

    def standing_reversal(self, number: Number) -> Number | None:
        """The number of the standing document that reverses this one; None if it was voided or withdrawn."""
        reversal = self.reversed_by.get(number)
        if reversal is None or reversal in self.voided or reversal in self.withdrawn:
            return None
        return reversal

    def view(self, position: Position) -> SeriesView:
        """The series as a caller may see it, at `position` of the log."""
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

MAPS: Final = ("series", "partitions", "partition_ends", "names", "primaries", "unsettled", "drafts")
"""The maps of a state."""


class State(Struct):
    """What a decision needs of the events 1 .. `position` of one log.

    `evolve` changes it in place; its values are immutable. A `layer` over it is changed instead while a batch is
    decided, so that nobody sees what is not in the log yet.
    """

    log_id: LogId
    position: Position = Position(0)
    at: UnixSeconds = UnixSeconds(0)
    series: MutableMapping[SeriesId, Series] = field(default_factory=dict[SeriesId, Series])
    partitions: MutableMapping[Partition, List[SeriesId]] = field(default_factory=dict[Partition, "List[SeriesId]"])
    """The series of each partition, the one that was opened last first."""

    partition_ends: MutableMapping[Partition, Position] = field(default_factory=dict[Partition, Position])
    """The position of the last event of the partition, events of deleted drafts included."""

    formats: Formats = field(default_factory=Formats)
    names: MutableMapping[NameKey, SeriesId] = field(default_factory=dict[NameKey, SeriesId])
    primaries: MutableMapping[TypeKey, SeriesId] = field(default_factory=dict[TypeKey, SeriesId])
    unsettled: MutableMapping[Position, tuple[SeriesId, Number]] = field(
        default_factory=dict[Position, tuple[SeriesId, Number]]
    )
    """Each block with pending numbers, by the position of its reservation: its series and its first number."""

    drafts: MutableMapping[DocumentId, Draft] = field(default_factory=dict[DocumentId, Draft])
    lost_at: Position = Position(0)
    """The position of the last event by which an operator stepped over lost numbers; 0 if there is none."""

    below: State | None = None
    """Of a layer: the state that it lies over."""

    def layer(self) -> State:
        """A state with what this one holds, whose changes stay its own. It is right until this one changes."""
        maps: dict[str, Any] = {name: Layer(getattr(self, name)) for name in MAPS}
        formats = Formats(self.formats)
        return State(self.log_id, self.position, self.at, formats=formats, lost_at=self.lost_at, below=self, **maps)

    def take_over(self, layer: State) -> None:
        """Make the changes of a layer over this state in it. It has not changed since the layer was made."""
        assert layer.below is self, "a layer fits the state that it was made over"
        for name in MAPS:
            changed: Layer[Any, Any] = getattr(layer, name)
            changed.pour()
        self.formats.take_over(layer.formats)
        self.position, self.at, self.lost_at = layer.position, layer.at, layer.lost_at

    def lie_over(self, below: State) -> None:
        """Make this layer one over another state, which holds what the one below it held: it took that one over."""
        for name in MAPS:
            changed: Layer[Any, Any] = getattr(self, name)
            changed.lie_over(getattr(below, name))
        self.formats.lie_over(below.formats)
        self.below = below

    def copy(self) -> State:
        """The same state, which does not change when this one does. Not of a layer."""
        maps: dict[str, Any] = {name: dict(getattr(self, name)) for name in MAPS}
        return State(self.log_id, self.position, self.at, formats=self.formats.copy(), lost_at=self.lost_at, **maps)

    def of(self, caller: Caller, series_id: SeriesId) -> Series | None:
        """The series, if it belongs to the caller's firm and mode."""
        series = self.series.get(series_id)
        if series is None or series.firm_id != caller.firm_id or series.mode is not caller.mode:
            return None
        return series

    def draft_of(self, caller: Caller, document_id: DocumentId) -> Draft | None:
        """The draft, if it belongs to the caller's firm and mode and was not deleted."""
        draft = self.drafts.get(document_id)
        if draft is None or draft.firm_id != caller.firm_id or draft.mode is not caller.mode:
            return None
        return draft

    def stream_end(self, stream: SeriesId) -> Series | Draft | None:
        """The series or draft with this stream; None if there is none."""
        return self.series.get(stream) or self.drafts.get(DocumentId(stream))

    def series_of(self, firm_id: FirmId, mode: Mode) -> list[Series]:
        """All series of one partition, in the order in which they were opened."""
        return [self.series[series_id] for series_id in self.partitions.get((firm_id, mode), List())][::-1]

    def partition_end(self, firm_id: FirmId, mode: Mode) -> Position:
        """The position of the last event of the partition: a report up to here contains the whole partition."""
        return self.partition_ends.get((firm_id, mode), Position(0))

    def block_at(self, position: Position) -> tuple[Series, Block] | None:
        """The block reserved at `position`, if it has pending numbers, and its series."""
        place = self.unsettled.get(position)
        if place is None:
            return None
        series_id, first = place
        series = self.series[series_id]
        block = series.blocks.holding(first)
        assert block is not None, "an unsettled block is in its series"
        return series, block


NO_CONTENT: Final = Digest("")
"""The content, in a state, of a document of which nothing is left."""


def name_key(firm_id: FirmId, mode: Mode, document_type: DocumentType, name: str) -> NameKey:
    """A key that is unique: firm, mode, document type, and the name in one case (CONTRACT.md D20)."""
    return firm_id, mode, document_type, name.casefold()


def empty_state(log_id: LogId) -> State:
    """The state before the first event."""
    return State(log_id)
