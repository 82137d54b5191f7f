"""Commands of the log that an operator gives for a firm, beside a running service: `numbering erase | explain-gap`."""

import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

import click

from schemas.commands import Caller, Command
from schemas.record import StoredRecord, encode_record
from schemas.rejections import Rejection
from schemas.values import Actor, ActorKind, CommandId, FirmId, Mode
from service.clock import now
from service.core.prepare import Cause, Prepared, prepare
from service.core.state.state import State
from service.log.adoption import holding
from service.log.event_log import Batch, Content
from service.log.postgres_log import PostgresLog
from service.writer.known_state import KnownState

OPERATOR: Final = Actor(ActorKind.SYSTEM, "operator")

REASON_MAX: Final = 255


def printable_option(value: str, option: str, least: int = 1) -> str:
    """The text without outer blanks, of `least` to REASON_MAX printable characters. Raises click.BadParameter."""
    text = value.strip()
    if not least <= len(text) <= REASON_MAX or not text.isprintable():
        raise click.BadParameter(f"it must be {least} to {REASON_MAX} printable characters", param_hint=option)
    return text


def operator_for(firm_id: FirmId, mode: Mode) -> Caller:
    """The operator, who acts for this firm in this mode."""
    return Caller(firm_id, mode, OPERATOR)


class OperatorLog:
    """A log and its state, for one command of an operator."""

    def __init__(self, url: str, log: PostgresLog, known: KnownState) -> None:
        self.log = log
        self._url = url
        self._known = known

    @property
    def state(self) -> State:
        """The state at the head, as it was read last."""
        return self._known.state

    async def do(self, command: Command, caller: Caller, contents: Sequence[Content] = ()) -> Prepared | Rejection:
        """Decide the command at the head, while nobody else writes, and append what it comes to.

        Durable when this returns. Raises LogUnavailableError, AppendInDoubtError and LogBrokenError.
        """
        async with holding(self._url, self.log.log_id) as held:
            await self._known.catch_up(held, held.head)
            cause = Cause(caller, CommandId(secrets.token_hex(16)), None)
            prepared = prepare(self._known.state.layer(), command, cause, now())
            if isinstance(prepared, Prepared) and prepared.records:
                stored = [StoredRecord(record, encode_record(record)) for record in prepared.records]
                await held.append(held.head, Batch(stored, contents))
        return prepared


async def operator_log(url: str, stack: AsyncExitStack) -> OperatorLog:
    """The log, closed with the stack. Most of it is read now, so that little is left while the writers wait."""
    log = await PostgresLog.open(url)
    stack.push_async_callback(log.close)
    known = KnownState(log)
    await known.read()
    return OperatorLog(url, log, known)
