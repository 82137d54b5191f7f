"""Which series are meant: those of a firm, of all firms, or the ones of an id or a name."""

from projections.keeping.one_moment import Connection
from projections.statements import statement
from schemas.events import SeriesOpened
from schemas.record import Record, decode_record
from schemas.values import FirmId, SeriesId


async def opened_series(connection: Connection, firm_id: FirmId | None, named: str | None) -> list[SeriesId]:
    """The series of a firm, of all firms for none, that are `named` so, in the order in which they were opened.

    Raises asyncpg's errors.
    """
    rows = await connection.fetch(statement("log_series_opened"), firm_id)
    return [record.stream for row in rows if opens(record := decode_record(row["record"]), named)]


def opens(record: Record, named: str | None) -> bool:
    """Whether the first event of a stream opens the series of this id or name; whatever it opens, for none."""
    name = record.event.name if isinstance(record.event, SeriesOpened) else None
    return named is None or named in {record.stream, name}
