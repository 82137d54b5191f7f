"""A counter as an aggregate of the Python library `eventsourcing`, in PostgreSQL: a program of its own.

It runs in the virtual environment that has the dependency group `peers`, and imports nothing of ours.

    python eventsourcing_counter.py MODE DATABASE_URL THREADS

For each line of its input, a number of seconds, its threads reserve for so long; it then writes a line of JSON: the
latencies in seconds, how long it took, the seconds of processor time, and how often a thread had to try again. All
numbers are checked. MODE is

- `snapshots`: each request reads the last snapshot and the events after it, so any number of processes may write;
- `cached`: the aggregate stays in memory, and one thread after the other uses it, so no other process may write.

Without either, each request would read all events of the counter, and no figure would hold for long.
"""

import json
import sys
import threading
from time import perf_counter, process_time
from urllib.parse import urlsplit
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError

COUNTER = UUID(int=1)
SNAPSHOT_EVERY = 50


class Counter(Aggregate):
    """A series of numbers."""

    @staticmethod
    def create_id() -> UUID:
        """There is one."""
        return COUNTER

    @event("Opened")
    def __init__(self) -> None:
        self.next_number = 1

    @event("NumbersReserved")
    def move(self, number: int, device_id: str) -> None:
        """A device holds this number."""
        self.next_number = number + 1


class Numbering(Application):
    """Gives numbers."""

    def open(self) -> None:
        """Make the counter, if there is none."""
        try:
            self.repository.get(COUNTER)
        except AggregateNotFoundError:
            self.save(Counter())

    def reserve(self) -> int:
        """The next number, durable on return. Raises IntegrityError if another thread took it."""
        counter = self.repository.get(COUNTER)
        number = counter.next_number
        counter.move(number, "device")
        self.save(counter)
        return number


class Cached(Numbering):
    """The same, with the counter in memory; its name is that of its tables."""

    env = {"AGGREGATE_CACHE_MAXSIZE": "1", "AGGREGATE_CACHE_FASTFORWARD": "n"}  # noqa: RUF012 - the library asks for it


class WithSnapshots(Numbering):
    """The same, with a snapshot now and then."""

    snapshotting_intervals = {Counter: SNAPSHOT_EVERY}  # noqa: RUF012 - the library asks for it


class Load:
    """Threads that reserve, each again as soon as it has its number."""

    def __init__(self, application: Numbering, threads: int, *, is_in_turn: bool) -> None:
        self._application = application
        self._threads = threads
        self._turn = threading.Lock() if is_in_turn else None
        self._numbers: list[int] = []
        self._latencies: list[float] = []
        self._refused = 0

    def run(self, seconds: float) -> dict[str, object]:
        """Reserve for so long, each thread at least once, and say what came of it."""
        self._latencies, self._refused, self._numbers = [], 0, []
        first = self._application.repository.get(COUNTER).next_number
        started, spent = perf_counter(), process_time()
        threads = [
            threading.Thread(target=self._reserve_until, args=(started + seconds,)) for _ in range(self._threads)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        taken, spent = perf_counter() - started, process_time() - spent
        assert sorted(self._numbers) == list(range(first, first + len(self._numbers))), "each number was given once"
        return {"latencies": self._latencies, "seconds": taken, "processor": spent, "refused": self._refused}

    def _reserve_until(self, deadline: float) -> None:
        now = perf_counter()
        while True:
            asked = now
            self._numbers.append(self._reserve())
            now = perf_counter()
            self._latencies.append(now - asked)
            if now >= deadline:
                return

    def _reserve(self) -> int:
        if self._turn is not None:
            with self._turn:
                return self._application.reserve()
        while True:
            try:
                return self._application.reserve()
            except IntegrityError:
                self._refused += 1


def main(mode: str, database_url: str, threads: int) -> None:
    """Do what the lines of the input say."""
    address = urlsplit(database_url)
    environment = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": address.path.lstrip("/"),
        "POSTGRES_HOST": str(address.hostname),
        "POSTGRES_PORT": str(address.port),
        "POSTGRES_USER": str(address.username),
        "POSTGRES_PASSWORD": str(address.password),
        "POSTGRES_POOL_SIZE": str(threads),
    }
    application = (Cached if mode == "cached" else WithSnapshots)(environment)
    application.open()
    load = Load(application, threads, is_in_turn=mode == "cached")
    for line in sys.stdin:
        sys.stdout.write(json.dumps(load.run(float(line))) + "\n")
        sys.stdout.flush()
    application.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
