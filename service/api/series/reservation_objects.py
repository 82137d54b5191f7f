"""Makes reservations as clients see them, and finds the slot of a token (CONTRACT.md sections 5.2 and 7)."""

from typing import Final, Literal, assert_never

from schemas.api.objects import ListOf, NumberReservation
from schemas.commands import Slot
from schemas.events import NumbersReserved, ReservationConsumed
from schemas.outcomes import ReleasedOutcome, ReservedOutcome
from schemas.rejections import ReservationNotFound
from schemas.values import DeviceId, Fate, Number, Position, SeriesId, UnixSeconds
from service.api.calling.call import Call
from service.api.calling.rows import Sliced
from service.api.refusals.table import refused
from service.core.blocks import Block
from service.core.state import Series, State

Status = Literal["pending", "consumed", "released", "expired"]

SLICE_BLOCKS: Final = 40
"""How many blocks are encoded at once. With 50 numbers each this takes about ten milliseconds."""


async def pending_reservations(call: Call, series: Series, state: State) -> Sliced:
    """The pending reservations of the calling device, ascending; none for a caller that is not a device (D43).

    Their number has no bound, so they are made and encoded in slices, and other requests run between the slices.
    """
    usable = _usable_blocks(series, call.caller.device_id, _now(call, state))
    rows = call.rows()
    for at in range(0, len(usable), SLICE_BLOCKS):
        await rows.add([view for block in usable[at : at + SLICE_BLOCKS] for view in _pending_of(call, series, block)])
    total = sum(block.pending.bit_count() for block in usable)
    return Sliced(rows, ListOf[NumberReservation](data=[], total=total))


def reserved_objects(call: Call, reserved: ReservedOutcome) -> list[NumberReservation]:
    """The numbers of a block, as they were when it was reserved."""
    return _objects(call, reserved, [Number(n) for n in range(reserved.first, reserved.last + 1)])


async def released_object(call: Call, released: ReleasedOutcome) -> NumberReservation:
    """The number that was released. Raises LogUnavailableError."""
    block = await _block_at(call, released.reservation)
    assert block is not None, "a released number was reserved"
    return _object(call, block, released.number, "released")


async def slot_of(call: Call, token: str) -> Slot | None:
    """The slot of this token; none if the token opens nothing of the caller's firm. Raises LogUnavailableError."""
    found = await _open(call, token)
    if found is None:
        return None
    block, number = found
    return Slot(block.position, block.series_id, number, block.device_id)


async def reservation_object(call: Call, token: str) -> NumberReservation:
    """The reservation of this token in its present state (D68). Raises RefusedError and LogUnavailableError."""
    found = await _open(call, token)
    if found is None:
        raise refused(ReservationNotFound())
    block, number = found
    state = await call.state()
    fate = state.series[block.series_id].fate(number, block.position)
    status = _status(fate, block, _now(call, state))
    if status != "consumed":
        return _object(call, block, number, status)
    stored = await call.dependencies.log.consumption(block.series_id, number)
    assert stored is not None, "a consumed number is on a document"
    return _object(call, block, number, status, consumed=(stored.record.event, stored.record.at))


def _now(call: Call, state: State) -> UnixSeconds:
    """The time as the core sees it, never before the last event, so that no number looks usable that is expired."""
    return max(call.dependencies.clock(), state.at)


def _usable_blocks(series: Series, device: DeviceId | None, now: UnixSeconds) -> list[Block]:
    """The blocks for which the device has tokens that it can still use, by number."""
    if device is None:
        return []
    found = (each for each in series.blocks.values() if each.device_id == device and each.token_key is not None)
    return sorted((each for each in found if each.expires_at > now), key=lambda block: block.first)


def _pending_of(call: Call, series: Series, block: Block) -> list[NumberReservation]:
    known = _token_block(series.series_id, block)
    assert known is not None, "the block has tokens"
    return _objects(call, known, list(block.numbers()))


async def _open(call: Call, token: str) -> tuple[ReservedOutcome, Number] | None:
    sealed = call.dependencies.sealer.open(token)
    if sealed is None or sealed.log_id != call.dependencies.log.log_id:
        return None
    block = await _block_at(call, sealed.position)
    if block is None or sealed.slot > block.last - block.first:
        return None
    return block, Number(block.first + sealed.slot)


async def _block_at(call: Call, position: Position) -> ReservedOutcome | None:
    """The block that was reserved at this position, if it belongs to the caller's firm and mode and has tokens."""
    unsettled = call.dependencies.writer.known.state.block_at(position)
    if unsettled is not None:
        series, block = unsettled
        is_ours = call.dependencies.writer.known.state.of(call.caller, series.series_id) is not None
        return _token_block(series.series_id, block) if is_ours else None
    stored = await call.dependencies.log.record_at(position)
    if stored is None:
        return None
    record, event = stored.record, stored.record.event
    is_ours = record.firm_id == call.caller.firm_id and record.mode is call.caller.mode
    if not is_ours or not isinstance(event, NumbersReserved) or event.device_id is None or event.token_key is None:
        return None
    return ReservedOutcome(
        position, record.stream, event.first, event.last, event.device_id, record.at, event.expires_at, event.token_key
    )


def _token_block(series_id: SeriesId, block: Block) -> ReservedOutcome | None:
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
    )


def _objects(call: Call, block: ReservedOutcome, numbers: list[Number]) -> list[NumberReservation]:
    """Pending reservations of one block. All of its tokens are sealed in one call, which is faster."""
    count = block.last - block.first + 1
    tokens = call.dependencies.sealer.seal_block(call.dependencies.log.log_id, block.position, count, block.token_key)
    return [_view(block, number, tokens[number - block.first], "pending") for number in numbers]


def _object(
    call: Call,
    block: ReservedOutcome,
    number: Number,
    status: Status,
    consumed: tuple[object, UnixSeconds] | None = None,
) -> NumberReservation:
    slot = number - block.first
    token = call.dependencies.sealer.seal(call.dependencies.log.log_id, block.position, slot, block.token_key)
    if consumed is None:
        return _view(block, number, token, status)
    event, at = consumed
    assert isinstance(event, ReservationConsumed)
    return _view(block, number, token, status, event, at)


def _view(
    block: ReservedOutcome,
    number: Number,
    token: str,
    status: Status,
    consumed: ReservationConsumed | None = None,
    consumed_at: UnixSeconds | None = None,
) -> NumberReservation:
    return NumberReservation(
        token=token,
        series_id=block.series_id,
        number=number,
        status=status,
        device_id=block.device_id,
        reserved_at=block.reserved_at,
        expires_at=block.expires_at,
        consumed_at=consumed_at,
        client_local_uuid=None if consumed is None else consumed.client_local_uuid,
        invoice_id=None if consumed is None else consumed.document_id,
    )


def _status(fate: Fate, block: ReservedOutcome, now: UnixSeconds) -> Status:
    match fate:
        case Fate.PENDING:
            return "pending" if now < block.expires_at else "expired"
        case Fate.RELEASED:
            return "released"
        case Fate.EXPIRED:
            return "expired"
        case Fate.STANDING | Fate.VOIDED | Fate.WITHDRAWN:
            return "consumed"
        case _:
            assert_never(fate)
