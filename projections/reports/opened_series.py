"""Which series a report is about: those of a firm or of all firms, with an id or a name."""

from projections.keeping.one_moment import Connection
from projections.statements import statement
from schemas.events import SeriesOpened
from schemas.record import Record, decode_record
from schemas.values import FirmId, SeriesId


async def opened_series(connection: Connection, firm_id: FirmId | None, named: str | None) -> list[SeriesId]:
    """The series with the id or name `named`, in the order in which they were opened; None means any name.

    They are of one firm; a `firm_id` of None means all firms. Raises asyncpg's errors.
    """
    rows = await connection.fetch(statement("log_series_opened"), firm_id)
    return [record.stream for row in rows if opens(record := decode_record(row["record"]), named)]


def opens(record: Record, named: str | None) -> bool:
    """Whether this first event of a stream opens a series with the id or name `named`; None means any event."""
    name = record.event.name if isinstance(record.event, SeriesOpened) else None
    return named is None or named in {record.stream, name}
