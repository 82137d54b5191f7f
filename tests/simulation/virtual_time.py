"""An event loop with a clock that jumps to the next timer instead of waiting for it: hours pass in a moment."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _Impatient(selectors.DefaultSelector):
    """Never waits: the clock jumps to the end of each wait."""

    skipped_seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; the clock jumps by `timeout`."""
        assert timeout is not None, "every task waits for another one: a deadlock"
        self.skipped_seconds += max(0.0, timeout)
        return super().select(0)


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        """The seconds of waiting so far; computing takes no time."""
        return self._impatient.skipped_seconds


def run_in_virtual_time(main: Coroutine[Any, Any, None]) -> None:
    """Run to completion; every sleep and time-out takes its virtual time and no real one."""
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        runner.run(main)
