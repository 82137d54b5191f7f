"""The rows of the projections, in the form in which `numbering replay` and `check` compare them.

A row is written as one line: a JSON array of the name of its table and the values of its columns, in the order below.
The columns that a content gives are left out, because a content is outside of the log and may be erased; and so are
those of a draft that its content alone says.
"""

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Final

from msgspec import Struct

from schemas.values import (
    DeviceId,
    Digest,
    DocumentId,
    DocumentType,
    Fate,
    FirmId,
    GapCode,
    IsoDate,
    LogId,
    Mode,
    Number,
    Position,
    SeriesId,
    UnixSeconds,
)

PROJECTIONS: Final = ("counters", "gaps", "invoices", "register")


class CounterRow(Struct, array_like=True, tag="counter", gc=False):
    """`counters.counter`: one for each series."""

    series_id: SeriesId
    log_id: LogId
    firm_id: FirmId
    mode: Mode
    name: str
    document_type: DocumentType
    opened_at: UnixSeconds
    position: Position
    start_number: Number
    next_number: Number
    standing: int = 0
    voided: int = 0
    withdrawn: int = 0
    pending: int = 0
    released: int = 0
    expired: int = 0
    lost: int = 0

    def move(self, source: Fate | None, target: Fate | None, count: int) -> None:
        """Take numbers from one term of the equation and give them to another."""
        if source is not None:
            setattr(self, source.value, getattr(self, source.value) - count)
        if target is not None:
            setattr(self, target.value, getattr(self, target.value) + count)


class GapRow(Struct, array_like=True, tag="gap", gc=False):
    """`gaps.gap`, in the order of `first`."""

    series_id: SeriesId
    first: Number
    last: Number
    reason: Fate
    device_id: DeviceId | None
    reserved_at: UnixSeconds
    reserved_by: str
    expires_at: UnixSeconds | None
    ended_at: UnixSeconds
    ended_by: str
    reserved_position: Position
    ended_position: Position
    reason_text: str | None = None
    full_number: str | None = None


class ExplanationRow(Struct, array_like=True, tag="explanation", gc=False):
    """`gaps.explanation`, in the order of `position`."""

    series_id: SeriesId
    first: Number
    last: Number
    code: GapCode
    text: str
    explained_at: UnixSeconds
    explained_by: str
    position: Position


class BlockRow(Struct, array_like=True, tag="block", gc=False):
    """`register.block`, in the order of `last`: blocks with pending numbers."""

    series_id: SeriesId
    first: Number
    last: Number
    pending: int
    device_id: DeviceId | None
    reserved_at: UnixSeconds
    expires_at: UnixSeconds
    position: Position


class EndingRow(Struct, array_like=True, tag="ending", gc=False):
    """`register.ending`, in the order of `last`."""

    series_id: SeriesId
    first: Number
    last: Number
    fate: Fate
    device_id: DeviceId | None
    reserved_at: UnixSeconds
    ended_at: UnixSeconds
    document_id: DocumentId | None
    reserved_position: Position
    ended_position: Position
    full_number: str | None = None
    date: IsoDate | None = None
    is_inverted: bool = False


class InvoiceRow(Struct, array_like=True, tag="invoice", gc=False):
    """`invoices.invoice`: those of a series in the order of their numbers, then drafts in the order of their ids.

    The date and the type of a draft, and the series it is meant for, are not here.
    """

    document_id: DocumentId
    log_id: LogId
    firm_id: FirmId
    mode: Mode
    series_id: SeriesId | None
    number: Number | None
    full_number: str | None
    date: IsoDate | None
    document_type: DocumentType | None
    fate: Fate
    reverses: DocumentId | None
    reversal: DocumentId | None
    voided_at: UnixSeconds | None
    created_at: UnixSeconds
    modified_at: UnixSeconds
    created_position: Position
    position: Position
    content: Digest
    reason_content: Digest | None = None
    client_local_uuid: str | None = None

    def stand(self, fate: Fate, at: UnixSeconds, reason: Digest | None = None) -> None:
        """Give the document this fate at this time."""
        self.fate, self.reason_content = fate, reason
        self.voided_at = at if fate is Fate.VOIDED else None


Row = CounterRow | GapRow | ExplanationRow | BlockRow | EndingRow | InvoiceRow


class RowsOfSeries(Struct):
    """Every row of one series, each table by the key that orders it."""

    counter: CounterRow
    gaps: dict[Number, GapRow] = {}
    explanations: list[ExplanationRow] = []
    blocks: dict[Position, BlockRow] = {}
    endings: dict[Number, EndingRow] = {}
    invoices: dict[DocumentId, InvoiceRow] = {}

    def of(self, projection: str) -> Iterator[Row]:
        """The rows of one of PROJECTIONS, in their order."""
        match projection:
            case "counters":
                yield self.counter
            case "gaps":
                yield from sorted(self.gaps.values(), key=attrgetter("first"))
                yield from self.explanations
            case "register":
                yield from sorted(self.blocks.values(), key=attrgetter("last"))
                yield from self._endings()
            case "invoices":
                yield from self._invoices()
            case _:
                raise KeyError(projection)

    def _endings(self) -> Iterable[EndingRow]:
        """The endings, each marked if it is a standing document dated before the standing one below it."""
        rows = sorted(self.endings.values(), key=attrgetter("last"))
        below: IsoDate | None = None
        for row in rows:
            row.is_inverted = False
            if row.fate is Fate.STANDING and row.date is not None:
                row.is_inverted = below is not None and row.date < below
                below = row.date
        return rows

    def _invoices(self) -> Iterable[InvoiceRow]:
        """The invoices with their reversals: the newest standing document that reverses each."""
        rows = sorted(self.invoices.values(), key=attrgetter("number"))
        newest: dict[DocumentId, InvoiceRow] = {}
        for row in rows:
            row.reversal = None
            if row.reverses is not None and row.fate is Fate.STANDING:
                other = newest.get(row.reverses)
                if other is None or other.created_position < row.created_position:
                    newest[row.reverses] = row
        for document_id, reversal in newest.items():
            if document_id in self.invoices:
                self.invoices[document_id].reversal = reversal.document_id
        return rows
