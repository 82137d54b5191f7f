"""Notices tokens of a history that the log does not have: a sign that the log lost its tail (CONTRACT.md D97)."""

from collections.abc import Callable
from time import monotonic
from typing import Final

import structlog

from schemas.values import RESERVE_COUNT_MAX, LogId, Position
from service.access.reservation_tokens import SealedSlot

LOST_EVENTS_MAX: Final = 2**32
"""A position further beyond the head than this was never written."""

LINE_SECONDS: Final = 60.0
"""How long a process writes no second line: a till that sends its tokens again and again must not fill the disk."""

_say = structlog.get_logger(__name__)


class LostHistory:
    """What this process was shown of a history that its log does not have.

    Nothing is refused because of it, and nothing halts: a token of a test copy that has the same keys looks the same,
    and a client that sends one must not stop a firm. A person looks, and steps over what was lost or does nothing.
    """

    def __init__(self, log_id: LogId, on_sign: Callable[[], None], clock: Callable[[], float] = monotonic) -> None:
        """`on_sign` is called for each such token; `clock` returns seconds that never go back."""
        self._log_id = log_id
        self._on_sign = on_sign
        self._clock = clock
        self._line_at = float("-inf")
        self._seen_at: Position | None = None

    @property
    def has_signs(self) -> bool:
        """Whether this process was shown such a token that no `numbering advance` before it explained."""
        return self._seen_at is not None

    def is_unexplained(self, lost_at: Position) -> bool:
        """Whether no operator has stepped over lost numbers since; `lost_at` is where one did last, 0 for never."""
        return self._seen_at is not None and lost_at <= self._seen_at

    def note(self, sealed: SealedSlot, head: Position, lost_at: Position) -> None:
        """Note a token that opens, and whose block the log with this head does not have.

        It counts if a key of ours must have sealed it. The form, the log, the slot and a position that is not absurd
        are 58 bits for each key, so no guess counts. A token from before `lost_at` is of a loss that is known.
        """
        if not self._is_ours(sealed, head):
            return
        self._on_sign()
        if sealed.position > lost_at:
            self._seen_at = head
        if self._clock() - self._line_at >= LINE_SECONDS:
            self._line_at = self._clock()
            _say.critical(
                "a token that a key of ours sealed names a block that the log does not have: the log may have lost its "
                "tail; see 'Numbers that were lost' in the operator's guide",
                position=sealed.position,
                head=head,
                log=self._log_id,
            )

    def _is_ours(self, sealed: SealedSlot, head: Position) -> bool:
        is_placed = 0 < sealed.position <= head + LOST_EVENTS_MAX and sealed.slot < RESERVE_COUNT_MAX
        return sealed.log_id == self._log_id and is_placed
