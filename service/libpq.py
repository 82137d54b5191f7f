"""The environment of PostgreSQL's own programs, which says nothing to this one."""

import os
from typing import Final

LIBPQ: Final = frozenset(
    f"PG{name}"
    for name in (
        *("DATABASE", "GSSLIB", "HOST", "KRBSRVNAME", "PASSFILE", "PASSWORD", "PORT", "SERVICE", "SERVICEFILE", "USER"),
        *("SSLCERT", "SSLCRL", "SSLKEY", "SSLMAXPROTOCOLVERSION", "SSLMINPROTOCOLVERSION", "SSLMODE", "SSLNEGOTIATION"),
        *("SSLROOTCERT", "TARGETSESSIONATTRS"),
    )
)
"""What asyncpg reads of the environment (`tests/log/test_asyncpg_members.py`)."""


def forget_libpq() -> list[str]:
    """Take the variables of PostgreSQL's own programs out of this process; the names of those that were there.

    asyncpg would fill what NUMBERING_DATABASE_URL leaves open from them: a password, whether to use TLS, which server.
    """
    return sorted(name for name in LIBPQ if os.environ.pop(name, None) is not None)


def read_supervision(environment: Mapping[str, str] | None = None) -> Supervision:
    """What systemd asks of this process (sd_notify(3), sd_watchdog_enabled(3)); nothing if it did not start it."""
    given = os.environ if environment is None else environment
    microseconds = given.get("WATCHDOG_USEC", "")
    is_ours = given.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    is_watched = is_ours and microseconds.isascii() and microseconds.isdigit() and int(microseconds) > 0
    return Supervision(given.get("NOTIFY_SOCKET") or None, int(microseconds) / 1_000_000 if is_watched else None)
