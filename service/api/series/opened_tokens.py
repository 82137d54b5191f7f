"""Opens tokens: which number of which block of the log one stands for (CONTRACT.md section 7, D97)."""

from msgspec import Struct

from schemas.commands import Slot
from schemas.events import NumbersReserved
from schemas.outcomes import ReservedOutcome
from schemas.values import Number, Position, SeriesId
from service.access.reservation_tokens import SealedSlot
from service.api.calling.call import Call
from service.core.state.blocks import Block


class _Found(Struct, frozen=True):
    """A block with tokens; `is_ours` if it belongs to the caller's firm and mode."""

    block: ReservedOutcome
    is_ours: bool


async def slot_of(call: Call, token: str) -> Slot | None:
    """The slot of this token; none if the token opens nothing of the caller's firm. Raises LogUnavailableError."""
    found = await opened(call, token)
    if found is None:
        return None
    block, number = found
    return Slot(block.position, block.series_id, number, block.device_id)


async def opened(call: Call, token: str) -> tuple[ReservedOutcome, Number] | None:
    """The block and the number of this token, if they are of the caller's firm and mode. Raises LogUnavailableError.

    A token that a key of ours sealed for a block that the log does not have is noted: the log may have lost its tail.
    """
    sealed = call.dependencies.sealer.open(token)
    if sealed is None or sealed.log_id != call.dependencies.log.log_id:
        return None
    found = await _block_at(call, sealed.position)
    if found is None or not _is_of(sealed, found.block):
        state = await call.state()
        call.dependencies.lost_history.note(sealed, state.position, state.lost_at)
        return None
    return (found.block, Number(found.block.first + sealed.slot)) if found.is_ours else None


async def block_of_caller(call: Call, position: Position) -> ReservedOutcome | None:
    """The block with tokens at this position, if it is of the caller's firm and mode. Raises LogUnavailableError."""
    found = await _block_at(call, position)
    return found.block if found is not None and found.is_ours else None


def token_block(series_id: SeriesId, block: Block) -> ReservedOutcome | None:
    """The block as it was reserved; none if it has no tokens."""
    if block.device_id is None or block.token_key is None:
        return None
    return ReservedOutcome(
        position=block.position,
        series_id=series_id,
        first=block.first,
        last=block.last,
        device_id=block.device_id,
        reserved_at=block.reserved_at,
        expires_at=block.expires_at,
        token_key=block.token_key,
        token_nonce=block.token_nonce,
    )


def slot_in(call: Call, block: ReservedOutcome, slot: int) -> SealedSlot:
    """What the token of this slot of the block says."""
    return SealedSlot(call.dependencies.log.log_id, block.position, slot, block.token_nonce, block.token_key)


def _is_of(sealed: SealedSlot, block: ReservedOutcome) -> bool:
    """Whether this block is the one that the token was sealed for.

    The nonce says so. A token of the first version has none, and opens only a block that has none.
    """
    is_same = (sealed.nonce, sealed.key_id) == (block.token_nonce, block.token_key)
    return is_same and sealed.slot <= block.last - block.first


async def _block_at(call: Call, position: Position) -> _Found | None:
    known = call.dependencies.writer.known.state
    unsettled = known.block_at(position)
    if unsettled is not None:
        series, open_block = unsettled
        block = token_block(series.series_id, open_block)
        is_ours = known.of(call.caller, series.series_id) is not None
        return None if block is None else _Found(block, is_ours)
    stored = await call.dependencies.log.record_at(position)
    if stored is None:
        return None
    record, event = stored.record, stored.record.event
    if not isinstance(event, NumbersReserved) or event.device_id is None or event.token_key is None:
        return None
    block = ReservedOutcome(
        position=position,
        series_id=record.stream,
        first=event.first,
        last=event.last,
        device_id=event.device_id,
        reserved_at=record.at,
        expires_at=event.expires_at,
        token_key=event.token_key,
        token_nonce=event.token_nonce,
    )
    return _Found(block, record.firm_id == call.caller.firm_id and record.mode is call.caller.mode)
