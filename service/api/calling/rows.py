"""A list that is made and encoded in slices, so that no list keeps other requests waiting or fills the memory."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from service.api.admission.reply_room import Held

ENCODER: Final = msgspec.json.Encoder(decimal_format="number")

MARK: Final = b"\x00"
"""JSON has no such byte: in texts it is escaped."""

HOLE: Final = msgspec.Raw(b"[" + MARK + b"]")
"""What stands for the rows of a list while the rest of the reply is encoded."""

SLICE_ROWS: Final = 200
"""How many rows of a few hundred bytes are encoded at once; this takes about a millisecond."""


class Rows:
    """Rows as JSON. Raises RefusedError from `add` where too many bytes wait for their readers already."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self.slices: list[bytes] = []

    async def add(self, rows: Sequence[Any]) -> int:
        """Encode these rows behind those before, and let other requests run; the bytes that they have."""
        encoded = ENCODER.encode(rows)[1:-1]
        if encoded:
            self.held.take(len(encoded))
            self.slices += [b",", encoded] if self.slices else [encoded]
        await asyncio.sleep(0)
        return len(encoded)

    async def add_all(self, rows: Sequence[Any]) -> None:
        """Encode all these rows, slice by slice."""
        for at in range(0, len(rows), SLICE_ROWS):
            await self.add(rows[at : at + SLICE_ROWS])


class Sliced(Struct, frozen=True):
    """An object whose list, by default `data`, are these rows; or, for no `whole`, the bare array of them."""

    rows: Rows
    whole: Any = None
    name: str = "data"

    def with_hole(self) -> Any:
        """The object with HOLE for its rows."""
        return HOLE if self.whole is None else msgspec.structs.replace(self.whole, **{self.name: HOLE})
