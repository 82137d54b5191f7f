"""The names of firms, for what people read."""

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from schemas.values import FirmId
from service.statements import statement


async def firm_name(connection: asyncpg.Connection | PoolConnectionProxy, firm_id: FirmId) -> str:
    """The name of the firm; empty if the database has no such firm. Raises asyncpg's errors."""
    return await connection.fetchval(statement("access_firm_name"), firm_id) or ""
