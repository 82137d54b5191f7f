"""The tables of deploy/watch/README.md, made from its rules."""

import re
from collections.abc import Sequence
from typing import Final

from tests.watch.rules import alerts, faults

_SHORT: Final = {"value": "N"}


def alert_rows() -> list[Sequence[str]]:
    """Every alert: its name, how urgent it is, how long it waits, what it says, and where to read on."""
    return [
        (
            f"`{rule.alert}`",
            rule.labels["severity"],
            rule.waits or "at once",
            _plain(rule.annotations["summary"]),
            _link(rule.annotations["runbook"]),
        )
        for rule in alerts()
    ]


def fault_rows() -> list[Sequence[str]]:
    """Every fault of the operator's guide, and the alerts that tell it, or why none does."""
    return [(fault.sees, ", ".join(map("`{}`".format, fault.alerts)) or f"none: {fault.because}") for fault in faults()]


def _plain(summary: str) -> str:
    """A summary with words where Prometheus puts in what it found."""
    return re.sub(r"\{\{ \$(?:labels\.)?(\w+)[^}]*\}\}", lambda found: _SHORT.get(found[1], found[1].upper()), summary)


def _link(runbook: str) -> str:
    guide, _, title = runbook.partition("#")
    return f"[{title.replace('-', ' ')}](../{guide.removeprefix('deploy/')}#{title})"
