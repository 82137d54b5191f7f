"""Two replicas of the service over one log."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest_asyncio

from tests.races.contest import check_the_log
from tests.support.service.client import Api, Clock, Options, an_api

TTL_SECONDS = 600


@pytest_asyncio.fixture
async def pair(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Api, Api]]:
    """Both replicas, each with its own clock, and the credentials of one firm; the log is checked after the test."""
    options = Options(settings={"reservation_ttl_seconds": TTL_SECONDS})
    async with (
        an_api(database_url, tmp_path, options, Clock()) as first,
        an_api(database_url, tmp_path, options, Clock()) as second,
    ):
        yield first, replace(second, firm=first.firm, other_firm=first.other_firm)
        await check_the_log(first)
