"""A broken invariant is a failed `assert`, and ends the process: its supervisor starts it again, from the log.

In a task of the process's TaskGroup it does so by itself. A request is answered in a task that no group waits for:
there the handler reports it.
"""

import asyncio
from typing import NoReturn


class AssertsMissingError(Exception):
    """Python was told to leave `assert` out (`-O`, PYTHONOPTIMIZE): a broken invariant would go on unseen."""


def require_asserts() -> None:
    """Return if this Python checks asserts. Raises AssertsMissingError."""
    if not __debug__:
        raise AssertsMissingError(
            "Python runs without asserts, which numbering needs; start it without -O and without PYTHONOPTIMIZE"
        )


class BrokenInvariants:
    """How a request handler ends the process: it reports, and `raise_reported` raises in the TaskGroup."""

    def __init__(self) -> None:
        # Set once, by the first report; later ones follow from the same defect.
        self._first: AssertionError | None = None
        self._is_reported = asyncio.Event()

    def report(self, error: AssertionError) -> None:
        """End the process because of this error. Returns at once, so that the handler can still answer its caller."""
        self._first = self._first or error
        self._is_reported.set()

    async def raise_reported(self) -> NoReturn:
        """Wait for a report and raise its error; belongs in the TaskGroup that the process lives as long as."""
        await self._is_reported.wait()
        assert self._first is not None, "the event is set by `report` alone"
        raise self._first
