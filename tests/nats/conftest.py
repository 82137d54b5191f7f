"""The service over NATS."""

import gc
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.support.nats.requesting import Requester, a_requester
from tests.support.service.client import Api


@pytest_asyncio.fixture
async def requester(api: Api, nats_url: str) -> AsyncIterator[Requester]:
    """A NATS client and the service it asks."""
    async with a_requester(api, nats_url) as asking:
        yield asking


@pytest.fixture(scope="session", autouse=True)
def no_garbage() -> Iterator[None]:
    """Closed connections are cycles; collected while pytest compiles a module, they meet a defect of CPython 3.11.

    https://github.com/python/cpython/issues/106905: "AST constructor recursion depth mismatch".
    """
    yield
    gc.collect()
