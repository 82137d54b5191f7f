"""What a decision can be."""

from collections.abc import Sequence

from msgspec import Struct

from schemas.events import Event
from schemas.rejections import Rejection
from schemas.values import SeriesId


class Append(Struct, frozen=True):
    """These events would make the command true, each on the stream it names."""

    events: Sequence[tuple[SeriesId, Event]]


class Done(Struct, frozen=True):
    """The command was done already; nothing needs to be written."""


Decision = Append | Done | Rejection
