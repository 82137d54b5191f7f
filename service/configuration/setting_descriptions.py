"""How settings look to people: each with its value, what it is measured in and what it does; no secret."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import FieldInfo

from service.configuration.setting_kinds import is_secret, outer, said, shown
from service.configuration.setting_values import FILE_SUFFIX


class Described(Struct, frozen=True):
    """One line of `numbering settings`; `present` and `default` are safe to show.

    What `may_be_file` may also be given as a file, which the variable with FILE_SUFFIX behind it names.
    """

    variable: str
    present: str
    default: str
    unit: str
    effect: str
    may_be_file: bool

    @property
    def variables(self) -> tuple[str, ...]:
        """What gives it."""
        return (self.variable, self.variable + FILE_SUFFIX) if self.may_be_file else (self.variable,)


def described(
    settings: object, defaults: object, files: Mapping[str, Path], fields: Mapping[str, FieldInfo]
) -> Iterator[Described]:
    """Each of these fields, which stand under their variables; `files` are those of the secrets that came from one."""
    for variable, field in fields.items():
        present = shown(field.type, getattr(settings, field.name))
        yield Described(
            variable=variable,
            present=f"{present} (from {files[field.name]})" if field.name in files else present,
            default=shown(field.type, getattr(defaults, field.name)),
            unit=said(field.type)["unit"],
            effect=outer(field.type).description or "",
            may_be_file=is_secret(field.type),
        )
