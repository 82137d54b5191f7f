"""What `numbering gaps`, `replay` and `rebuild` share: a reader's connection, and which series are meant."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

import asyncpg
import click

from schemas.events import SeriesOpened
from schemas.record import Record, decode_record
from schemas.values import DEFAULT_LOG
from service.cli.operator_errors import explaining_postgres
from service.cli.present import database_url, present_settings
from service.statements import statement

firm_filter = click.option("--firm", metavar="FIRM", help="Only series of this firm.")
series_filter = click.option("--series", metavar="SERIES", help="Only this series, by id or name.")


@asynccontextmanager
async def reader() -> AsyncGenerator[asyncpg.Connection]:
    """A connection that may read the log and the projections, and nothing else. Raises CommandFault."""
    url = database_url(present_settings())
    with explaining_postgres(url):
        connection = await asyncpg.connect(url, server_settings={"role": "numbering_reader"})
        try:
            yield connection
        finally:
            await connection.close()


async def opened_series(connection: asyncpg.Connection, firm: str | None, series: str | None) -> list[Record]:
    """The first event of each series that is meant, in order."""
    rows = await connection.fetch(statement("series_opened"), DEFAULT_LOG, firm)
    return list(of_series((decode_record(row["record"]) for row in rows), series))


def of_series(opened: Iterable[Record], series: str | None) -> Iterable[Record]:
    """Those of these first events whose series has this id or name; all if none is given."""
    for record in opened:
        name = record.event.name if isinstance(record.event, SeriesOpened) else None
        if series is None or series in {record.stream, name}:
            yield record
