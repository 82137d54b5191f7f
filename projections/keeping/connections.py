"""Connections of the projector, with its own role and settings."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

CONNECT_SECONDS_MAX: Final = 10.0
CLOSE_SECONDS_MAX: Final = 5.0

SETTINGS: Final = {
    "role": "numbering_projector",
    "application_name": "numbering projections",
    # A projection is made of the log, and its checkpoint is committed with its rows: what a crash of PostgreSQL takes
    # back is applied again.
    "synchronous_commit": "off",
    # A projector that hangs inside a transaction must not keep the checkpoint from the others.
    "idle_in_transaction_session_timeout": "60s",
}


@asynccontextmanager
async def connected(database_url: str) -> AsyncGenerator[asyncpg.Connection]:
    """A connection for the life of the block, with the role numbering_projector."""
    connection = await asyncpg.connect(database_url, timeout=CONNECT_SECONDS_MAX, server_settings=SETTINGS)
    try:
        yield connection
    finally:
        try:
            await connection.close(timeout=CLOSE_SECONDS_MAX)
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()
