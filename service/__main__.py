"""The `numbering` command: every command, put together."""

import sys

import click

from service.cli.adopt_tail import adopt_tail
from service.cli.advance_counters import advance
from service.cli.check_paper import check
from service.cli.database import migrate
from service.cli.firms import firm, key, session
from service.cli.gap_reports import gaps
from service.cli.play_demo import demo
from service.cli.rebuild_projections import rebuild
from service.cli.replay_log import replay
from service.cli.resume_log import resume
from service.cli.screen.operator_errors import Commands
from service.cli.show_settings import keys, show_settings
from service.cli.starting.serving import project, relay, requests, serve
from service.cli.starting.up import up
from service.invariants import AssertsMissingError, require_asserts


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="invoice-numbering", prog_name="numbering")
def numbering() -> None:
    """Numbers for fiscal documents: each exists once, and every one ever handed out is accounted for."""


for command in (
    up,
    demo,
    serve,
    relay,
    project,
    requests,
    rebuild,
    migrate,
    gaps,
    replay,
    check,
    adopt_tail,
    resume,
    advance,
    show_settings,
    firm,
    key,
    session,
    keys,
):
    numbering.add_command(command)


def main() -> None:
    """Run the command line. Exits with 1 and a sentence if Python leaves asserts out."""
    try:
        require_asserts()
    except AssertsMissingError as error:
        sys.exit(f"Error: {error}")
    numbering(prog_name="numbering")


if __name__ == "__main__":
    main()
