"""What became of numbers: the blocks in which they were taken, and how each ended.

A replay holds them in memory. `projections/reports/replay_on_disk.py` holds them in a file, for logs of any length.
"""

from collections.abc import Iterator

from msgspec import Struct

from schemas.api.reports import NumberRangeRow
from schemas.number_formats import printed_number
from schemas.values import DeviceId, DocumentId, Fate, IsoDate, Number, NumberRange, Position, UnixSeconds


class Block(Struct, gc=False):  # there are many: the garbage collector would stall the loop if it tracked them
    """A range that was taken at once.

    `open` has one bit for each number, the lowest for the first; a bit is set while its number is pending.
    """

    position: Position
    first: Number
    last: Number
    device_id: DeviceId | None
    at: UnixSeconds
    by: str
    expires_at: UnixSeconds | None
    open: int

    def mask(self, numbers: NumberRange) -> int:
        """The bits of these numbers; 0 if not all are of the block."""
        if not self.first <= numbers.first <= numbers.last <= self.last:
            return 0
        return ((1 << len(numbers)) - 1) << (numbers.first - self.first)

    def pending(self, number_format: str) -> Iterator[NumberRangeRow]:
        """A row for each number that is pending."""
        for bit in range(self.open.bit_length()):
            if self.open >> bit & 1:
                number = Number(self.first + bit)
                printed = printed_number(number_format, number)
                yield NumberRangeRow(
                    number, number, printed, printed, Fate.PENDING, self.device_id, self.at, None, None
                )


class Ending(Struct, gc=False):
    """What became of numbers of a block that ended together; they are known by the last one."""

    numbers: NumberRange
    block: Block
    fate: Fate
    at: UnixSeconds
    document_id: DocumentId | None
    full_number: str | None
    date: IsoDate | None

    def row(self, number_format: str) -> NumberRangeRow:
        """The row of these numbers."""
        numbers, block = self.numbers, self.block
        return NumberRangeRow(
            numbers.first,
            numbers.last,
            self.full_number or printed_number(number_format, numbers.first),
            self.full_number or printed_number(number_format, numbers.last),
            self.fate,
            block.device_id,
            block.at,
            self.at,
            self.document_id,
            self.date,
            self.date,
        )


class Endings:
    """The endings of one series."""

    def __init__(self) -> None:
        self._found: dict[Number, Ending] = {}

    def get(self, number: Number) -> Ending | None:
        """The ending that is known by this number."""
        return self._found.get(number)

    def put(self, ending: Ending) -> None:
        """Keep an ending, a new one or one that was changed."""
        self._found[ending.numbers.last] = ending

    def in_order(self) -> Iterator[Ending]:
        """Every ending, in the order of the numbers."""
        for number in sorted(self._found):
            yield self._found[number]


class Kept:
    """What a replay keeps of every number and document."""

    def __init__(self) -> None:
        self._documents: set[DocumentId] = set()

    def endings(self) -> Endings:
        """The endings of one more series, none yet."""
        return Endings()

    def is_new(self, document_id: DocumentId) -> bool:
        """Whether this is the first time that the document is named; it is known from then on."""
        is_new = document_id not in self._documents
        self._documents.add(document_id)
        return is_new
