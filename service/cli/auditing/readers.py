"""What `numbering gaps` and `replay` share: a reader's connection, and the options that say which series are meant."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import click

from service.cli.screen.operator_errors import explaining_postgres
from service.cli.starting.present import database_url, present_settings
from service.log.sessions import connected

firm_filter = click.option("--firm", metavar="FIRM", help="Only series of this firm.")
series_filter = click.option("--series", metavar="SERIES", help="Only this series, by id or name.")


@asynccontextmanager
async def reader() -> AsyncGenerator[asyncpg.Connection]:
    """A connection that may read the log and the projections, and nothing else. Raises CommandFault."""
    url = database_url(present_settings())
    with explaining_postgres(url):
        async with connected(url, "numbering_reader", "numbering") as connection:
            yield connection
