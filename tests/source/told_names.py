"""What operators and clients can name: settings, commands and their options, metrics, calls and error codes.

    python -m tests.source.told_names > tests/source/told_before.txt

made the list that `test_change_log.py` compares with. It is made again when a version is released, and only then.
"""

import re
from collections.abc import Iterator

import click

from service.__main__ import numbering
from service.api.catalogue import ROUTES
from service.configuration.settings import Settings, describe
from tests.source.tables import TABLES

_FIRST_CELL = re.compile(r"^\| `([^`]+)`", re.MULTILINE)


def names() -> set[str]:
    """All of them, as a change log names them."""
    found = {line.variable for line in describe(Settings())}
    found |= {f"{route.method} {route.path}" for route in ROUTES}
    for table in ("metrics", "codes", "operations"):
        found |= set(_FIRST_CELL.findall(TABLES[table]()))
    return found | set(_commands("numbering", numbering))


def _commands(name: str, command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        if isinstance(parameter, click.Option) and name != "numbering":
            yield f"{name} {parameter.opts[0]}"
    if not isinstance(command, click.Group):
        yield name
        return
    context = click.Context(command)
    for each in command.list_commands(context):
        found = command.get_command(context, each)
        assert found is not None
        yield from _commands(f"{name} {each}", found)


if __name__ == "__main__":
    click.echo("\n".join(sorted(names())))
