"""How much processor time processes have taken, as the scheduler of Linux counts it; elsewhere all take 0.

Rates depend on what else the machine does, and so does latency. Processor time does so much less.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

POSTGRESQL: Final = "postgres"
NATS: Final = "nats-server"

_PROC: Final = Path("/proc")


class ProcessorTimes:
    """The processor time of the named processes, and of the PostgreSQL and NATS servers that some process started.

    A server that runs in a container or on another machine is not seen, and takes no time.
    """

    def __init__(self, named: Mapping[str, int], parent: int) -> None:
        """`named` are ids of processes; the servers are those that `parent` started, or a child of its did."""
        self._named = named
        self._parent = parent

    def seconds(self) -> dict[str, float]:
        """The seconds that each has taken so far, by name."""
        found = {name: _seconds(each) for name, each in self._named.items()}
        for each, name in _below(self._parent):
            if name in {POSTGRESQL, NATS}:
                found[name] = found.get(name, 0.0) + _seconds(each)
        return found


def _below(parent: int) -> Iterator[tuple[int, str]]:
    """The processes that `parent` started, and those that these started: their ids and names."""
    children: dict[int, list[tuple[int, str]]] = {}
    for entry in _PROC.glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name is in brackets, and may hold anything else.
            head, _, rest = entry.read_text("utf-8", "replace").rpartition(")")
            pid, _, name = head.partition(" (")
            children.setdefault(int(rest.split()[1]), []).append((int(pid), name))
    left = [parent]
    while left:
        found = children.get(left.pop(), [])
        yield from found
        left += [pid for pid, _ in found]


def _seconds(pid: int) -> float:
    """What all threads of the process have taken."""
    total = 0
    for task in (_PROC / str(pid) / "task").glob("*/schedstat"):
        with suppress(OSError):
            total += int(task.read_text().split()[0])
    return total / 1e9
