"""How many bytes of replies may wait for their readers: in the process, and for one firm.

A reply stays in memory until its reader has read it, and a reader may be slow. Small replies are not counted: there
is one for a connection at most, and connections have a bound of their own.
"""

from typing import Final

from schemas.values import FirmId
from service.api.refusals.causes import Unavailable
from service.api.refusals.table import refused

SMALL_BYTES: Final = 262_144
"""A reply of at most this size is not counted."""

ROOM_BYTES_MAX: Final = 268_435_456
FIRM_BYTES_MAX: Final = 67_108_864
"""For a firm; one reply of a firm may be larger, if it is the only one: the firm could never get it otherwise."""


class ReplyRoom:
    """The room of one process."""

    def __init__(self, bytes_max: int = ROOM_BYTES_MAX, firm_bytes_max: int = FIRM_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._firm_bytes_max = firm_bytes_max
        self._firms: dict[FirmId, int] = {}
        self.bytes = 0

    def hold(self, firm_id: FirmId) -> "Held":
        """Room for one reply to this firm; nothing of it is taken yet."""
        return Held(self, firm_id)

    def has_room(self, firm_id: FirmId, more: int, own: int) -> bool:
        """Whether a reply that has `own` bytes may have `more`."""
        others, of_firm = self.bytes - own, self._firms.get(firm_id, 0) - own
        fits = self.bytes + more <= self._bytes_max or not others
        return fits and (of_firm + own + more <= self._firm_bytes_max or not of_firm)

    def change(self, firm_id: FirmId, by: int) -> None:
        """Count bytes that are taken, or, below zero, free again."""
        self.bytes += by
        left = self._firms.get(firm_id, 0) + by
        if left:
            self._firms[firm_id] = left
        else:
            self._firms.pop(firm_id, None)


class Held:
    """The bytes of one reply in the room. They are free again at the latest when nothing refers to this object."""

    def __init__(self, room: ReplyRoom, firm_id: FirmId) -> None:
        self._room = room
        self._firm_id = firm_id
        self._counted = 0
        self.size = 0

    def take(self, size: int, *, is_done: bool = False) -> None:
        """Count `size` more bytes of the reply. Raises RefusedError if there is no room.

        If the command `is_done`, there always is room: a refusal would say that it was not done.
        """
        counted = max(0, self.size + size - SMALL_BYTES)
        more = counted - self._counted
        if more and not is_done and not self._room.has_room(self._firm_id, more, self._counted):
            raise refused(Unavailable("Large replies are waiting for their readers; read them first."))
        self.size += size
        self._counted = counted
        self._room.change(self._firm_id, more)

    def free(self, size: int | None = None) -> None:
        """The reader has read `size` bytes; None means all bytes."""
        left = 0 if size is None else max(0, self._counted - size)
        self._room.change(self._firm_id, left - self._counted)
        self._counted = left

    def __del__(self) -> None:
        self.free()
