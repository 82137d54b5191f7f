"""No process issues before the ends were compared: what is known of the log outside its database, and what follows.

A restored database says of itself what it said then. Where the log really ended is known outside of it: by the last
message of the NATS stream, and by the mark in the data directory. DESIGN.md section 6 has the table of what is decided.
"""

import asyncio
from collections.abc import Callable
from enum import Enum
from time import monotonic
from typing import Final

import structlog
from msgspec import Struct

from schemas.values import Position, UnixSeconds
from service.log.event_log import EventLog, LogFaultError
from service.log.gate import Gate
from service.log.identity import MOVED, LogIdentity
from service.log.mark import Contradiction, Mark, MarkFile, MarkUnreadableError, contradiction, mark_of
from service.nats.client.broker_faults import RelayFaultError, StreamAheadError, StreamDiffersError
from service.nats.client.connection import NatsSettings, connected
from service.nats.relay.comparison import compare_at
from service.nats.relay.stream import EventStream

AGAIN_SECONDS: Final = 1.0
"""How often a closed gate is tried again."""

MARK_SECONDS: Final = 1.0
"""How often the file is brought up to the log while it grows: without NATS, a loss of this length is not noticed."""

PLACE_SECONDS: Final = 3.0
"""How often a process asks which server answers, also while the log does not grow."""

STREAM_SECONDS_MAX: Final = 10.0

_say = structlog.get_logger("comparison")


class Witness(Enum):
    """What a mark outside the database says of the log."""

    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    SILENT = "silent"
    """There is no mark yet, or the NATS stream is empty."""
    AWAY = "away"
    """NATS does not answer."""
    NONE = "none"
    """No NATS is set."""


class Testimony(Struct, frozen=True):
    """What a witness says, and why it does not agree, in words."""

    says: Witness
    because: str = ""
    is_log_wrong: bool = False


def may_issue(file: Witness, stream: Witness) -> bool:
    """Whether a process may issue numbers, given what the mark in its data directory and the NATS stream say.

    Any contradiction stops it. Without one, an agreement of either is enough, so that a process starts while NATS is
    away; and where there is nothing to ask, nothing is waited for.
    """
    if Witness.CONTRADICTS in {file, stream}:
        return False
    return Witness.AGREES in {file, stream} or stream is not Witness.AWAY


class Comparing:
    """Opens the gate of this process once the log was compared, and keeps the mark from then on.

    It compares again whenever another server answers, or one of another timeline: after a failover the old primary may
    come back at the address that this process knows.
    """

    def __init__(
        self,
        log: EventLog,
        gate: Gate,
        marks: MarkFile,
        nats: NatsSettings | None,
        *,
        known: Callable[[], Position],
        clock: Callable[[], UnixSeconds],
    ) -> None:
        """`known` tells the last position that this process knows."""
        self._log = log
        self._gate = gate
        self._marks = marks
        self._nats = nats
        self._known = known
        self._clock = clock
        self._marked: Position | None = None
        # The last mark, for a process that can write none into its data directory.
        self._mark: Mark | None = None
        self._server: tuple[str | None, int | None] = (None, None)
        self._told: str | None = None
        self._is_markable = True

    async def run(self) -> None:
        """Compare while the gate is closed, and keep the mark while it is open, until cancelled; for a TaskGroup."""
        looked_at = monotonic()
        while True:
            if self._gate.because is not None:
                await asyncio.sleep(AGAIN_SECONDS)
                await self.compare()
                continue
            await asyncio.sleep(MARK_SECONDS)
            if monotonic() - looked_at >= PLACE_SECONDS:
                looked_at = monotonic()
                await self._look_who_answers()
            await self.keep_mark()

    async def compare(self) -> None:
        """Compare once, and open the gate or say why not. Raises nothing: a store that is away is asked again."""
        try:
            identity = await self._log.identity()
            self._server = _server_of(identity)
            file = await self._ask_file(identity)
            stream = await self._ask_stream()
            # Last: what was written while both were asked is in it.
            head = await self._log.head()
            last = await self._log.record_at(head)
        except LogFaultError as fault:
            self._stay_closed(f"the log cannot be read: {fault}")
            return
        against = next((each for each in (file, stream) if each.says is Witness.CONTRADICTS), None)
        if against is not None:
            await self._refuse(against)
        elif identity.is_moved:
            self._stay_closed(MOVED)
        elif may_issue(file.says, stream.says):
            self._mark = mark_of(identity, self._log.log_id, last, self._clock())
            await self._open(head, file.says, stream.says)
        else:
            self._stay_closed(
                f"NATS does not answer, or does not let this user read the stream ({stream.because}), and there is no "
                "mark in the data directory, so nothing says where the log ended. It is compared as soon as NATS "
                "answers; if NATS is gone for good, run `numbering resume` without NUMBERING_NATS_URL"
            )

    async def keep_mark(self) -> None:
        """Bring the file up to what this process knows. Raises nothing: where none can be kept, that is said once."""
        position = self._known()
        if self._gate.because is not None or (self._marked is not None and position <= self._marked):
            return
        try:
            identity, last = await self._log.identity(), await self._log.record_at(position)
            if _server_of(identity) != self._server:
                return  # what an old primary says must not be kept over what was true already
            if last is not None or position == 0:
                self._mark = mark_of(identity, self._log.log_id, last, self._clock())
                await asyncio.to_thread(self._marks.keep, self._mark)
                self._marked = position
                self._is_markable = True
        except LogFaultError:
            return
        except OSError as error:
            if self._is_markable:
                self._is_markable = False
                _say.warning("mark.not_kept", file=str(self._marks.path), error=str(error))

    async def _look_who_answers(self) -> None:
        """Compare again if another server answers by now. Raises nothing."""
        try:
            identity = await self._log.identity()
        except LogFaultError:
            return
        if _server_of(identity) != self._server:
            _say.warning("log.another_server_answers", system=identity.system, timeline=identity.timeline)
            await self.compare()

    async def _ask_file(self, identity: LogIdentity) -> Testimony:
        """What the mark says. Raises LogUnavailableError."""
        try:
            mark = await asyncio.to_thread(self._marks.read)
        except MarkUnreadableError as error:
            return Testimony(Witness.CONTRADICTS, f"{error}. Look what became of it, then run `numbering resume`")
        mark = mark or self._mark
        if mark is None:
            return Testimony(Witness.SILENT)
        there = await self._log.record_at(mark.position)
        return _testimony(contradiction(mark, identity, there))

    async def _ask_stream(self) -> Testimony:
        """What the NATS stream says: the log has been where it ends. Raises LogUnavailableError."""
        if self._nats is None:
            return Testimony(Witness.NONE)
        try:
            async with (
                asyncio.timeout(STREAM_SECONDS_MAX),
                connected(self._nats, f"numbering-comparing-{self._log.log_id}") as client,
            ):
                stream = EventStream(client, self._log.log_id)
                end = await stream.present_end()
                if end is None or end.last == 0:
                    return Testimony(Witness.SILENT)
                await compare_at(stream, end, self._log, Position(end.last - 1))
        except (StreamAheadError, StreamDiffersError) as fault:
            return Testimony(Witness.CONTRADICTS, f"{fault}; see `numbering adopt-tail --help`", is_log_wrong=True)
        except (RelayFaultError, TimeoutError) as fault:
            return Testimony(Witness.AWAY, str(fault) or "no answer in time")
        return Testimony(Witness.AGREES)

    async def _open(self, head: Position, file: Witness, stream: Witness) -> None:
        self._gate.open()
        found = {"position": head, "file": file.value, "stream": stream.value}
        if Witness.AGREES in {file, stream} or head == 0:
            _say.info("log.compared", **found)
        else:
            _say.warning(
                "log.not_comparable",
                **found,
                text="nothing outside the database says where the log ended: if this is an older copy, numbers of the "
                "events it lacks are given out once more",
            )

    async def _refuse(self, against: Testimony) -> None:
        """Stay closed; and if events are surely lost, halt the log for every process, as the relay does."""
        self._stay_closed(against.because)
        if against.is_log_wrong:
            try:
                if await self._log.halted() is None:
                    await self._log.halt(against.because)
            except LogFaultError as fault:
                _say.error("log.not_halted", fault=str(fault))

    def _stay_closed(self, because: str) -> None:
        self._gate.close(because)
        if because != self._told:
            self._told = because
            _say.critical("log.may_not_issue", text=because)


def _server_of(identity: LogIdentity) -> tuple[str | None, int | None]:
    return identity.system, identity.timeline


def _testimony(against: Contradiction | None) -> Testimony:
    if against is None:
        return Testimony(Witness.AGREES)
    return Testimony(Witness.CONTRADICTS, against.because, against.is_log_wrong)
