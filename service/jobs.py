"""The jobs that a process may run."""

from enum import StrEnum
from typing import Final


class Job(StrEnum):
    """A job that a process may run; in production each job may have a process of its own."""

    WEB = "web"
    SWEEP = "sweep"
    REQUESTS = "requests"
    RELAY = "relay"
    PROJECT = "project"
    SEAL = "seal"


DECIDING: Final = frozenset({Job.WEB, Job.REQUESTS, Job.SWEEP})
"""The jobs that need the writer."""
