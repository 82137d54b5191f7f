"""A child of `numbering up`: one job, whose process reports every second how it is (`children`).

    python -m service.cli.starting.child relay|project

It is started before there is a database, so that it imports this program while the servers start. On its input it is
told the addresses, as one line of JSON; its reports go to its output, a line each.
"""

import os
import signal
import sys
from contextlib import suppress

import msgspec

from service.cli.screen.commands import CommandFault
from service.cli.starting.present import Runtime
from service.cli.starting.serving import RELAY_JOBS, run_until_stopped
from service.configuration.settings import forget_libpq, read_settings
from service.jobs import Job
from service.readiness import Reports

REPORTS = 1
"""The file descriptor of the output."""

NICE_MORE = 10
"""How much more it yields than `up` does, once it has imported what it needs: until then `up` waits for it."""


def main(word: str) -> None:
    """Run the job of this name until SIGTERM. Exits with 1 and a sentence if it cannot run."""
    forget_libpq()
    job = Job(word)
    addresses = sys.stdin.buffer.readline()
    if not addresses:
        return  # `up` could not start
    runtime = msgspec.json.decode(addresses, type=Runtime)
    settings = msgspec.structs.replace(read_settings().at(runtime.database_url, runtime.nats_url), metrics_port=0)
    os.nice(NICE_MORE)
    os.set_blocking(REPORTS, False)
    try:
        jobs = RELAY_JOBS if job is Job.RELAY else frozenset({job})
        run_until_stopped(settings, jobs, _say_nothing, tell=_tell)
    except Exception as error:
        from service.cli.screen.operator_errors import sentence_for  # noqa: PLC0415 - it imports what can fail

        sentence = sentence_for(error)
        if sentence is None:
            raise
        CommandFault(f"{job}: {sentence}").show()
        sys.exit(1)


def _say_nothing() -> None:
    """The first report says that the job runs."""


def _tell(reports: Reports) -> None:
    try:
        with suppress(BlockingIOError):  # `up` is frozen: it reads a later one
            os.write(REPORTS, msgspec.json.encode(reports) + b"\n")
    except BrokenPipeError:
        os.kill(os.getpid(), signal.SIGTERM)  # `up` is gone, on a system that does not end us with it


if __name__ == "__main__":
    main(*sys.argv[1:])
