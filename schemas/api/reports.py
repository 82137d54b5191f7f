"""The reports of CONTRACT.md D68: the gap report and the number register, each with the accounting equation."""

from msgspec import Struct

from schemas.values import DeviceId, DocumentId, Fate, FirmId, Mode, Number, Position, SeriesId, UnixSeconds


class Moment(Struct, frozen=True):
    """What a report is true for: everything up to `position`, whose event is of `time`; none before the first event."""

    position: Position
    time: UnixSeconds | None


class Terms(Struct, frozen=True):
    """`taken` = next_number - start_number, and the numbers of each fate; balanced always (DESIGN.md section 1)."""

    taken: int = 0
    standing: int = 0
    voided: int = 0
    withdrawn: int = 0
    pending: int = 0
    released: int = 0
    expired: int = 0

    @property
    def accounted(self) -> int:
        """How many numbers have a recorded fate."""
        return self.standing + self.voided + self.withdrawn + self.pending + self.released + self.expired

    @property
    def is_balanced(self) -> bool:
        """Whether the equation holds."""
        return self.taken == self.accounted

    def words(self) -> str:
        """The equation as one line of text."""
        terms = " + ".join(f"{getattr(self, fate)} {fate}" for fate in Fate)
        return f"{self.taken} taken {'=' if self.is_balanced else '!='} {terms}"


class Gap(Struct, frozen=True, gc=False, tag_field="object", tag="gap"):
    """`first` .. `last` carry no document, and why; `positions` are those of the reserving and of the ending event."""

    first: Number
    last: Number
    count: int
    reason: Fate
    device_id: DeviceId | None
    reserved_at: UnixSeconds
    ended_at: UnixSeconds
    ended_by: str
    positions: tuple[Position, Position]


class GapReport(Struct, frozen=True, tag_field="object", tag="gap_report"):
    """Every gap of a series up to `as_of`, in order, and the equation."""

    series_id: SeriesId
    firm_id: FirmId
    mode: Mode
    series_name: str
    as_of: Moment
    equation: Terms
    data: list[Gap]


class NumberRangeRow(Struct, frozen=True, gc=False, tag_field="object", tag="number_range"):
    """What became of `first` .. `last`. Of numbers with different times, the first reservation and the last ending.

    `ended_at` is the time of the event that gave the present fate, none while pending; `invoice_id` is there on a range
    of one number with a document.
    """

    first: Number
    last: Number
    fate: Fate
    device_id: DeviceId | None
    reserved_at: UnixSeconds
    ended_at: UnixSeconds | None
    invoice_id: DocumentId | None


class NumberRegister(Struct, frozen=True, tag_field="object", tag="number_register"):
    """A page of what became of every number of a series up to `as_of`, in order, and the equation."""

    series_id: SeriesId
    firm_id: FirmId
    mode: Mode
    series_name: str
    as_of: Moment
    equation: Terms
    data: list[NumberRangeRow]
    has_more: bool
