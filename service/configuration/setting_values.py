"""What a set of variables gives: the values by field, and what is wrong with each of the others."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import FieldInfo

from service.configuration.setting_kinds import SettingsError, decode, decode_file, is_secret

PREFIX: Final = "NUMBERING_"
TEST_PREFIX: Final = "NUMBERING_TEST_"
FILE_SUFFIX: Final = "_FILE"

SERVICE_LINK: Final = re.compile(r"SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?")
LINKED_PORT: Final = re.compile(r"(tcp|udp|sctp)://.*")
"""What Kubernetes gives every container for each Service of its namespace, after the Service's name; and what its
variable `PORT` says, which may be ours as well."""


SUPERVISION_VARIABLES: Final = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
"""What systemd tells a process that it starts."""


class Supervision(Struct, frozen=True):
    """What systemd asks of a process that it started: to tell it what happens, and that it lives, at least so often."""

    socket: str | None = None
    watchdog_seconds: float | None = None


class Found(Struct, frozen=True):
    """By field: the values, the files of those that came from one, and the variable that gave each; and the faults."""

    values: dict[str, Any]
    files: dict[str, Path]
    named: dict[str, str]
    faults: list[str]


def supervision_of(environment: Mapping[str, str]) -> Supervision:
    """What these variables ask of this process (sd_notify(3), sd_watchdog_enabled(3))."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    is_ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    is_watched = is_ours and microseconds.isascii() and microseconds.isdigit() and int(microseconds) > 0
    return Supervision(environment.get("NOTIFY_SOCKET") or None, int(microseconds) / 1_000_000 if is_watched else None)


def values_of(environment: Mapping[str, str], fields: Mapping[str, FieldInfo]) -> Found:
    """What these variables give to these fields, which stand under their variables; an empty one gives nothing."""
    found = Found({}, {}, {}, [])
    for variable, text in environment.items():
        if not _is_ours(variable, environment):
            continue
        try:
            _add(found, variable, text, fields)
        except SettingsError as error:
            found.faults.extend(error.faults)
    return found


def _is_ours(variable: str, given: Mapping[str, str]) -> bool:
    is_named = variable.startswith(PREFIX) and not variable.startswith(TEST_PREFIX)
    return is_named and not _is_service_link(variable, given)


def _is_service_link(variable: str, given: Mapping[str, str]) -> bool:
    """Whether Kubernetes made this variable: it makes all of a Service's together, so its host and port are there."""
    for service in (name.removesuffix("_SERVICE_HOST") for name in given if name.endswith("_SERVICE_HOST")):
        of_service, _, rest = variable.partition(f"{service}_")
        if of_service or f"{service}_SERVICE_PORT" not in given:
            continue
        if SERVICE_LINK.fullmatch(rest) or (rest == "PORT" and LINKED_PORT.fullmatch(given[variable])):
            return True
    return False


def _add(found: Found, variable: str, text: str, fields: Mapping[str, FieldInfo]) -> None:
    """Add what one variable gives. Raises SettingsError."""
    field = fields.get(variable)
    is_file = field is None
    if field is None:
        field = fields.get(variable.removesuffix(FILE_SUFFIX))
    if field is None or (is_file and not is_secret(field.type)):
        raise SettingsError(f"{variable} is not a setting; `numbering settings` lists them all")
    if not text:
        return
    if field.name in found.named:
        raise SettingsError(f"{found.named[field.name]} and {variable} are both set; keep one of them")
    found.named[field.name] = variable
    found.values[field.name] = (decode_file if is_file else decode)(variable, field.type, text)
    if is_file:
        found.files[field.name] = Path(text).expanduser()
