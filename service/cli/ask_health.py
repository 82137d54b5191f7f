"""`numbering health`: what a container engine asks a process every few seconds, so it imports little."""

import http.client
from typing import Final

import click

from service.cli.screen.commands import CommandFault
from service.configuration.settings import read_settings

ANSWER_SECONDS_MAX: Final = 4
"""A process that has not answered by then is not well; an engine gives up after 5 s."""


@click.command()
@click.option("--ready", "is_about_readiness", is_flag=True, help="Also fail if a part is down that every reply needs.")
def health(*, is_about_readiness: bool) -> None:
    """Ask the process of these settings on this machine whether it answers, and print what it says.

    It asks at NUMBERING_METRICS_PORT, or at NUMBERING_PORT if that is 0. The exit status is 1 if the process does not
    answer, or is not ready.
    """
    settings = read_settings()
    port = settings.metrics_port or settings.port
    connection = http.client.HTTPConnection(settings.near_host, port, timeout=ANSWER_SECONDS_MAX)
    try:
        connection.request("GET", "/readyz" if is_about_readiness else "/healthz")
        reply = connection.getresponse()
        said = reply.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise CommandFault(f"no process answers on port {port}: {error}") from error
    finally:
        connection.close()
    if reply.status != http.client.OK:
        raise CommandFault(f"the process on port {port} says {reply.status}: {said}")
    click.echo(said)
