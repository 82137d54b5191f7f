"""The accounting equation: what each event does to its terms, and the terms themselves."""

from typing import assert_never

from msgspec import Struct

from schemas.events import (
    DocumentChanged,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    DraftEvent,
    Event,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesEvent,
)
from schemas.values import Fate


class Terms(Struct, frozen=True):
    """`taken` = next_number - start_number, and the numbers of each fate; balanced always (DESIGN.md section 1)."""

    taken: int = 0
    standing: int = 0
    voided: int = 0
    withdrawn: int = 0
    pending: int = 0
    released: int = 0
    expired: int = 0

    @property
    def accounted(self) -> int:
        """How many numbers have a recorded fate."""
        return self.standing + self.voided + self.withdrawn + self.pending + self.released + self.expired

    @property
    def is_balanced(self) -> bool:
        """Whether the equation holds."""
        return self.taken == self.accounted

    def words(self) -> str:
        """The equation as one line of text."""
        terms = " + ".join(f"{getattr(self, fate)} {fate}" for fate in Fate)
        return f"{self.taken} taken {'=' if self.is_balanced else '!='} {terms}"


def taken_by(event: Event) -> int:
    """How many numbers the event takes off the counter."""
    return event.last - event.first + 1 if isinstance(event, NumbersReserved) else 0


def moved_by(event: Event) -> tuple[Fate | None, Fate | None, int]:
    """From which fate to which the event moves how many numbers; none is "not taken yet", or no number at all."""
    match event:
        case NumbersReserved():
            return None, Fate.PENDING, taken_by(event)
        case ReservationConsumed():
            return Fate.PENDING, Fate.STANDING, 1
        case ReservationReleased():
            return Fate.PENDING, Fate.RELEASED, 1
        case ReservationExpired(ranges=ranges):
            return Fate.PENDING, Fate.EXPIRED, sum(len(numbers) for numbers in ranges)
        case DocumentVoided():
            return Fate.STANDING, Fate.VOIDED, 1
        case DocumentUnvoided():
            return Fate.VOIDED, Fate.STANDING, 1
        case NumberWithdrawn():
            return Fate.VOIDED, Fate.WITHDRAWN, 1
        case DocumentChanged() | DocumentReversed() | SeriesEvent() | DraftEvent():
            return None, None, 0
        case _:
            assert_never(event)
