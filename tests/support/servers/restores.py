"""A database as it was at an earlier moment, beside the one that went on: what a restore from an older copy leaves."""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from tests.support.servers.databases import database, with_database


@asynccontextmanager
async def copied(admin: asyncpg.Connection, database_url: str) -> AsyncGenerator[str]:
    """The address of a copy of the database, as it is now; no session may use the database while it is copied."""
    name = f"restored_{secrets.token_hex(4)}"
    async with database(admin, name, urlsplit(database_url).path.removeprefix("/")):
        yield with_database(database_url, name)
