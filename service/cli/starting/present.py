"""The settings of a command, and where the service of `numbering up` is when no setting says it."""

from pathlib import Path

import msgspec
from msgspec import Struct

from service.cli.screen.commands import CommandFault
from service.configuration.settings import Settings, read_settings
from service.whole_file import replace_file


class Runtime(Struct, frozen=True):
    """What `numbering up` runs, for commands in another terminal: runtime.json in the data directory, mode 0600."""

    database_url: str
    nats_url: str
    base_url: str


def present_settings() -> Settings:
    """The settings, with the addresses of the embedded parts where none are set. Raises SettingsError."""
    settings = read_settings()
    runtime = read_runtime(settings)
    if runtime is None:
        return settings
    return settings.at(settings.database or runtime.database_url, settings.nats or runtime.nats_url)


def database_url(settings: Settings) -> str:
    """The address of the database, with its password or the file of it. Raises CommandFault if there is none."""
    if settings.database is None:
        raise CommandFault(
            f"no database: set NUMBERING_DATABASE_URL, or start `numbering up` (data directory {settings.data_dir})"
        )
    return settings.database


def runtime_path(settings: Settings) -> Path:
    """Where `numbering up` writes what it runs."""
    return settings.data_dir / "runtime.json"


def read_runtime(settings: Settings) -> Runtime | None:
    """What `numbering up` runs here, or ran last; None if it never did."""
    try:
        return msgspec.json.decode(runtime_path(settings).read_bytes(), type=Runtime)
    except (OSError, msgspec.DecodeError):
        return None


def write_private(path: Path, value: object) -> None:
    """Write a JSON file that only its owner can read; see `replace_file`."""
    replace_file(path, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
