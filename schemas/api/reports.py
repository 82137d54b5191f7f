"""The objects of the gap report and the number register, each with the accounting equation (CONTRACT.md D68)."""

from msgspec import Struct

from schemas.values import (
    DeviceId,
    DocumentId,
    DocumentType,
    Fate,
    FirmId,
    GapCode,
    IsoDate,
    Mode,
    Number,
    Position,
    SeriesId,
    UnixSeconds,
)


class Moment(Struct, frozen=True):
    """The moment that a report is about: all events up to `position`, the last one at `time`; none if there is none."""

    position: Position
    """The position of the last event that counts; 0 if there is none."""
    time: UnixSeconds | None
    """The time of that event, in Unix seconds; null if there is none."""


class Terms(Struct, frozen=True):
    """The accounting equation: `taken` = next_number - start_number is the sum of the others (DESIGN.md section 1)."""

    taken: int = 0
    """How many numbers the counter has given."""
    standing: int = 0
    """Numbers on documents that stand."""
    voided: int = 0
    """Numbers on voided documents."""
    withdrawn: int = 0
    """Numbers whose voided document was deleted."""
    pending: int = 0
    """Reserved numbers that may still be used."""
    released: int = 0
    """Reserved numbers that their device gave up."""
    expired: int = 0
    """Reserved numbers whose time ran out."""
    lost: int = 0
    """Numbers that an operator stepped over because the log had lost what became of them."""

    @property
    def accounted(self) -> int:
        """How many numbers have a recorded fate."""
        return sum(getattr(self, fate) for fate in Fate)

    @property
    def is_balanced(self) -> bool:
        """Whether the equation holds."""
        return self.taken == self.accounted

    def words(self) -> str:
        """The equation as one line of text; it names `lost` only where numbers were lost."""
        named = (fate for fate in Fate if fate is not Fate.LOST or self.lost)
        terms = " + ".join(f"{getattr(self, fate)} {fate}" for fate in named)
        return f"{self.taken} taken {'=' if self.is_balanced else '!='} {terms}"


class GapExplanation(Struct, frozen=True, gc=False, tag_field="object", tag="gap_explanation"):
    """Why the numbers `first` to `last` never became documents, as an operator or admin said it (CONTRACT.md D112)."""

    first: Number
    """The first number that it is about."""
    last: Number
    """The last number that it is about."""
    code: GapCode
    """What kind of reason it is."""
    text: str
    """The reason in words."""
    explained_at: UnixSeconds
    """When it was said, in Unix seconds."""
    explained_by: str
    """What kind of caller said it, with ids; never a person's name."""
    position: Position
    """The position of the event that says it."""


class Neighbour(Struct, frozen=True, gc=False):
    """The nearest number below or above a gap that carries a document, standing or voided (CONTRACT.md D113)."""

    number: Number
    """The number."""
    full_number: str
    """The number as its document shows it."""
    date: IsoDate
    """The date of the document."""


class Gap(Struct, frozen=True, gc=False, tag_field="object", tag="gap"):
    """The numbers `first` to `last` carry no document, for this reason.

    `positions` are those of two events: the one that reserved the numbers and the one that made them a gap. For lost
    numbers both are the event by which an operator stepped over them.
    """

    first: Number
    """The first number of the gap."""
    last: Number
    """The last number of the gap."""
    count: int
    """How many numbers it has."""
    printed_first: str
    """The first number in the format of the series. `{year}` stays as it is, unless a withdrawn document showed one."""
    printed_last: str
    """The last number in the same way."""
    reason: Fate
    """Why these numbers carry no document."""
    device_id: DeviceId | None
    """The device that had reserved them."""
    reserved_at: UnixSeconds
    """When they were taken from the counter, in Unix seconds."""
    reserved_by: str
    """What kind of caller took them, with ids; never a person's name."""
    expires_at: UnixSeconds | None
    """Until when they were reserved, in Unix seconds; null if they were taken to issue at once, or lost."""
    ended_at: UnixSeconds
    """When they became a gap, in Unix seconds."""
    ended_by: str
    """What kind of caller made them a gap, with ids; never a person's name."""
    positions: tuple[Position, Position]
    """The positions of two events: the one that reserved them, the one that made them a gap."""
    below: Neighbour | None = None
    """The nearest lower number that carries a document; null if there is none."""
    above: Neighbour | None = None
    """The nearest higher number that carries a document; null if there is none."""
    reason_text: str | None = None
    """Why an operator stepped over lost numbers, in the operator's words; null for other gaps."""
    explanations: list[GapExplanation] = []
    """Every explanation of any of its numbers, the oldest first; the last one counts."""
    is_explained: bool = False
    """Whether every number of it is explained."""


class GapReport(Struct, frozen=True, tag_field="object", tag="gap_report"):
    """Every gap of a series up to `as_of`, in the order of the numbers, and the accounting equation.

    It follows from the events of the series alone: whoever has them makes the same report, byte for byte.
    """

    series_id: SeriesId
    """The series."""
    firm_id: FirmId
    """The firm."""
    mode: Mode
    """The partition of the firm."""
    series_name: str
    """The name of the series."""
    document_type: DocumentType
    """The type of all documents of the series."""
    format: str
    """How a number of the series is printed."""
    as_of: Moment
    """The moment that the report is about."""
    equation: Terms
    """How the numbers that were taken add up."""
    duplicates: int
    """How many numbers carry more than one document; 0, because neither the log nor a replay takes a second one."""
    date_inversions: int
    """How many standing documents are dated before the standing document with the next lower number."""
    data: list[Gap]
    """The gaps, in the order of the numbers."""
    digest: str = ""
    """SHA-256 in hexadecimal, over this report as JSON without white space and without this field (D113)."""


class GapExplanations(Struct, frozen=True, tag_field="object", tag="gap_explanations"):
    """Every explanation of a gap of a series up to `as_of`, in the order in which they were given."""

    series_id: SeriesId
    """The series."""
    firm_id: FirmId
    """The firm."""
    mode: Mode
    """The partition of the firm."""
    series_name: str
    """The name of the series."""
    document_type: DocumentType
    """The type of all documents of the series."""
    format: str
    """How a number of the series is printed."""
    as_of: Moment
    """The moment that the list is about."""
    equation: Terms
    """How the numbers that were taken add up."""
    data: list[GapExplanation]
    """The explanations."""


class NumberRangeRow(Struct, frozen=True, gc=False, tag_field="object", tag="number_range"):
    """The fate of the numbers `first` to `last`.

    `ended_at` is the time of the event that gave them this fate; null while they are pending. If the times differ in
    the range, `reserved_at` is the earliest and `ended_at` the latest. `invoice_id` is given if the range is one number
    with a document.
    """

    first: Number
    """The first number of the range."""
    last: Number
    """The last number of the range."""
    printed_first: str
    """The first number as its document shows it; without a document, in the format of the series, as in a gap."""
    printed_last: str
    """The last number in the same way."""
    fate: Fate
    """What became of these numbers."""
    device_id: DeviceId | None
    """The device that reserved or took them; null if it was no device."""
    reserved_at: UnixSeconds
    """When they were taken from the counter, in Unix seconds."""
    ended_at: UnixSeconds | None
    """When they got this fate, in Unix seconds; null while they are pending."""
    invoice_id: DocumentId | None
    """The invoice that has the number; only for a range of one number."""
    earliest_date: IsoDate | None = None
    """The earliest date of the documents that have, or had, these numbers; null for numbers without a document."""
    latest_date: IsoDate | None = None
    """The latest of these dates."""


class NumberRegister(Struct, frozen=True, tag_field="object", tag="number_register"):
    """One page of the fates of all numbers of a series up to `as_of`, in order, and the accounting equation."""

    series_id: SeriesId
    """The series."""
    firm_id: FirmId
    """The firm."""
    mode: Mode
    """The partition of the firm."""
    series_name: str
    """The name of the series."""
    document_type: DocumentType
    """The type of all documents of the series."""
    format: str
    """How a number of the series is printed."""
    as_of: Moment
    """The moment that the report is about."""
    equation: Terms
    """How the numbers that were taken add up."""
    data: list[NumberRangeRow]
    """The ranges of this page, in the order of the numbers."""
    has_more: bool
    """Whether there are numbers after this page; ask again with `after` = `last` of the last range."""
