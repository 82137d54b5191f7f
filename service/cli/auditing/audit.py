"""`numbering audit`: what auditors take away, and what they read."""

from types import MappingProxyType
from typing import Final

import click

from service.cli.screen.commands import Commands

COMMANDS: Final = MappingProxyType(
    {
        "export": ("service.cli.auditing.export_bundle:export", "Write a file that an auditor verifies without us."),
        "verify": ("service.cli.auditing.verify_file:verify", "Verify such a file, or a receipt."),
        "reads": ("service.cli.auditing.audit_reads:reads", "List what auditors of a firm read."),
    }
)


@click.group(cls=Commands, places=COMMANDS)
def audit() -> None:
    """What auditors take away, and what they read."""
