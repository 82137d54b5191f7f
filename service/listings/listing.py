"""A listing: what a report says, apart from any format. `service/listings/README.md` says how the formats show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto

from msgspec import Struct

from schemas.values import UnixSeconds
from service.listings.words import Language

Cell = str | int | Decimal | None
"""A value in a row, by the kind of its column: a date is a text as ISO 8601, a time is in Unix seconds."""

Row = Sequence[Cell]


class Kind(Enum):
    """What the values of a column are, and so how they are written in each format and language."""

    TEXT = auto()
    DOCUMENT_NUMBER = auto()  # a text that no program may take for a number: 00012 stays 00012
    NUMBER = auto()
    AMOUNT = auto()
    DATE = auto()
    TIME = auto()


class Where(Enum):
    """Which formats show a column: paper has room for few."""

    EVERYWHERE = auto()
    SHEET = auto()  # CSV and XLSX
    PAPER = auto()  # PDF


class Column(Struct, frozen=True):
    """A column; `width` is how many characters a usual value has."""

    title: str
    kind: Kind
    width: int
    where: Where = Where.EVERYWHERE


class Fact(Struct, frozen=True):
    """A line above the table."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a listing says that does not follow from the events: for whom, by whom and when it was made.

    `zone` is the IANA name of the zone in which times are shown. `period` is in words, empty if the listing is of all
    that happened up to its moment. `note` is the size and the root, in base64, of the newest note of the log.
    """

    language: Language
    zone: str
    listed_at: UnixSeconds
    software: str
    firm_name: str = ""
    period: str = ""
    note: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Everything of a listing but its rows.

    `entity` is the firm, `period` what it is about. They stand on each page with the title, the time of the listing,
    the page number and the program, as OMFP 2634/2015, annex 1, point 58 k, asks. `notes` stand above the table,
    `below` under it. `stem` is the name of a file without its ending.
    """

    title: str
    entity: str
    period: str
    surroundings: Surroundings
    columns: Sequence[Column]
    facts: Sequence[Fact] = ()
    notes: Sequence[str] = ()
    below: Sequence[str] = ()
    empty: str = ""
    stem: str = "listing"


class ListingTooLongError(Exception):
    """The listing has more rows than the format can show; `others` are formats that can."""

    def __init__(self, rows_max: int, others: str) -> None:
        super().__init__(f"this format shows at most {rows_max} rows; ask for {others}")
        self.rows_max = rows_max
        self.others = others


class FormatMissingError(Exception):
    """What writes the format is not installed; `extra` is the extra of this program that installs it."""

    def __init__(self, extra: str) -> None:
        super().__init__(f"the extra {extra} is not installed: pip install 'invoice-numbering[{extra}]'")
        self.extra = extra
