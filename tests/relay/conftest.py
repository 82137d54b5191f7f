"""A NATS server of the test's own, to kill and to rob."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.embedded import EmbeddedNats

SERVER = "NUMBERING_TEST_NATS_SERVER"
"""Names the nats-server program these tests start, to try another version than the installed one."""


@pytest.fixture
def server(data_dir: Path) -> Iterator[EmbeddedNats]:
    """A running server."""
    binary = os.environ.get(SERVER)
    with EmbeddedNats(data_dir / "nats", Path(binary) if binary else None) as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def no_garbage() -> Iterator[None]:
    """Closed connections are cycles; collected while pytest compiles a module, they meet a defect of CPython 3.11.

    https://github.com/python/cpython/issues/106905: "AST constructor recursion depth mismatch".
    """
    yield
    gc.collect()
