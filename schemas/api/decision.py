"""The numbering decision of a firm for one year, made from its series (OMFP 2634/2015, annex 1, point 24)."""

from msgspec import Struct

from schemas.api.reports import Moment
from schemas.values import DocumentType, FirmId, IsoDate, Mode, Number, SeriesId


class FirstNumber(Struct, frozen=True, gc=False):
    """The number of the first document of a series in a calendar year."""

    year: int
    """The year."""
    number: Number
    """What the counter gave next when the year began; or lower, if an earlier number carries a document of the year."""


class DecidedSeries(Struct, frozen=True, tag_field="object", tag="decided_series"):
    """A row of the decision. What the service does not know is null until it is given, and printed as a blank."""

    row: int
    """The number of the row, from 1."""
    document_type: DocumentType
    """What the series numbers."""
    series_id: SeriesId
    """The series."""
    series_name: str
    """The name of the series."""
    format: str
    """How a number of the series is printed."""
    first: Number
    """The number of the first document of the year."""
    last: Number
    """The last number that is planned: first + size - 1, or the highest that was taken in the year, if it is more."""
    first_text: str
    """The first number, as a document of the year shows it."""
    last_text: str
    """The last number in the same way."""
    taken: Number | None
    """The highest number that was taken in the year; null if none was."""
    first_numbers: list[FirstNumber]
    """The first number of each year since the series was opened, this one included."""
    responsible: str | None = None
    """The person who answers for the series."""
    work_point: str | None = None
    """The store, work point or office."""
    remarks: str | None = None
    """Anything else that the decision says of the series."""


class DecisionEntity(Struct, frozen=True, forbid_unknown_fields=True):
    """The firm, as it stands in the trade register."""

    name: str | None = None
    """Its name."""
    tax_id: str | None = None
    """Its CUI."""
    register_number: str | None = None
    """Its number in the trade register."""
    address: str | None = None
    """Its address."""


class NumberingDecision(Struct, frozen=True, kw_only=True, tag_field="object", tag="numbering_decision"):
    """A decision to sign: who allocates and manages numbers, in which series, and the first number of the year."""

    firm_id: FirmId
    """The firm."""
    mode: Mode
    """The partition of the firm."""
    year: int
    """The financial year, taken as the calendar year."""
    time_zone: str
    """The time zone in which years begin."""
    as_of: Moment
    """The moment of the log from which the numbers are."""
    range_size: int
    """How many numbers are planned for a series, where no other size is given for it."""
    number: str | None
    """The number of the decision."""
    date: IsoDate | None
    """The date of the decision."""
    entity: DecisionEntity
    """The firm's own data."""
    signed_by: str | None
    """Who signs for the firm, usually the administrator."""
    managed_by: str | None
    """The person who allocates and manages numbers."""
    data: list[DecidedSeries]
    """The series, in the order in which they were opened, invoices first."""
