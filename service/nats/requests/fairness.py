"""Chooses which requests are worked on: no firm takes the room of the others, and firms take turns.

All requests come over one connection, one behind the other. If a firm sends more than can be worked on, the requests
behind it must not wait: a request without room is dropped while it is read, before anything is made of it.
"""

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final, Generic, TypeVar
from urllib.parse import unquote

Partition = tuple[str, str]
"""The mode and the firm of a subject."""

NOBODY: Final[Partition] = ("", "")
"""All firms that we do not know, together: names are easily invented."""

FIRMS_AT_ONCE: Final = 8
"""This many firms may each have the most that one may have; more firms have less each, so a new one finds room."""

WORKED_ON_MAX: Final = 128
"""How many requests of a firm are worked on at a time, while others of it wait: all use the same few connections to
PostgreSQL, one behind the other."""

REFUSALS_A_SECOND: Final = 50
"""How many requests of a firm without room get a reply that says so; the others are dropped without a reply."""

DISCOVERIES_A_SECOND: Final = 200
"""How many questions of tools are answered, of all tools together: a question names no firm."""

KNOWN_MAX: Final = 10_000
"""How many subjects of known firms are remembered."""

Item = TypeVar("Item")


class Shares:
    """What is worked on, or waits for its turn, by firm."""

    def __init__(self, requests_max: int, bytes_max: int) -> None:
        """The most requests of one firm, and the most bytes of their bodies."""
        self._requests_max, self._bytes_max = requests_max, bytes_max
        self._of: dict[Partition, tuple[int, int]] = {}
        self.requests, self.bytes = 0, 0

    def has_room(self, firm: Partition, size: int, coming: int = 0) -> bool:
        """Whether this firm may have one more request with a body of this size, beside those that are `coming` already.

        What is left for other firms must be at least what this one has.
        """
        requests, of_bytes = self._of.get(firm, (0, 0))
        if requests + coming >= min(self._requests_max, self._requests_max * FIRMS_AT_ONCE - self.requests):
            return False
        return not of_bytes or of_bytes + size <= min(self._bytes_max, self._bytes_max * FIRMS_AT_ONCE - self.bytes)

    def enter(self, firm: Partition, size: int) -> None:
        """One more request of this firm."""
        self._change(firm, 1, size)

    def leave(self, firm: Partition, size: int) -> None:
        """One request less."""
        self._change(firm, -1, -size)

    def _change(self, firm: Partition, requests: int, of_bytes: int) -> None:
        now = self._of.get(firm, (0, 0))
        left = now[0] + requests, now[1] + of_bytes
        self.requests += requests
        self.bytes += of_bytes
        if left[0]:
            self._of[firm] = left
        else:
            self._of.pop(firm, None)


class Rounds(Generic[Item]):
    """What waits for its turn: firm by firm, the oldest of each first, and at most `at_once` of one firm at a time."""

    def __init__(self, at_once: int = WORKED_ON_MAX) -> None:
        self._at_once = at_once
        self._worked_on: dict[Partition, int] = {}
        self._ready: dict[Partition, deque[Item]] = {}
        self._resting: dict[Partition, deque[Item]] = {}
        self._count = 0

    def add(self, firm: Partition, item: Item) -> None:
        """Put the item behind those of this firm that wait."""
        queues = self._resting if self._worked_on.get(firm, 0) >= self._at_once else self._ready
        queues.setdefault(firm, deque()).append(item)
        self._count += 1

    def next(self) -> Item | None:
        """The oldest item of the next firm in turn, to be worked on; the turn then passes to the firm after it."""
        if not self._ready:
            return None
        firm = next(iter(self._ready))
        queue = self._ready.pop(firm)
        item = queue.popleft()
        self._count -= 1
        self._worked_on[firm] = self._worked_on.get(firm, 0) + 1
        if queue:
            (self._resting if self._worked_on[firm] >= self._at_once else self._ready)[firm] = queue
        return item

    def done(self, firm: Partition) -> None:
        """One item of this firm is done."""
        left = self._worked_on.pop(firm) - 1
        if left:
            self._worked_on[firm] = left
        queue = self._resting.pop(firm, None)
        if queue is not None:
            self._ready[firm] = queue

    def __len__(self) -> int:
        return self._count


class PerSecond:
    """Counts what is done for each holder in this second."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._second = -1
        self._spent: dict[object, int] = {}

    def has(self, holder: object, most: int) -> bool:
        """Whether one more is to spare for this holder."""
        second = int(self._clock())
        if second != self._second:
            self._second = second
            self._spent.clear()
        return self._spent.get(holder, 0) < most

    def spend(self, holder: object, most: int) -> bool:
        """Whether one more was to spare for this holder; it is then spent."""
        has = self.has(holder, most)
        if has:
            self._spent[holder] = self._spent.get(holder, 0) + 1
        return has


class Gate:
    """Says of each message that arrives, by its subject and size, whether anything is made of it."""

    def __init__(
        self, shares: Shares, prefix: str, is_known: Callable[[Partition], bool], clock: Callable[[], float] = monotonic
    ) -> None:
        """Requests have subjects that begin with `prefix`; other subjects are those of tools."""
        self._shares = shares
        self._prefix = f"{prefix}.".encode()
        self._is_known = is_known
        self._per_second = PerSecond(clock)
        self._known: dict[bytes, Partition] = {}
        self._coming: dict[Partition, int] = {}
        self.dropped = 0

    def lets_in(self, subject: bytes, size: int) -> bool:
        """Whether to read the message, by its subject and size: it has room, or may be told that it has none."""
        if not subject.startswith(self._prefix):
            is_let_in = self._per_second.spend(None, DISCOVERIES_A_SECOND)
        else:
            firm = self.firm_of(subject)
            coming = self._coming.get(firm, 0)
            is_let_in = self._shares.has_room(firm, size, coming) or self._per_second.has(firm, REFUSALS_A_SECOND)
            if is_let_in:
                self._coming[firm] = coming + 1
        self.dropped += not is_let_in
        return is_let_in

    def hand_over(self, firm: Partition) -> None:
        """One message that was let in has come."""
        self._coming[firm] = max(0, self._coming.get(firm, 0) - 1)

    def turn(self) -> None:
        """All messages that were let in have come, or never will."""
        self._coming.clear()

    def is_told(self, firm: Partition) -> bool:
        """Whether this firm is told of a request that was let in and found no room; else it is dropped."""
        is_told = self._per_second.spend(firm, REFUSALS_A_SECOND)
        self.dropped += not is_told
        return is_told

    def firm_of(self, subject: bytes) -> Partition:
        """The firm of the request with this subject, in its mode."""
        place, _, _ = subject[len(self._prefix) :].rpartition(b".")
        known = self._known.get(place)
        if known is not None:
            return known
        mode, _, firm = place.decode("ascii", "replace").partition(".")
        found = unquote(mode), unquote(firm)
        if not self._is_known(found):
            return NOBODY
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        self._known[place] = found
        return found
