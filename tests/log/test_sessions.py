"""Every session of ours has limits at the server and a socket that notices silence, and its end ends nothing else."""

import socket
from inspect import signature
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

import projections.keeping.connections as projector
from service.log import sessions
from service.log.postgres_log import PostgresLog
from service.log.sessions import LIMITS, Session, connected, cut_off_after, open_pool
from tests.support.servers.cut_proxy import CutProxy
from tests.support.waiting import until

PRODUCT = Path(__file__).parents[2]
CONNECTING = {"service/log/sessions.py", "projections/keeping/connections.py"}
TCP = {"TCP_KEEPIDLE": 2, "TCP_KEEPINTVL": 1, "TCP_KEEPCNT": 2, "TCP_USER_TIMEOUT": 4000}


async def settings_of(connection: asyncpg.Connection | Any, names: set[str]) -> dict[str, str]:
    return {name: await connection.fetchval(f"SHOW {name}") for name in names}


async def test_what_a_session_holds_is_limited_by_the_server(database_url: str) -> None:
    async with connected(database_url, "numbering_writer", "test") as connection:
        # PostgreSQL shows what the system took: of the socket, not of the setting.
        assert await settings_of(connection, set(LIMITS)) == LIMITS


async def test_the_sessions_of_a_pool_have_the_limits_and_one_for_statements(database_url: str) -> None:
    pool = await open_pool(database_url, "numbering_reader", "test", sizes=(1, 1), seconds_max=7)
    async with pool.acquire() as connection:
        expected = {**LIMITS, "statement_timeout": "8s"}
        assert await settings_of(connection, set(expected)) == expected
    pool.terminate()


async def test_the_sessions_of_the_projector_have_the_same_limits_but_one(database_url: str) -> None:
    # A runner waits for another runner's batch as long as that takes: no process waits for it to issue numbers.
    expected = {**LIMITS, "idle_in_transaction_session_timeout": "5s"}
    del expected["lock_timeout"]
    async with projector.connected(database_url) as connection:
        assert await settings_of(connection, set(expected)) == expected


@pytest.mark.parametrize("is_projector", [False, True])
async def test_a_limit_that_the_operator_gives_in_the_url_counts(database_url: str, is_projector: bool) -> None:
    url = f"{database_url}?idle_in_transaction_session_timeout=42s&application_name=theirs"
    async with projector.connected(url) if is_projector else connected(url, "numbering_writer", "ours") as connection:
        found = await settings_of(connection, {"idle_in_transaction_session_timeout", "tcp_user_timeout"})
        assert found == {"idle_in_transaction_session_timeout": "42s", "tcp_user_timeout": "4000"}
        assert await connection.fetchval("SHOW application_name") != "theirs"


async def test_an_operator_who_lets_a_vanished_process_hold_the_log_is_told(database_url: str) -> None:
    for url, is_told in ((database_url, False), (f"{database_url}?idle_in_transaction_session_timeout=0", True)):
        with capture_logs() as lines:
            log = await PostgresLog.open(url)
        await log.close()
        told = [line for line in lines if line.get("setting") == "idle_in_transaction_session_timeout"]
        assert bool(told) is is_told


class Seen(Session):
    """Keeps the socket it was made with."""

    line: socket.socket

    def __init__(self, protocol: object, transport: Any, *rest: object) -> None:
        super().__init__(protocol, transport, *rest)
        self.line = transport.get_extra_info("socket")


class SeenProjector(projector.ProjectorSession):
    """Likewise."""

    line: socket.socket

    def __init__(self, protocol: object, transport: Any, *rest: object) -> None:
        super().__init__(protocol, transport, *rest)
        self.line = transport.get_extra_info("socket")


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system does not know the option")
@pytest.mark.parametrize("kind", [Seen, SeenProjector])
async def test_our_sockets_notice_a_machine_that_went_silent(
    database_url: str, kind: type[Seen | SeenProjector]
) -> None:
    connection = await asyncpg.connect(database_url, connection_class=kind)
    assert connection.line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    found = {name: connection.line.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in TCP}
    assert found == TCP
    await connection.close()


@pytest.mark.parametrize("kind", [Session, projector.ProjectorSession])
def test_asyncpg_gives_the_transport_to_the_connections_it_makes(kind: type[asyncpg.Connection]) -> None:
    assert list(signature(asyncpg.Connection.__init__).parameters)[:3] == ["self", "protocol", "transport"]
    assert list(signature(kind.__init__).parameters)[:3] == ["self", "protocol", "transport"]


def test_nothing_connects_to_postgresql_without_the_limits() -> None:
    found = {
        str(path.relative_to(PRODUCT))
        for package in ("service", "projections")
        for path in (PRODUCT / package).rglob("*.py")
        if "asyncpg.connect(" in (text := path.read_text("utf-8")) or "create_pool(" in text
    }
    assert found == CONNECTING


@pytest.mark.parametrize("is_projector", [False, True])
@pytest.mark.parametrize("is_cut", [False, True], ids=["silent", "reset"])
async def test_closing_a_lost_session_does_not_replace_what_is_raised(
    database_url: str, is_projector: bool, is_cut: bool
) -> None:
    async def lose(proxy: CutProxy) -> None:
        opened = projector.connected(proxy.url) if is_projector else connected(proxy.url, "numbering_writer", "test")
        async with opened:
            proxy.cut() if is_cut else proxy.silence()
            raise LookupError("the reason")

    async with CutProxy.before(database_url) as proxy:
        with pytest.raises(LookupError, match="the reason"):
            await lose(proxy)


async def test_closing_a_lost_session_is_no_failure(database_url: str) -> None:
    async with CutProxy.before(database_url) as proxy:
        async with connected(proxy.url, "numbering_writer", "test"):
            proxy.cut()
        async with projector.connected(proxy.url):
            proxy.cut()


class CannotEnd:
    """A connection or pool whose transport is closed already, as uvloop says it."""

    def terminate(self) -> None:
        """Fail."""
        raise RuntimeError("the handler is closed")


def test_what_cannot_be_ended_is_ended() -> None:
    sessions.end(CannotEnd())  # type: ignore[arg-type]  # it has what is used


async def test_a_statement_that_is_cut_off_is_not_cancelled_at_the_server(database_url: str) -> None:
    """A CancelRequest would end a commit's wait for its standbys, and show what a failover may take back."""
    async with (
        CutProxy.before(database_url) as proxy,
        connected(proxy.url, "numbering_writer", "cut off") as connection,
    ):
        accepted = proxy.accepted
        with pytest.raises(asyncpg.PostgresConnectionError), cut_off_after(connection, 0.05):
            await connection.fetchval("SELECT pg_sleep(0.5)")
        assert connection.is_closed()
        assert proxy.accepted == accepted, "a CancelRequest goes over a connection of its own"


async def test_a_cut_between_two_steps_of_a_call_is_a_lost_connection(database_url: str) -> None:
    async with connected(database_url, "numbering_reader", "numbering") as connection:

        async def call() -> None:
            with cut_off_after(connection, 0):
                await until(connection.is_closed)
                connection._protocol.bind_execute()  # type: ignore[attr-defined]  # asyncpg's next step after preparing

        with pytest.raises(asyncpg.InterfaceError, match="in the middle"):
            await call()
