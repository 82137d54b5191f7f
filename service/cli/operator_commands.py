"""Commands of the log that an operator gives for a firm, beside a running service: `numbering erase | explain-gap`."""

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from schemas.commands import Caller, Command
from schemas.record import Record, StoredRecord, encode_record
from schemas.rejections import Rejection
from schemas.values import Actor, ActorKind, CommandId, FirmId, Mode
from service.clock import now
from service.core.prepare import Cause, Prepared, prepare
from service.core.state.state import State
from service.log.adoption import OperatorHold, holding
from service.log.event_log import Batch, Content
from service.log.postgres_log import PostgresLog
from service.writer.known_state import KnownState

OPERATOR: Final = Actor(ActorKind.SYSTEM, "operator")


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

    @asynccontextmanager
    async def held(self) -> AsyncGenerator[OperatorHold]:
        """The log while nobody else writes, its state brought up to the head.

        What is appended is durable when the block ends. Raises LogUnavailableError, AppendInDoubtError, LogBrokenError.
        """
        async with holding(self._url, self.log.log_id) as held:
            await self._known.catch_up(held, held.head)
            yield held

    async def do(self, command: Command, caller: Caller, contents: Sequence[Content] = ()) -> Prepared | Rejection:
        """Decide the command at the head, and append what it comes to. Durable when this returns. Raises as `held`."""
        async with self.held() as held:
            prepared = prepare(self.state.layer(), command, new_cause(caller), now())
            if isinstance(prepared, Prepared):
                await append(held, prepared.records, contents)
        return prepared


def new_cause(caller: Caller) -> Cause:
    """The cause of a command of its own."""
    return Cause(caller, CommandId(secrets.token_hex(16)), None)


async def append(held: OperatorHold, records: Sequence[Record], contents: Sequence[Content] = ()) -> None:
    """Append these records at the head, if there are any."""
    if records:
        stored = [StoredRecord(record, encode_record(record)) for record in records]
        await held.append(held.head, Batch(stored, contents))


async def operator_log(url: str, stack: AsyncExitStack) -> OperatorLog:
    """The log, closed with the stack. Most of it is read now, so that little is left while the writers wait."""
    log = await PostgresLog.open(url)
    stack.push_async_callback(log.close)
    known = KnownState(log)
    await known.read()
    return OperatorLog(url, log, known)
