"""The group of all commands: it imports a command when it is run, and answers expected faults in a sentence."""

import json
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from typing import IO, Any

import click

from service.printable import harmless


class CommandFault(click.ClickException):
    """The command could not do its work; the message is one sentence, and says what to look at."""

    def format_message(self) -> str:
        """The message, without what would steer a terminal: it may quote what a client or a server wrote."""
        return harmless(self.message)

    def show(self, file: IO[Any] | None = None) -> None:
        """Write it to standard error, in the form of a log line where log lines are JSON."""
        from service.configuration.settings import has_json_lines  # noqa: PLC0415 - a list of commands needs no settings

        if has_json_lines():
            at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
            line = {"event": self.format_message(), "level": "error", "timestamp": at}
            click.echo(json.dumps(line, ensure_ascii=False), file=file or sys.stderr)
        else:
            super().show(file)


class UsageFault(CommandFault):
    """The command was called wrongly."""

    exit_code = 2


@contextmanager
def _as_log_lines() -> Generator[None]:
    """Where log lines are JSON, say a wrong usage as one, instead of in the words that click has for people."""
    try:
        yield
    except click.UsageError as error:
        from service.configuration.settings import has_json_lines  # noqa: PLC0415 - a list of commands needs no settings

        if not has_json_lines():
            raise
        path = error.ctx.command_path if error.ctx is not None else "numbering"
        is_help = isinstance(error, click.exceptions.NoArgsIsHelpError)
        what = "a command is missing" if is_help else error.format_message().rstrip(".")
        raise UsageFault(f"{what}; `{path} --help` says what there is") from error


class Commands(click.Group):
    """Commands by name, each with the place of its function (`module:name`) and a line about it.

    So a list of commands takes a tenth of a second and not two: most commands import the whole service.
    """

    def __init__(self, *arguments: Any, places: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the list."""
        del ctx
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now; None if there is none."""
        del ctx
        if cmd_name not in self._places:
            return None
        module, _, name = self._places[cmd_name][0].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command), f"{module}:{name} is a command"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list, without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in self._places.items()])

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        """As click does. Raises UsageFault."""
        with _as_log_lines():
            return super().make_context(*arguments, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; raises CommandFault for what is expected to happen.

        Commands find the names of the variables that were given and have no effect as the object of the context.
        """
        from service.configuration.settings import forget_libpq  # noqa: PLC0415 - a list of commands needs no settings

        ctx.obj = forget_libpq()
        try:
            with _as_log_lines():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            from service.cli.screen.operator_errors import sentence_for  # noqa: PLC0415 - it imports what can fail

            sentence = sentence_for(error)
            if sentence is None:
                raise
            raise CommandFault(sentence) from error
