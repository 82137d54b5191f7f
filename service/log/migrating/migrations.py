"""The migrations of this release, and what each says of itself to an operator before it runs.

From 0018 on a migration has these lines in its first comment. `tests/log/test_migration_notes.py` runs each migration
and holds the lines against what PostgreSQL did:

    -- Runs with: 0017
    -- Locks: log.stream, log.event
    -- Takes: it reads the log once, about 10 s a million events
    -- Keeps: log.kind_of(p_tag text)

"Runs with" is the oldest schema whose release may run on the new one. "Locks" names the tables of before that others
cannot use, or not write, until it ends. "Takes" says why that is long, if it is. "Keeps" names what it replaces by
something that an older release can use as before.
"""

import re
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import Struct

MIGRATIONS: Final = Path(__file__).parents[1] / "sql" / "migrations"
NOTED_SINCE: Final = 18
"""Earlier ones ran before there were notes, and no migration is ever edited: for these, see `_EARLIER`."""

_EVENT_TYPES: Final = re.compile(r"\bINTO log\.event_type\b[^;]*;")
_TAG: Final = re.compile(r"'([a-z]+(?:-[a-z]+)*/[0-9]+)'")
_NOTE: Final = re.compile(r"(Runs with|Locks|Takes|Keeps): (.*)")

_EARLIER: Final = {
    "0002_access": {"Locks": "log.head"},
    "0003_snapshot": {"Locks": "log.head"},
    "0004_printed": {"Locks": "log.event", "Takes": "it reads the log once, about 10 s a million documents"},
    "0006_installation": {"Locks": "log.head"},
    "0008_searchable": {"Locks": "log.content"},
    "0009_searchable_words": {"Locks": "log.searchable"},
    "0010_append": {
        "Locks": "log.event, log.stream",
        "Takes": "it reads the log once and builds an index, about 10 s a million documents",
    },
    "0012_words_erased": {"Locks": "log.content, log.searchable"},
    "0013_evidence": {"Locks": "log.head"},
    "0014_auditor": {"Locks": "access.api_key, access.session"},
    "0015_erasure": {"Locks": "log.event"},
    "0016_time_stamps": {"Locks": "evidence.note"},
}


class Migration(Struct, frozen=True):
    """One numbered file; `runs_with` is none where nothing says which releases may start on the new schema."""

    name: str
    text: str
    says: str
    runs_with: int | None = None
    locks: tuple[str, ...] = ()
    takes: str | None = None
    keeps: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """Which one it is, from 1; the number of the last one is that of the schema."""
        return number_of(self.name)


def number_of(name: str) -> int:
    """The number of the migration with this name."""
    return int(name.partition("_")[0])


def migration_of(name: str, text: str) -> Migration:
    """The migration of this name and text."""
    first = re.split(r"\n(?!--)", text, maxsplit=1)[0]
    lines = [line.removeprefix("--").strip() for line in first.splitlines()]
    found = dict(_EARLIER.get(name, {}))
    found |= {match[1]: match[2].strip() for line in lines if (match := _NOTE.fullmatch(line))}
    prose = " ".join(line for line in lines if not _NOTE.fullmatch(line)).strip()
    return Migration(
        name=name,
        text=text,
        says=_first_sentence(prose),
        runs_with=int(found["Runs with"]) if "Runs with" in found else None,
        locks=_listed(found.get("Locks", "")),
        takes=found.get("Takes"),
        keeps=_listed(found.get("Keeps", "")),
        event_types=tuple(tag for part in _EVENT_TYPES.findall(text) for tag in _TAG.findall(part)),
    )


@cache
def known_migrations() -> tuple[Migration, ...]:
    """The migrations of this release, in order."""
    return tuple(migration_of(file.stem, file.read_text("utf-8")) for file in sorted(MIGRATIONS.glob("*.sql")))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r",(?![^(]*\))", text) if part.strip())


def _first_sentence(prose: str) -> str:
    """Its first sentence, without the number that some begin with."""
    return re.sub(r"^[0-9]{4}: ", "", re.split(r"(?<=\.) (?=[A-Z(])", prose, maxsplit=1)[0])
