"""The API on a real port, over a real PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.support.service.client import Api, an_api


@pytest_asyncio.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """A service of the test's own, with two firms and no rate limit."""
    async with an_api(database_url, tmp_path) as running:
        yield running
