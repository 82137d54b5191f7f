"""Sessions with PostgreSQL: what a session may hold, for how long, and when one end gives up the other.

A process that freezes, or vanishes with its machine, closes no connection, and TCP alone notices after hours. So each
session has limits of ours at the server, and each of our sockets asks whether the other end is still there. The
projections set the same limits themselves, because neither of the two packages may import the other.
"""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import Final, Protocol
from urllib.parse import parse_qsl, urlsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from service.configuration.addresses import without_password_file
from service.configuration.secret_files import SecretFileError, read_secret_line
from service.statements import statement

CONNECT_SECONDS_MAX: Final = 5
CLOSE_SECONDS_MAX: Final = 2

ANSWER_SECONDS_MAX: Final = 5
"""If PostgreSQL has not answered by then, it has not heard us, or we do not hear it."""

CONNECTIONS_MAX: Final = 20
"""The most sessions of one process, whatever its jobs are."""

POOL_WHOLE_SESSIONS: Final = (
    "let it pool whole sessions (`pool_mode = session` of PgBouncer), or connect to PostgreSQL itself; "
    f"a process holds {CONNECTIONS_MAX} connections at the most"
)
"""What to do about a pooler between us and PostgreSQL that shares one session among its callers."""

LOOKS: Final = 10
PROBES: Final = 2
"""How many callers of our own a pooler must keep apart, all at once, before a session through it is used."""

LIMITS: Final[Mapping[str, str]] = {
    # A transaction is rolled back if its process says nothing for this long, and what it had locked is free.
    "idle_in_transaction_session_timeout": "3s",
    # Longer than that, so that waiting for a vanished process succeeds; shorter than ANSWER_SECONDS_MAX, so that no
    # statement that its process has given up stays in the queue for a lock.
    "lock_timeout": "4s",
    # A machine that does not say that it is there for 4 s, or does not take what was sent to it, is gone. Without
    # effect where PostgreSQL's system does not know it, and on Unix sockets.
    "tcp_keepalives_idle": "2",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "4000",
}
"""What PostgreSQL takes back by itself, of every session."""

OPERATORS: Final = frozenset({*LIMITS, "statement_timeout", "transaction_timeout"})
"""What the operator names of these in the URL of the database counts instead of ours; nothing else does."""

# The same from our end, where the system knows the option: seconds, seconds, times, milliseconds.
_SOCKET_OPTIONS: Final = {"TCP_KEEPIDLE": 2, "TCP_KEEPINTVL": 1, "TCP_KEEPCNT": 2, "TCP_USER_TIMEOUT": 4000}


class NotOurSessionError(asyncpg.InterfaceError):
    """A pooler between us and PostgreSQL gives the session to others as well. It is not used."""


class PasswordFileError(asyncpg.InterfaceError):
    """The file with the password cannot be read now, though it could at the start; the message names it."""


class _Transport(Protocol):
    def get_extra_info(self, name: str) -> socket.socket: ...


class Session(asyncpg.Connection):
    """A connection whose socket notices that the other machine is gone.

    asyncpg has no setting for it, and gives the transport to the constructor of its connections alone
    (`tests/log/test_asyncpg_members.py`).
    """

    def __init__(self, protocol: object, transport: _Transport, *rest: object) -> None:
        super().__init__(protocol, transport, *rest)  # type: ignore[arg-type]  # passed on as it came
        notice_silence(transport.get_extra_info("socket"))

    def get_reset_query(self) -> str:
        """Without asyncpg's RESET ALL, which would take from the session what it was given after it connected."""
        return "SELECT pg_advisory_unlock_all(); CLOSE ALL; UNLISTEN *;"


def notice_silence(line: socket.socket) -> None:
    """Have the system end this connection some 4 s after the other machine went silent; only TCP knows how."""
    if line.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _SOCKET_OPTIONS.items():
        option: int | None = getattr(socket, name, None)
        if option is not None:
            line.setsockopt(socket.IPPROTO_TCP, option, value)


async def connect(database_url: str, role: str | None, application: str, **settings: str) -> asyncpg.Connection:
    """A session of this role, or of the URL's user, with the limits of every session and these settings.

    Raises NotOurSessionError, PasswordFileError and asyncpg's errors.
    """
    asked = _settings(database_url, role, settings)
    connection = await _begin(database_url, application)
    try:
        await _make_ours(database_url, connection, asked)
    except BaseException:
        end(connection)
        raise
    return connection


@asynccontextmanager
async def connected(
    database_url: str, role: str | None, application: str, **settings: str
) -> AsyncGenerator[asyncpg.Connection]:
    """As `connect`, closed at the end of the block. Raises asyncpg's errors while it connects."""
    connection = await connect(database_url, role, application, **settings)
    try:
        yield connection
    finally:
        await close(connection)


async def open_pool(
    database_url: str,
    role: str,
    application: str,
    *,
    sizes: tuple[int, int],
    seconds_max: int,
    reset: Callable[[asyncpg.Connection], Awaitable[None]] | None = None,
    **settings: str,
) -> asyncpg.Pool:
    """Sessions of this role, the least and the most of them; a statement ends after `seconds_max` at both ends.

    `reset` makes a session ready for its next user, instead of asyncpg's own way. Raises NotOurSessionError,
    PasswordFileError and asyncpg's errors.
    """
    size_min, size_max = sizes
    # At the server a little later: a process that is there asks for the end of its statement itself.
    limit = {"statement_timeout": f"{seconds_max + 1}s"}
    asked = _settings(database_url, role, limit | settings)
    url, password = _reached(database_url)
    return await asyncpg.create_pool(
        url,
        password=password,
        min_size=size_min,
        max_size=size_max,
        timeout=CONNECT_SECONDS_MAX,
        command_timeout=seconds_max,
        connection_class=Session,
        server_settings={"application_name": application},
        init=lambda connection: _make_ours(database_url, connection, asked),
        reset=reset,
    )


async def close(connection: asyncpg.Connection) -> None:
    """End a session. Nothing that fails is raised: what was done on it is done, and what was refused was raised."""
    try:
        await connection.close(timeout=CLOSE_SECONDS_MAX)
    except Exception:  # noqa: BLE001 - a socket that is gone is closed too; only a cancellation passes
        connection.terminate()


def end(sessions: asyncpg.Connection | asyncpg.Pool) -> None:
    """End them at once, also while statements run; an error while they end is ignored."""
    with suppress(Exception):
        sessions.terminate()


@contextmanager
def cut_off_after(connection: asyncpg.Connection | PoolConnectionProxy, seconds: float) -> Generator[None]:
    """End the connection after `seconds`, and with it each wait in the block for its answer.

    Nothing is cancelled at the server, as asyncpg's own time-outs would: that would end a commit's wait for its
    standbys, and every reader would see what a failover may take back. The server finishes its statement or, in a
    transaction, rolls back.
    """
    cutting = asyncio.get_running_loop().call_later(seconds, connection.terminate)
    try:
        yield
    except AttributeError as error:
        # asyncpg forgets the protocol of a connection that ends, and asks it for its next statement nevertheless if the
        # end falls between two steps of one call.
        if not connection.is_closed():
            raise
        raise asyncpg.InterfaceError("the connection was ended in the middle of a call") from error
    finally:
        cutting.cancel()


async def _begin(database_url: str, application: str) -> asyncpg.Connection:
    """A session with nothing but its name: a pooler refuses whatever else it would begin with."""
    url, password = _reached(database_url)
    return await asyncpg.connect(
        url,
        password=password,
        timeout=CONNECT_SECONDS_MAX,
        connection_class=Session,
        server_settings={"application_name": application},
    )


async def _make_ours(
    database_url: str, connection: asyncpg.Connection | PoolConnectionProxy, asked: Mapping[str, str]
) -> None:
    """Give the session these settings. Without our role or `synchronous_commit` nothing may be written in it.

    Raises NotOurSessionError if it does not keep them, or a pooler gives it to others between two transactions.
    """
    with _told_of_poolers():
        names, values = list(asked), list(asked.values())
        backend = await connection.fetchval(statement("session_set"), names, values, timeout=ANSWER_SECONDS_MAX)
        if backend != connection.get_server_pid():  # PostgreSQL tells its own; a pooler makes one up for each caller
            await _require_whole(database_url, connection, backend)
        found = await connection.fetch(
            statement("session_lacks"),
            [name for name in asked if name != "role"],
            asked.get("role"),
            timeout=ANSWER_SECONDS_MAX,
        )
    if found:
        raise _shared(f"the session lost {', '.join(row['name'] for row in found)}, which it was given")


def _reached(database_url: str) -> tuple[str, Callable[[], Awaitable[str]] | None]:
    """The URL as asyncpg knows it, and what reads the file of its password for each connection, if it has one."""
    url, path = without_password_file(database_url)
    if path is None:
        return url, None

    async def password() -> str:
        try:
            return await asyncio.to_thread(read_secret_line, path)
        except SecretFileError as error:
            raise PasswordFileError(f"no password for PostgreSQL: {error}") from None

    return url, password


async def _require_whole(database_url: str, connection: asyncpg.Connection | PoolConnectionProxy, backend: int) -> None:
    """Return if the session stays at this backend, while other callers of the same pooler are inside transactions.

    A pooler of transactions gives a free session to the caller that begins one, first the session that was used last.
    So a probe gets our session, unless another caller had it in between; then our next statement is in another session.
    """
    async with AsyncExitStack() as stack:
        for _ in range(PROBES):
            try:
                probe = await _begin(database_url, "numbering probe")
                stack.callback(end, probe)
                await probe.execute("BEGIN", timeout=ANSWER_SECONDS_MAX)
                is_shared = backend == await probe.fetchval(statement("session_backend"), timeout=ANSWER_SECONDS_MAX)
                if not is_shared:
                    is_shared = await _moves(connection, backend)
            except TimeoutError as error:
                raise NotOurSessionError(
                    f"a pooler such as PgBouncer is in front of it, and has no session left for {PROBES} more callers, "
                    f"which would show whether it keeps them apart; {POOL_WHOLE_SESSIONS}"
                ) from error
            except asyncpg.PostgresError as error:
                raise _shared(f"a caller cannot begin a transaction ({error})") from error
            if is_shared:
                raise _shared("one session is given to several callers")


async def _moves(connection: asyncpg.Connection | PoolConnectionProxy, backend: int) -> bool:
    """Whether another backend answers one of several statements, or a pooler gave names of its own to statements."""
    for _ in range(LOOKS):
        found = await connection.fetchrow(statement("session_backend"), timeout=ANSWER_SECONDS_MAX)
        if found is None or found["backend"] != backend or found["is_renamed"]:
            return True
    return False


@contextmanager
def _told_of_poolers() -> Generator[None]:
    """Turn what PostgreSQL says when the parts of one exchange arrive in several sessions into its cause."""
    try:
        yield
    except (asyncpg.DuplicatePreparedStatementError, asyncpg.InvalidSQLStatementNameError) as error:
        raise _shared("a prepared statement is in another session") from error


def _shared(what: str) -> NotOurSessionError:
    return NotOurSessionError(f"a pooler such as PgBouncer is in front of it: {what}; {POOL_WHOLE_SESSIONS}")


def _settings(database_url: str, role: str | None, settings: Mapping[str, str]) -> dict[str, str]:
    """What a session is given once it is there, the role last: it may need a right that the role has not."""
    given = {name.lower() for name, _ in parse_qsl(urlsplit(database_url).query, keep_blank_values=True)}
    ours = {**LIMITS, **settings} | ({} if role is None else {"role": role})
    return {name: value for name, value in ours.items() if name not in given or name not in OPERATORS}
