"""One working day: tills, offices and keys of two firms, two processes that crash, a store that loses replies."""

import asyncio
from collections.abc import Iterator, Sequence
from random import Random

from schemas.commands import Caller, Command
from schemas.rejections import Rejection
from schemas.values import Position, UnixSeconds
from service.log.event_log import EventLog, LogUnavailableError
from service.writer.known_state import KnownState
from service.writer.queue import WriterBusyError
from service.writer.request import Answered, Submission
from service.writer.writer import Limits, OutcomeUnknownError, Writer
from tests.support.domain.commands import NOW, a_key_of
from tests.support.domain.faulty_logs import Fault, LosesReplies
from tests.support.domain.invariants import check_invariants
from tests.support.domain.scripts import Script

IN_FLIGHT_MAX = 6
TRIES_MAX = 100
PAUSE_SECONDS_MAX = 0.1
LIMITS = Limits(queue_max=5, batch_max=4, wait_seconds_max=2.0)
FAULTS = [Fault.NONE] * 12 + [Fault.BEFORE, Fault.AFTER, Fault.AWAY]


class Process:
    """One process with its writer, over its own connections to the log."""

    def __init__(self, day: "Day", log: EventLog, clock_behind_seconds: int) -> None:
        self._day = day
        self._behind_seconds = clock_behind_seconds
        self._log = LosesReplies(log, day.faults())
        self.writer, self._task = self._start()

    async def crash(self) -> None:
        """End at once, as a kill does, and start again without any memory."""
        ended = self._task
        self.writer, self._task = self._start()
        await _end(ended)

    async def stop(self) -> None:
        """End the process; raises the defect that has ended the writer, if there is one."""
        await _end(self._task)

    def _start(self) -> tuple[Writer, asyncio.Task[None]]:
        writer = Writer(self._log, clock=self._now, limits=LIMITS)
        return writer, asyncio.create_task(writer.run())

    def _now(self) -> UnixSeconds:
        return UnixSeconds(self._day.now - self._behind_seconds)


async def _end(task: asyncio.Task[None]) -> None:
    await asyncio.sleep(0)  # a task that is cancelled before its first step runs no `finally`
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


class Day:
    """Draws everything that happens from its seed."""

    def __init__(self, seed: int, logs: Sequence[EventLog]) -> None:
        self.seed = seed
        self.now = int(NOW)
        self._chance = Random(seed)  # noqa: S311 - the same seed must be the same day
        self._logs = logs
        self._script = Script(self._chance)
        self._processes: list[Process] = []
        self._answers: list[Answered] = []
        self._keys = 0
        self._learned = 0
        self.answered = 0

    def faults(self) -> Iterator[Fault]:
        """The fault of each write, one after another."""
        while True:
            yield self._chance.choice(FAULTS)

    async def pass_by(self, rounds: int) -> None:
        """Run the day and check the invariants; a failure names the seed."""
        try:
            await self._pass_by(rounds)
        except BaseException as error:
            error.add_note(f"the seed of this day is {self.seed}")
            raise

    async def _pass_by(self, rounds: int) -> None:
        self._processes = [Process(self, log, behind) for log, behind in zip(self._logs, (0, 90), strict=True)]
        for _ in range(rounds):
            self.now += self._chance.choice([0, 0, 1, 10, 120])
            commands = [await self._draw() for _ in range(self._chance.randint(1, IN_FLIGHT_MAX))]
            await asyncio.gather(*(self._ask(command, caller) for command, caller in commands))
            if self._chance.random() < 0.1:
                await self._chance.choice(self._processes).crash()
        for process in self._processes:
            await process.stop()
        await self._check()

    async def _draw(self) -> tuple[Command, Caller]:
        log = self._logs[0]
        records = await log.read(Position(self._learned), 10_000)
        self._learned += len(records)
        self._script.learn(stored.record for stored in records)
        return self._script.draw(self._chance.choice(self._processes).writer.known.state)

    async def _ask(self, command: Command, caller: Caller) -> None:
        """Ask a random process: once without a key, and with a key again until there is an answer."""
        self._keys += 1
        has_key = self._chance.random() < 0.6
        request = Submission(command, caller, idempotency=a_key_of(f"key {self._keys}") if has_key else None)
        for _ in range(TRIES_MAX if has_key else 1):
            try:
                if self._chance.random() < 0.1:
                    await self._chance.choice(self._processes).crash()
                answer = await self._chance.choice(self._processes).writer.submit(request)
            except (WriterBusyError, LogUnavailableError, OutcomeUnknownError):
                await asyncio.sleep(self._chance.random() * PAUSE_SECONDS_MAX)
                continue
            self._note(answer)
            return

    def _note(self, answer: Answered | Rejection) -> None:
        self.answered += 1
        if isinstance(answer, Answered):
            self._answers.append(answer)

    async def _check(self) -> None:
        records = await self._logs[0].read(Position(0), 100_000)
        state = check_invariants(records, self._answers)
        async with asyncio.timeout(60):
            fresh = KnownState(self._logs[0])
            assert await fresh.read() == state, "a new process reads the same from the log"
