"""The `numbering` command: every command, put together."""

import sys
from types import MappingProxyType
from typing import Final

import click

from service.cli.screen.commands import Commands
from service.invariants import AssertsMissingError, require_asserts

COMMANDS: Final = MappingProxyType(
    {
        "up": ("service.cli.starting.up:up", "Run everything here, PostgreSQL and NATS included."),
        "demo": ("service.cli.play_demo:demo", "Play a working day of three tills against the running service."),
        "serve": ("service.cli.starting.serving:serve", "Answer HTTP, and do the other jobs beside it."),
        "requests": ("service.cli.starting.serving:requests", "Answer requests of other services over NATS."),
        "relay": ("service.cli.starting.serving:relay", "Publish the log to NATS, in order."),
        "seal": ("service.cli.starting.serving:seal", "Sign what the log holds, as evidence for auditors."),
        "project": ("service.cli.starting.serving:project", "Keep the projections up to date with the log."),
        "migrate": ("service.cli.database:migrate", "Prepare the database, or bring it up to date."),
        "health": ("service.cli.ask_health:health", "Ask the process on this machine how it is."),
        "settings": ("service.cli.show_settings:show_settings", "Show every setting."),
        "firm": ("service.cli.firms:firm", "Firms, the tenants of the service."),
        "key": ("service.cli.firms:key", "API keys: the credentials of other programs."),
        "session": ("service.cli.firms:session", "Device sessions: the credentials of tills and phones."),
        "erase": ("service.cli.erase_document:erase", "Erase what a document says."),
        "explain": ("service.cli.auditing.explain_number:explain", "Tell and prove the life of one number."),
        "explain-gap": ("service.cli.auditing.explain_gap:explain_gap", "Say why numbers are a gap."),
        "audit": ("service.cli.auditing.audit:audit", "What auditors take away, and what they read."),
        "keys": ("service.cli.show_settings:keys", "The key file, which seals tokens and signs sessions."),
        "evidence": ("service.cli.evidence:evidence", "The keys of the evidence, and how far it is."),
        "witness": ("service.cli.evidence:witness", "Run a witness, which co-signs what logs sign."),
        "gaps": ("service.cli.auditing.gap_reports:gaps", "List every gap with its reason, and the equation."),
        "register": ("service.cli.auditing.number_registers:register", "List what became of every number of a series."),
        "explanations": ("service.cli.auditing.number_registers:explanations", "List every explanation of a gap."),
        "d394": ("service.cli.romania.d394_export:d394", "Print the ranges of numbers that D394 asks for."),
        "decision": ("service.cli.romania.print_decision:decision", "Print a year's decision on numbering, to sign."),
        "replay": ("service.cli.auditing.replay_log:replay", "Read the log from its first event and check its sums."),
        "check": ("service.cli.auditing.check_paper:check", "Name every place where the log breaks a rule of paper."),
        "rebuild": ("service.cli.rebuild_projections:rebuild", "Fill projections anew from the log and compare."),
        "adopt-tail": (
            "service.cli.restoring.adopt_tail:adopt_tail",
            "Give the log back what only the stream has.",
        ),
        "advance": (
            "service.cli.restoring.advance_counters:advance",
            "Let counters go on behind lost numbers.",
        ),
        "resume": ("service.cli.restoring.resume_log:resume", "Let a halted log take events again."),
    }
)


@click.group(
    cls=Commands,
    places=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="invoice-numbering", prog_name="numbering")
def numbering() -> None:
    """Numbers for fiscal documents: each exists once, and every one ever handed out is accounted for."""


def main() -> None:
    """Run the command line. Exits with 1 and a sentence if Python leaves asserts out."""
    try:
        require_asserts()
    except AssertsMissingError as error:
        sys.exit(f"Error: {error}")
    numbering(prog_name="numbering")


if __name__ == "__main__":
    main()
