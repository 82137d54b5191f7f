"""Faults a command may meet, as one clear sentence and an exit status of 1; only defects show a traceback."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Final, cast

import asyncpg

from projections.keeping.connections import ForeignSessionError
from projections.keeping.projection_faults import ProjectionBrokenError, RebuildRunningError
from projections.replay.replay import HistoryBrokenError
from schemas.record import UnknownEventError
from service.access.identity_provider import JwksError
from service.access.key_file import KeyFileError
from service.access.records import UnknownFirmError
from service.cli.screen.commands import CommandFault
from service.configuration.setting_kinds import SettingsError
from service.demo.caller import DemoFaultError
from service.embedded import CannotStartError
from service.evidence.key_file import EvidenceKeysError
from service.evidence.timestamping.authority import RootsError
from service.evidence.witnessing.known_witnesses import WitnessesError
from service.evidence.witnessing.server import WitnessFilesError
from service.log.clock_guard import ClockError
from service.log.event_log import LogFaultError, LogUnavailableError, NewerReleaseError
from service.log.migrating.migrate import MigrationChangedError, NotAllowedToMigrateError, OwnersLostError
from service.log.migrating.schema_fit import SchemaUnfitError
from service.log.postgres_log import DurabilityError
from service.log.sessions import POOL_WHOLE_SESSIONS, NotOurSessionError
from service.nats.client.broker_faults import RelayFaultError
from service.nats.client.identity_files import IdentityFileError
from service.printable import without_password
from service.wiring import MissingSettingError

SPEAK_FOR_THEMSELVES: Final = (
    CannotStartError,
    ClockError,
    DemoFaultError,
    DurabilityError,
    EvidenceKeysError,
    HistoryBrokenError,
    IdentityFileError,
    JwksError,
    KeyFileError,
    LogFaultError,
    MigrationChangedError,
    MissingSettingError,
    NotAllowedToMigrateError,
    OwnersLostError,
    ProjectionBrokenError,
    RebuildRunningError,
    RelayFaultError,
    SchemaUnfitError,
    SettingsError,
    UnknownEventError,
    UnknownFirmError,
    WitnessFilesError,
    RootsError,
    WitnessesError,
)


_POOLER: Final = f"a pooler such as PgBouncer is in front of it; {POOL_WHOLE_SESSIONS}"


def sentence_for(error: Exception) -> str | None:
    """What to tell the operator about this error, or about all that are grouped in it; None for a defect."""
    sentences = [_sentence(leaf) for leaf in _leaves(error)]
    known = [sentence for sentence in sentences if sentence is not None]
    return "; ".join(dict.fromkeys(known)) if len(known) == len(sentences) else None


@contextmanager
def explaining_postgres(database_url: str) -> Generator[None]:
    """Turn what PostgreSQL and the way to it may answer into a CommandFault that names the setting to look at."""
    where = without_password(database_url)
    try:
        yield
    except asyncpg.PostgresError as error:
        raise CommandFault(f"cannot use PostgreSQL at {where}: {_postgres_sentence(error)}") from error
    except BrokenPipeError:
        raise  # the program that read our output has ended; PostgreSQL's connections do not end in this way
    except (NotOurSessionError, ForeignSessionError) as error:
        raise CommandFault(f"cannot use PostgreSQL at {where}: {error}") from error
    except (OSError, asyncpg.InterfaceError, ValueError) as error:
        reason = _reason(error)
        raise CommandFault(f"cannot reach PostgreSQL at {where}: {reason}; check NUMBERING_DATABASE_URL") from error


def _leaves(error: Exception) -> Iterator[Exception]:
    if isinstance(error, ExceptionGroup):
        for inner in cast("ExceptionGroup[Exception]", error).exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _sentence(error: BaseException) -> str | None:
    """What to tell the operator; None if this was not expected."""
    if isinstance(error, CommandFault):
        return error.message
    if isinstance(error, NewerReleaseError):
        return str(error)
    if isinstance(error, LogUnavailableError) and error.__cause__ is not None:
        cause = error.__cause__
        if isinstance(cause, asyncpg.PostgresError):
            return f"cannot use PostgreSQL: {_postgres_sentence(cause)}"
        if isinstance(cause, NotOurSessionError):
            return f"cannot use PostgreSQL: {cause}"
        return f"cannot reach PostgreSQL: {_reason(cause)}; check NUMBERING_DATABASE_URL"
    if isinstance(error, SPEAK_FOR_THEMSELVES):
        return str(error)
    if isinstance(error, asyncpg.PostgresError):
        return _postgres_sentence(error)
    return None


def _postgres_sentence(error: asyncpg.PostgresError) -> str:
    match error:
        case asyncpg.InvalidAuthorizationSpecificationError():
            return "it does not let this user in; check NUMBERING_DATABASE_URL"
        case asyncpg.ProtocolViolationError():  # PostgreSQL knows every setting that we begin a session with
            return f"{_words(error)}: {_POOLER}"
        case asyncpg.DuplicatePreparedStatementError() | asyncpg.InvalidSQLStatementNameError():
            return f"its sessions are not kept apart: {_POOLER}"
        case asyncpg.InvalidCatalogNameError():
            return "this database does not exist; check NUMBERING_DATABASE_URL"
        case asyncpg.UndefinedTableError() | asyncpg.InvalidSchemaNameError() | asyncpg.InvalidParameterValueError():
            return "this database is not prepared, or for an older release; run `numbering migrate`"
        case asyncpg.LockNotAvailableError() | asyncpg.DeadlockDetectedError():
            return (
                f"another session uses what it needs (SQLSTATE {error.sqlstate}); this step changed nothing: try again"
            )
        case asyncpg.InsufficientPrivilegeError():
            return f"{_words(error)}; run `numbering migrate`, or grant this user the role it lacks"
        case _:
            return f"{_words(error)} (SQLSTATE {error.sqlstate})"


def _words(error: asyncpg.PostgresError) -> str:
    """What PostgreSQL said, on one line and without asyncpg's advice to programmers."""
    return " ".join(str(error.args[0]).split()) if error.args else type(error).__name__


def _reason(error: BaseException) -> str:
    """Why a connection failed, short: asyncio's own text repeats the address."""
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (getattr(error, "strerror", None) or str(error)).rstrip(".")
