"""Starts an embedded part or a child again when it ended: the others wait, and resume when it is back."""

import asyncio
from collections.abc import Callable
from typing import Final

from service.cli.screen.commands import CommandFault
from service.cli.starting.children import Children
from service.embedded import CannotStartError, EmbeddedParts

LOOK_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 2.0


class PartMovedError(CommandFault):
    """A part came back at another address, because a stranger took its port; only a new start can follow it."""


async def watch_parts(parts: EmbeddedParts, children: Children, on_progress: Callable[[str], None]) -> None:
    """Look after the parts until cancelled. Raises PartMovedError.

    Starting blocks the event loop: a child ends with the thread that started it, so it must be this one. HTTP
    then waits and does not answer 503; it takes a fraction of a second, or as long as PostgreSQL needs to recover.
    """
    wanted = _addresses(parts)
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        for name, part in (("PostgreSQL", parts.postgres), ("NATS", parts.nats)):
            if part is None or part.pid is not None:
                continue
            on_progress(f"{name} has ended; starting it again")
            try:
                part.start(on_progress)
            except CannotStartError as error:
                on_progress(f"{error}; trying again in {RETRY_SECONDS:.0f} s")
                await asyncio.sleep(RETRY_SECONDS)
        children.look(on_progress)
        if _addresses(parts) != wanted:
            raise PartMovedError("an embedded part had to move to another port; start `numbering up` again")


def _addresses(parts: EmbeddedParts) -> list[str]:
    return [part.url for part in (parts.postgres, parts.nats) if part is not None]
