"""What went wrong in PostgreSQL, as faults of the log. Errors are known by SQLSTATE and class, never by their text.

The question here is whether a batch was written. The projections ask another one of the same errors, whether a later
try may succeed. They keep their own list, because neither of the two packages may import the other.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from schemas.values import Position
from service.log.event_log import (
    AnswerExistsError,
    AppendInDoubtError,
    LogBrokenError,
    LogFaultError,
    LogHaltedError,
    LogReadOnlyError,
    LogUnavailableError,
    PrintedTwiceError,
    StalePositionError,
)
from service.log.sessions import PasswordFileError

CONNECTION_LOST: Final = (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.InternalClientError)
"""TimeoutError is an OSError."""

_IN_DOUBT_CLASSES: Final = ("08", "57", "58", "XX")
"""Connection lost, operator intervention, system error, internal error: any of them may strike after the commit."""

_READ_ONLY: Final = "25006"

_NEEDS_A_NEW_SESSION: Final = (_READ_ONLY, "25P03", "25P04", "0A000", "26000")
"""A new session may find the server that takes writes by now, where the URL names several. A transaction was idle, or
open, for too long, and PostgreSQL has ended the session with it. A prepared statement is no longer what it was."""

_BROKEN_CLASSES: Final = ("22", "23", "LG")
"""Data, constraint and log rules that only a defect of ours can break."""


@contextmanager
def read_faults() -> Generator[None]:
    """Turn what can go wrong while connecting and reading into LogUnavailableError; nothing was written."""
    try:
        yield
    except PasswordFileError as error:
        raise LogUnavailableError(str(error)) from error
    except CONNECTION_LOST as error:
        raise LogUnavailableError(f"PostgreSQL cannot be reached: {type(error).__name__}") from error
    except asyncpg.PostgresError as error:
        raise _by_sqlstate(error) or _refused(error) from error


@contextmanager
def append_faults(connection: asyncpg.Connection) -> Generator[None]:
    """Turn what can go wrong during an append into the fault that says what is written."""
    try:
        with hearing_warnings(connection) as warnings:
            yield
        if warnings:
            # Committed here, and perhaps nowhere else: an operator cancelled the wait for the standbys, which
            # PostgreSQL reports as a success with a warning. A failover would take back what we acknowledged.
            connection.terminate()
            raise AppendInDoubtError(warnings[0])
    except CONNECTION_LOST as error:
        # The batch may have been committed before the connection died: only the log knows.
        connection.terminate()
        raise AppendInDoubtError(type(error).__name__) from error
    except asyncpg.PostgresError as error:
        known = _by_sqlstate(error)
        if known is not None:
            raise known from error
        if (error.sqlstate or "XX")[:2] in _IN_DOUBT_CLASSES:
            connection.terminate()
            raise AppendInDoubtError(f"SQLSTATE {error.sqlstate}") from error
        if error.sqlstate in _NEEDS_A_NEW_SESSION:
            connection.terminate()
        # Serialization, resources, a lock that did not come free: the transaction was rolled back, whole.
        raise _refused(error) from error


@contextmanager
def hearing_warnings(connection: asyncpg.Connection | PoolConnectionProxy) -> Generator[list[str]]:
    """What PostgreSQL warns of during the block; complete for every statement that was awaited in it."""
    heard: list[str] = []

    def hear(_: object, message: asyncpg.PostgresLogMessage) -> None:
        if message.severity_en == "WARNING":
            heard.append(f"PostgreSQL warned, SQLSTATE {message.sqlstate}: {message.message}")

    # asyncpg schedules the listener when the warning arrives, so before the coroutine that waits for the statement.
    connection.add_log_listener(hear)
    try:
        yield heard
    finally:
        connection.remove_log_listener(hear)


def _refused(error: asyncpg.PostgresError) -> LogUnavailableError:
    if error.sqlstate == _READ_ONLY:
        return LogReadOnlyError("PostgreSQL takes no writes: a standby, or default_transaction_read_only is on")
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        return LogUnavailableError(f"PostgreSQL does not let this user in, or has another password ({error.sqlstate})")
    return LogUnavailableError(f"PostgreSQL refused: {error.sqlstate}")


def _by_sqlstate(error: asyncpg.PostgresError) -> LogFaultError | None:
    sqlstate = error.sqlstate or ""
    detail = getattr(error, "detail", None) or ""
    if sqlstate == "LG001":
        return StalePositionError(Position(int(detail)))
    if sqlstate == "LG004":
        return AnswerExistsError(str(error))
    if sqlstate == "LG006":
        return LogHaltedError(detail)
    if sqlstate[:2] in _BROKEN_CLASSES:
        constraint = getattr(error, "constraint_name", None)
        if constraint == "printed_once":
            return PrintedTwiceError("a document would show the full number of another one")
        return LogBrokenError(f"SQLSTATE {sqlstate}, constraint {constraint}: {error}")
    return None
