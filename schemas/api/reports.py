"""The objects of the gap report and the number register, each with the accounting equation (CONTRACT.md D68)."""

from msgspec import Struct

from schemas.values import DeviceId, DocumentId, Fate, FirmId, Mode, Number, Position, SeriesId, UnixSeconds


class Moment(Struct, frozen=True):
    """The moment that a report is about: all events up to `position`, the last one at `time`; none if there is none."""

    position: Position
    time: UnixSeconds | None


class Terms(Struct, frozen=True):
    """The accounting equation: `taken` = next_number - start_number is the sum of the others (DESIGN.md section 1)."""

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
    """The numbers `first` to `last` carry no document, for this reason.

    `positions` are those of two events: the one that reserved the numbers and the one that made them a gap.
    """

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
    """Every gap of a series up to `as_of`, in the order of the numbers, and the accounting equation."""

    series_id: SeriesId
    firm_id: FirmId
    mode: Mode
    series_name: str
    as_of: Moment
    equation: Terms
    data: list[Gap]


class NumberRangeRow(Struct, frozen=True, gc=False, tag_field="object", tag="number_range"):
    """The fate of the numbers `first` to `last`.

    `ended_at` is the time of the event that gave them this fate; null while they are pending. If the times differ in
    the range, `reserved_at` is the earliest and `ended_at` the latest. `invoice_id` is given if the range is one number
    with a document.
    """

    first: Number
    last: Number
    fate: Fate
    device_id: DeviceId | None
    reserved_at: UnixSeconds
    ended_at: UnixSeconds | None
    invoice_id: DocumentId | None


class NumberRegister(Struct, frozen=True, tag_field="object", tag="number_register"):
    """One page of the fates of all numbers of a series up to `as_of`, in order, and the accounting equation."""

    series_id: SeriesId
    firm_id: FirmId
    mode: Mode
    series_name: str
    as_of: Moment
    equation: Terms
    data: list[NumberRangeRow]
    has_more: bool
