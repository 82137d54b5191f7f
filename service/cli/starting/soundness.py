"""Whether a process can start with its settings: what is wrong in them and in the files that they name, all at once.

`numbering settings --check` tells it, and what serves does not start where something is wrong. Nothing is connected to.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from service.access import key_file
from service.access.identity_provider import IdentityKeys, JwksError
from service.configuration.setting_kinds import SettingsError
from service.configuration.settings import Settings, settings_and_faults
from service.evidence import key_file as evidence_file
from service.evidence.timestamping.authority import RootsError, read_roots
from service.evidence.witnessing.known_witnesses import WitnessesError, read_witnesses
from service.nats.client.identity_files import identity_faults
from service.wiring import nats_of

_FAULTS = (key_file.KeyFileError, evidence_file.EvidenceKeysError, JwksError, RootsError, WitnessesError)


class Soundness(Struct, frozen=True):
    """Sentences: `faults` keep a process from its start; `notes` say what will be missing, and what has no effect."""

    faults: list[str]
    notes: list[str]


def soundness(without_effect: Sequence[str]) -> Soundness:
    """How the settings of this process are, and the files that they name; and which variables are `without_effect`."""
    settings, faults = settings_and_faults()
    notes = [f"{name} has no effect on the service, see NUMBERING_DATABASE_URL" for name in without_effect]
    return Soundness([*faults, *file_faults(settings)], [*_notes(settings), *notes])


def require_sound(settings: Settings) -> None:
    """Return if each file of these settings that is there holds what it should. Raises SettingsError."""
    faults = list(file_faults(settings))
    if faults:
        raise SettingsError(*faults)


def file_faults(settings: Settings) -> Iterator[str]:
    """A sentence for each file that is damaged, open to others, or cannot be read."""
    yield from _fault(key_file.load, settings.keys_path, may_be_missing=True)
    yield from _fault(evidence_file.load, evidence_file.evidence_keys_path(settings), may_be_missing=True)
    yield from _fault(IdentityKeys, settings.jwks_file)
    yield from _fault(read_witnesses, settings.evidence_witnesses_file)
    yield from _fault(read_roots, settings.timestamp_roots_file)
    yield from identity_faults(nats_of(settings))


def _fault(load: Callable[[Path], object], path: Path | None, *, may_be_missing: bool = False) -> Iterator[str]:
    if path is None:
        return
    try:
        load(path)
    except _FAULTS as error:
        if not (may_be_missing and isinstance(error.__cause__, FileNotFoundError | NotADirectoryError)):
            yield str(error)


def _notes(settings: Settings) -> Iterator[str]:
    if settings.database is None:
        yield "NUMBERING_DATABASE_URL is not set: only `up` starts, with a PostgreSQL of its own"
    if settings.nats is None:
        yield "NUMBERING_NATS_URL is not set: `relay` and `requests` do not start, `up` starts a NATS server of its own"
    if not settings.keys_path.exists():
        yield (
            f"there is no key file {settings.keys_path}: `migrate` and `up` create one; `serve`, `relay` and "
            "`requests` do not start without it"
        )
    evidence = evidence_file.evidence_keys_path(settings)
    if not evidence.exists():
        yield f"there is no file {evidence}: nothing is sealed, until `evidence create` makes one"
