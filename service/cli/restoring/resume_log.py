"""`numbering resume`: an operator says that the log is right where it is."""

from typing import Any

import click
import uvloop

from service.cli.restoring.both_ends import both_ends, one_log, renew_mark, told
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import err, print_json
from service.cli.screen.log_lines import write_log_lines
from service.cli.starting.present import database_url, present_settings
from service.configuration.settings import Settings
from service.log.adoption import resume as resume_log
from service.log.mark import Contradiction, MarkFile, MarkUnreadableError, contradiction
from service.log.postgres_log import PostgresLog
from service.nats.relay.tail import find_fork


@click.command()
@click.option(
    "--accept-loss",
    "is_loss_accepted",
    is_flag=True,
    help="Go on although the mark in the data directory knows events that are gone for good.",
)
def resume(*, is_loss_accepted: bool) -> None:
    """Let a halted log take events again, also on another server, if nothing is known that the log does not hold.

    The log is compared with the NATS stream, where NUMBERING_NATS_URL is set, and with the mark in the data directory.
    Processes that wait go on by themselves.
    """
    settings = present_settings()
    write_log_lines(settings)
    print_json(uvloop.run(_resume(settings, is_loss_accepted=is_loss_accepted)))


async def _resume(settings: Settings, *, is_loss_accepted: bool) -> dict[str, Any]:
    compared = await _compare_with_stream(settings)
    async with one_log(settings) as log:
        against = await _against_mark(settings, log)
        is_lossy = against is not None and against.is_loss
        if against is not None and is_lossy and not is_loss_accepted:
            raise CommandFault(against.because)
        because, identity = await log.halted(), await log.identity()
        await resume_log(
            database_url(settings),
            log.log_id,
            begins_lineage=identity.is_moved or against is not None,
            is_loss_accepted=is_lossy,
        )
        is_marked = await renew_mark(settings, log, is_forced=True)
        if not compared:
            err().print(
                "not compared with NATS: NUMBERING_NATS_URL is not set. What only NATS knows may be missing in the log"
            )
        return {
            "resumed": because is not None,
            "was_halted_because": because,
            "position": await log.head(),
            "is_moved": identity.is_moved,
            "is_loss_accepted": is_lossy,
            "compared_with_stream": compared,
            "is_marked": is_marked,
        }


async def _compare_with_stream(settings: Settings) -> bool:
    """Whether there is a stream to compare with. Raises CommandFault if it holds what the log does not."""
    if settings.nats_url is None:
        return False
    async with both_ends(settings) as (stream, log):
        fork = await find_fork(stream, log)
        if not fork.is_agreed:
            raise CommandFault(f"{told(fork)}; see `numbering adopt-tail --help`")
    return True


async def _against_mark(settings: Settings, log: PostgresLog) -> Contradiction | None:
    """What the mark in the data directory says against the log."""
    try:
        mark = MarkFile(settings.data_dir, log.log_id).read()
    except MarkUnreadableError as error:
        return Contradiction(str(error))
    if mark is None:
        return None
    return contradiction(mark, await log.identity(), await log.record_at(mark.position))
