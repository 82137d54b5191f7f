"""Connections with the role and the settings of the projector."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

CONNECT_SECONDS_MAX: Final = 10.0
CLOSE_SECONDS_MAX: Final = 5.0

SETTINGS: Final = {
    "role": "numbering_projector",
    "application_name": "numbering projections",
    # Rows and checkpoint are committed together, and both come from the log: the runner applies again what a crash of
    # PostgreSQL took back.
    "synchronous_commit": "off",
    # A runner that hangs inside a transaction must not keep the lock of a checkpoint from the other runners.
    "idle_in_transaction_session_timeout": "60s",
}


@asynccontextmanager
async def connected(database_url: str) -> AsyncGenerator[asyncpg.Connection]:
    """A connection with the role numbering_projector, open until the `async with` block ends."""
    connection = await asyncpg.connect(database_url, timeout=CONNECT_SECONDS_MAX, server_settings=SETTINGS)
    try:
        yield connection
    finally:
        try:
            await connection.close(timeout=CLOSE_SECONDS_MAX)
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()
