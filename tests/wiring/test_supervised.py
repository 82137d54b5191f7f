"""systemd hears from a process that it started: ready, alive, stopping. A process that is told to stop drains."""

import asyncio
import secrets
import signal
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
import pytest
from structlog.testing import capture_logs

from service.access.key_file import ensure
from service.configuration.setting_values import Supervision
from service.configuration.settings import Settings, child_environment, read_supervision
from service.embedded.data_directory import free_port
from service.health import Check, Finding, Health
from service.stopping import PROCESS, Stopping
from service.supervisor import Supervisor
from tests.support.servers.cut_proxy import CutProxy
from tests.support.service.service_process import ServiceProcess
from tests.support.tasks import running_beside

HEAR_SECONDS_MAX: Final = 60.0
WATCHDOG_SECONDS: Final = 0.2
DRAIN_SECONDS: Final = 3600


class Ear:
    """A datagram socket of Unix, as systemd has one."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(address.replace("@", "\0", 1))

    async def next(self) -> list[str]:
        """The lines of the next message."""
        async with asyncio.timeout(HEAR_SECONDS_MAX):
            return (await asyncio.get_running_loop().sock_recv(self._socket, 4096)).decode().split("\n")

    async def next_of(self, line: str) -> list[str]:
        """The next message that has this line."""
        async with asyncio.timeout(HEAR_SECONDS_MAX):
            while line not in (heard := await self.next()):
                pass
            return heard

    def is_silent_while_the_loop_stands_still(self, seconds: float) -> bool:
        """Whether nothing comes for so long, in which nothing else runs here."""
        self.forget()
        self._socket.settimeout(seconds)
        try:
            self._socket.recv(4096)
        except TimeoutError:
            return True
        finally:
            self._socket.setblocking(False)
        return False

    def forget(self) -> None:
        """Drop what has come."""
        try:
            while True:
                self._socket.recv(4096)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Hear nothing more."""
        self._socket.close()


@pytest.fixture
def ear() -> Iterator[Ear]:
    """An abstract socket, whose name may not be as short as that of a file must be."""
    made = Ear(f"@numbering-{secrets.token_hex(8)}")
    yield made
    made.close()


@asynccontextmanager
async def supervised(
    ear: Ear, directory: Path, database_url: str, arguments: tuple[str, ...], **settings: str
) -> AsyncGenerator[ServiceProcess]:
    """A process of the service as systemd starts it."""
    ensure(directory / "keys.json")
    asked = {"NOTIFY_SOCKET": ear.address, "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1_000_000))}
    process = ServiceProcess(directory, database_url, "", arguments, **asked, **settings)
    process.spawn()
    try:
        yield process
    finally:
        if process.is_running:
            process.kill()


async def test_a_process_that_answers_nobody_says_when_its_job_runs_and_when_it_stops(
    tmp_path: Path, database_url: str, ear: Ear
) -> None:
    settings = {"NUMBERING_NATS_URL": "nats://127.0.0.1:1", "NUMBERING_DRAIN_SECONDS": str(DRAIN_SECONDS)}
    async with supervised(ear, tmp_path, database_url, ("relay",), **settings) as process:
        assert await ear.next_of("READY=1") == ["READY=1", "STATUS=running relay, seal"]
        assert await ear.next_of("WATCHDOG=1") == ["WATCHDOG=1"]
        stopping = asyncio.create_task(asyncio.to_thread(process.stop))
        assert await ear.next_of("STOPPING=1") == ["STOPPING=1", "STATUS=stopping"]
        assert await stopping == 0


async def test_a_process_that_is_told_to_stop_answers_on_until_it_is_told_again(
    tmp_path: Path, database_url: str, ear: Ear
) -> None:
    port = free_port()
    settings = {"NUMBERING_DRAIN_SECONDS": str(DRAIN_SECONDS), "NUMBERING_METRICS_PORT": str(port)}
    async with (
        CutProxy.before(database_url) as proxy,
        supervised(ear, tmp_path, proxy.url, ("serve", "--web-only"), **settings) as process,
        aiohttp.ClientSession() as session,
    ):
        assert await ear.next_of("READY=1") == ["READY=1", "STATUS=running sweep, web"]
        process.send(signal.SIGTERM)
        extended = f"EXTEND_TIMEOUT_USEC={(DRAIN_SECONDS + 60) * 1_000_000}"
        assert await ear.next_of("STOPPING=1") == ["STOPPING=1", "STATUS=draining", extended]
        await process.until_status("/readyz", 503)
        async with session.get(f"{process.base_url}/readyz") as response:
            error = (await response.json())["error"]
            assert "process (stopping)" in error["message"]
            assert error["errors"]["process"] == "down"
        async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
            assert response.status == 503
            assert (await response.json())["because"] == {"process": "stopping"}
        async with session.get(f"{process.base_url}/v1/ping") as response:
            assert response.status == 200
        assert "stop.draining" in process.said()

        proxy.silence()  # PostgreSQL is frozen: that is no reason to kill the process
        ear.forget()
        for _ in range(3):
            assert await ear.next_of("WATCHDOG=1")

        proxy.cut()
        process.send(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait) == 0
        assert "stop.drained_no_longer" in process.said()


async def test_a_process_whose_event_loop_hangs_falls_silent(ear: Ear) -> None:
    async with running_beside(Supervisor(ear.address, WATCHDOG_SECONDS / 20).feed_watchdog()):
        assert [await ear.next(), await ear.next()] == [["WATCHDOG=1"]] * 2
        assert ear.is_silent_while_the_loop_stands_still(WATCHDOG_SECONDS)
        assert await ear.next() == ["WATCHDOG=1"]


async def test_a_supervisor_that_does_not_listen_hurts_nothing(tmp_path: Path) -> None:
    with capture_logs() as lines:
        deaf = Supervisor(str(tmp_path / "nobody"))
        deaf.say_ready("running")
        deaf.say_stopping()
    assert [line["event"] for line in lines] == ["supervisor.deaf"]


async def test_a_process_that_nobody_supervises_feeds_no_watchdog(ear: Ear) -> None:
    for told in (Supervisor(), Supervisor(ear.address), Supervisor(None, WATCHDOG_SECONDS)):
        await told.feed_watchdog()


async def test_a_socket_may_be_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # its whole path may be longer than an address may be
    ear = Ear("notify")
    Supervisor("notify").say_ready("running")
    assert await ear.next() == ["READY=1", "STATUS=running"]
    ear.close()


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({}, Supervision()),
        ({"NOTIFY_SOCKET": "/run/notify"}, Supervision("/run/notify")),
        ({"NOTIFY_SOCKET": ""}, Supervision()),
        ({"NOTIFY_SOCKET": "@a", "WATCHDOG_USEC": "30000000"}, Supervision("@a", 30.0)),
        ({"NOTIFY_SOCKET": "@a", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, Supervision("@a")),
        ({"WATCHDOG_USEC": "0"}, Supervision()),
        ({"WATCHDOG_USEC": "soon"}, Supervision()),
    ],
    ids=["nothing", "socket", "empty", "watchdog", "the watchdog of another process", "zero", "no number"],
)
def test_what_systemd_asks_is_read_from_the_environment(environment: dict[str, str], asked: Supervision) -> None:
    assert read_supervision(environment) == asked


def test_a_child_of_ours_is_not_supervised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "@a")
    monkeypatch.setenv("WATCHDOG_USEC", "1")
    assert read_supervision(child_environment(Settings())) == Supervision()


async def test_the_drain_ends_when_its_time_is_over() -> None:
    stopping, health = Stopping(), dict[str, Check]()
    stopping.ask()
    await stopping.asked()
    async with asyncio.timeout(HEAR_SECONDS_MAX):
        await stopping.drain(0.01, health, Supervisor())
    assert await health[PROCESS]() == Finding(Health.DOWN, "stopping")
