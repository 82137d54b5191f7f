"""The benchmarks by name. To add one, write a module with a `run` and name it here."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from tests.benchmarks import growth, http_requests, relay, requests, writer
from tests.benchmarks.place import Pace, Place
from tests.benchmarks.report import Report

BENCHMARKS: Final[Mapping[str, Callable[[Place, Pace], Awaitable[Report]]]] = {
    "growth": growth.run,
    "http": http_requests.run,
    "one": http_requests.run_one,
    "relay": relay.run,
    "requests": requests.run,
    "writer": writer.run,
}
