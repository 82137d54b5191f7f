"""The benchmarks by name. To add one, write a module with a `run` and name it here."""

from collections.abc import Awaitable, Callable
from typing import Final

from tests.benchmarks import evidence, growth, http_requests, long_append, relay, requests, writer
from tests.benchmarks.peers import compared
from tests.benchmarks.place import Pace, Place
from tests.benchmarks.report import Report

Benchmark = Callable[[Place, Pace], Awaitable[Report]]

BENCHMARKS: Final[dict[str, Benchmark]] = {
    "evidence": evidence.run,
    "growth": growth.run,
    "http": http_requests.run,
    "one": http_requests.run_one,
    "peers": compared.run,
    "relay": relay.run,
    "requests": requests.run,
    "writer": writer.run,
}

LONG: Final[dict[str, Benchmark]] = {
    "long-log": long_append.run,
}
"""Those that take a quarter of an hour and some gigabytes of disk, each: they run only when they are named."""
