"""`numbering settings` and `numbering keys`."""

import click
import msgspec

from service.access.key_file import create, rotate
from service.cli.screen.console import out, print_json, print_table, table
from service.configuration.settings import describe, read_settings


@click.command("settings")
@click.option("--check", "is_check", is_flag=True, help="Say what is wrong in them and in their files; start nothing.")
@click.option("--json", "is_json", is_flag=True, help="For programs.")
def show_settings(*, is_check: bool, is_json: bool) -> None:
    """Show every setting: its present value, default, unit and effect. Secrets are hidden.

    With --check the exit status is 1 if a process of the service would not start with them.
    """
    if is_check:
        return _check(is_json=is_json)
    lines = list(describe(read_settings()))
    if is_json:
        return print_json({"settings": msgspec.to_builtins(lines)})
    grid = table("variable", "value", "default", "unit", "effect")
    for line in lines:
        grid.add_row(line.variable, line.present or "-", line.default or "-", line.unit, line.effect)
    return print_table(grid)


def _check(*, is_json: bool) -> None:
    """A line for each fault, and for each note. Exits with 1 if there is a fault."""
    from service.cli.starting.soundness import soundness  # noqa: PLC0415 - it imports most of the service

    without_effect: list[str] = click.get_current_context().obj or []
    found = soundness(without_effect)
    if is_json:
        print_json(msgspec.to_builtins(found))
    else:
        lines = [*found.faults, *(f"note: {note}" for note in found.notes)]
        out().print("\n".join(lines if found.faults else [*lines, "all good"]))
    if found.faults:
        raise click.exceptions.Exit(1)


@click.group()
def keys() -> None:
    """The key file: what seals reservation tokens and signs sessions."""


@keys.command("create")
def create_keys() -> None:
    """Make the key file where there is none, such as for a Secret, which no process of the service can write.

    It needs no database. Elsewhere `numbering migrate` makes the file.
    """
    file = create(read_settings().keys_path)
    print_json(
        {
            "keys_file": str(file.path),
            "token_key": file.current_token_key.id,
            "session_key": file.current_session_key.id,
        }
    )


@keys.command("rotate")
def rotate_keys() -> None:
    """Put new keys in force and keep the old ones, so that what they made stays readable.

    Copy the file to every machine, then restart one process after another: a running process reads what a new key made
    as soon as its file has the key, and begins to use it when it is started again.
    """
    path = read_settings().keys_path
    new = rotate(path)
    print_json(
        {
            "keys_file": str(path),
            "token_key": new.token_keys[0].id,
            "session_key": new.session_keys[0].id,
            "kept": len(new.token_keys) - 1,
        }
    )
