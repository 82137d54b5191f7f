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
