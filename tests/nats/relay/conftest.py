"""What the tests of the relay leave behind."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def no_garbage() -> Iterator[None]:
    """Closed connections are cycles; collected while pytest compiles a module, they meet a defect of CPython 3.11.

    https://github.com/python/cpython/issues/106905: "AST constructor recursion depth mismatch".
    """
    yield
    gc.collect()
