"""Connections with the role and the settings of the projector."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import asyncpg

from projections.statements import statement

CONNECT_SECONDS_MAX: Final = 10.0
CLOSE_SECONDS_MAX: Final = 5.0

SETTINGS: Final = {
    # Rows and checkpoint are committed together, and both come from the log: the runner applies again what a crash of
    # PostgreSQL took back.
    "synchronous_commit": "off",
    # A batch is thousands of rows or one, and its statements go by indexes in either case: planning them each time, for
    # the arrays of this time, would take longer than it could save.
    "plan_cache_mode": "force_generic_plan",
    # A projector that freezes or vanishes inside a transaction must not keep the checkpoint from the others: what it
    # held is free again within 5 s (`service/log/sessions.py` says the same of everything else).
    "idle_in_transaction_session_timeout": "5s",
    "tcp_keepalives_idle": "2",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "4000",
    "role": "numbering_projector",
}
"""What the operator names of these in the URL counts instead, but for role and commits. A session is given them when
it is there, because a pooler refuses one that begins with them."""

PASSWORD_FILE: Final = "password_file"  # noqa: S105 - the name of a parameter
"""What names the file of the password in a URL, for each connection to read; PostgreSQL is never sent it."""

APPLICATION: Final = {"application_name": "numbering projections"}

_OURS: Final = frozenset({"role", "synchronous_commit"})

# The same from our end, where the system knows the option: seconds, seconds, times, milliseconds.
_SOCKET_OPTIONS: Final = {"TCP_KEEPIDLE": 2, "TCP_KEEPINTVL": 1, "TCP_KEEPCNT": 2, "TCP_USER_TIMEOUT": 4000}


class ForeignSessionError(asyncpg.InterfaceError):
    """A pooler between us and PostgreSQL gives the session to others as well. It is not used."""


class PasswordUnknownError(asyncpg.InterfaceError):
    """The file with the password cannot be read now; the message names it."""


class _Transport(Protocol):
    def get_extra_info(self, name: str) -> socket.socket: ...


class ProjectorSession(asyncpg.Connection):
    """A connection whose socket notices that the other machine is gone: a runner then connects again."""

    def __init__(self, protocol: object, transport: _Transport, *rest: object) -> None:
        super().__init__(protocol, transport, *rest)  # type: ignore[arg-type]  # passed on as it came
        line = transport.get_extra_info("socket")
        if line.family in {socket.AF_INET, socket.AF_INET6}:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _SOCKET_OPTIONS.items():
                option: int | None = getattr(socket, name, None)
                if option is not None:
                    line.setsockopt(socket.IPPROTO_TCP, option, value)


@asynccontextmanager
async def connected(database_url: str, *, has_role: bool = True) -> AsyncGenerator[asyncpg.Connection]:
    """A connection for the life of the block, with the role numbering_projector, or with that of the URL's user.

    Raises ForeignSessionError, PasswordUnknownError and asyncpg's errors. Each process opened a session of
    `service/log/sessions.py` before it, and so knows that a pooler, if there is one, keeps sessions whole.
    """
    given = {name.lower() for name, _ in parse_qsl(urlsplit(database_url).query, keep_blank_values=True)} - _OURS
    asked = {name: value for name, value in SETTINGS.items() if name not in given and (has_role or name != "role")}
    connection = await asyncpg.connect(
        _plain(database_url),
        password=_password_of(database_url),
        timeout=CONNECT_SECONDS_MAX,
        connection_class=ProjectorSession,
        server_settings=APPLICATION,
    )
    try:
        await connection.execute(
            statement("settings_set"), list(asked), list(asked.values()), timeout=CONNECT_SECONDS_MAX
        )
        await _require_own(connection, asked)
        yield connection
    finally:
        try:
            await connection.close(timeout=CLOSE_SECONDS_MAX)
        except Exception:  # noqa: BLE001 - a socket that is gone is closed too; only a cancellation passes
            connection.terminate()


def _plain(database_url: str) -> str:
    """The URL as asyncpg knows it, without the name of a file with the password."""
    parts = urlsplit(database_url)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != PASSWORD_FILE]
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))


def _password_of(database_url: str) -> Callable[[], Awaitable[str]] | None:
    """What reads the password for a connection from the file that the URL names, if it names one.

    Before it gave the URL, the service looked whether others can read the file
    (`service/configuration/secret_files.py`).
    """
    path = dict(parse_qsl(urlsplit(database_url).query)).get(PASSWORD_FILE)
    if path is None:
        return None

    async def password() -> str:
        try:
            content = await asyncio.to_thread(Path(path).read_text, "utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8"
            raise PasswordUnknownError(f"no password for PostgreSQL: {path} cannot be read: {why}") from None
        return content.removesuffix("\n")

    return password


async def _require_own(connection: asyncpg.Connection, asked: Mapping[str, str]) -> None:
    """Return if PostgreSQL has what we asked for: without our role, rows would belong to somebody else."""
    names = [name for name in asked if name != "role"]
    found = await connection.fetch(statement("settings_missing"), names, asked.get("role"), timeout=CONNECT_SECONDS_MAX)
    if found:
        raise ForeignSessionError(
            "a pooler such as PgBouncer is in front of it: the session lost what it was given "
            f"({', '.join(row['name'] for row in found)}); let it pool whole sessions, or connect to PostgreSQL itself"
        )
