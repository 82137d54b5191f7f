"""The variables of PostgreSQL's own programs, which say nothing to this one."""

from collections.abc import MutableMapping
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


def take_out(environment: MutableMapping[str, str]) -> list[str]:
    """Take these variables out; the names of those that were there.

    asyncpg would fill what NUMBERING_DATABASE_URL leaves open from them: a password, whether to use TLS, which server.
    """
    return sorted(name for name in LIBPQ if environment.pop(name, None) is not None)
