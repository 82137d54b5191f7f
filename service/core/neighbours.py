"""The standing documents next to a number, which bound the date that its document may get (CONTRACT.md D89)."""

from schemas.values import Number
from service.core.state.state import Series


def standing_below(series: Series, number: Number) -> Number | None:
    """The nearest lower number that is on a standing document; None if there is none.

    Numbers without a standing document are passed over a range or a block at a time.
    """
    lower = Number(number - 1)
    while lower >= series.start_number:
        end = _end_of_others(series, lower, is_upward=False)
        if end is None:
            return lower
        lower = Number(end - 1)
    return None


def standing_above(series: Series, number: Number) -> Number | None:
    """The nearest higher number that is on a standing document; None if there is none."""
    higher = Number(number + 1)
    while higher < series.next_number:
        end = _end_of_others(series, higher, is_upward=True)
        if end is None:
            return higher
        higher = Number(end + 1)
    return None


def _end_of_others(series: Series, number: Number, *, is_upward: bool) -> int | None:
    """How far the numbers without a standing document go from `number`; None if it is on a standing one."""
    for ranges in (series.voided, series.withdrawn, series.released, series.expired, series.lost):
        found = ranges.holding(number)
        if found is not None:
            return found.last if is_upward else found.first
    block = series.blocks.holding(number)
    if block is None or not block.is_pending(number):
        return None
    place = number - block.first
    ended = ~block.pending & ((1 << (block.last - block.first + 1)) - 1)
    if is_upward:
        after = ended >> place
        return block.last if not after else number + (after & -after).bit_length() - 2
    before = ended & ((1 << place) - 1)
    return block.first + before.bit_length()
