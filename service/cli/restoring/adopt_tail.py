"""`numbering adopt-tail`: what an operator does about a log whose events only the NATS stream still has."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
import uvloop

from projections.replay.local_time import local_time
from projections.replay.replay import HistoryBrokenError, Replay
from schemas.record import Record, StoredRecord, event_tag
from schemas.values import Position
from service.access.event_proofs import EventProver
from service.access.key_file import KeyFile
from service.access.reservation_tokens import TokenSealer
from service.api.lost_keys import RecordAt, lost_answers
from service.cli.restoring.both_ends import both_ends, renew_mark, told
from service.cli.restoring.kept_messages import keep_messages
from service.cli.screen.commands import CommandFault
from service.cli.screen.console import err, print_json, progress
from service.cli.screen.log_lines import write_log_lines
from service.cli.starting.present import database_url, present_settings
from service.configuration.settings import Settings
from service.log.adoption import adopt, resume
from service.log.postgres_log import PostgresLog
from service.nats.relay.stream import EventStream, StreamMessage
from service.nats.relay.tail import Fork, Tail, find_fork, read_tail

READ: Final = 1_000
LOOKS: Final = 5
LOOK_SECONDS: Final = 0.1


@click.command("adopt-tail")
@click.option(
    "--accept-loss",
    "is_loss_accepted",
    is_flag=True,
    help="Keep what cannot be adopted in a file only, and have a new stream made.",
)
@click.option(
    "--unverified",
    "is_unverified_accepted",
    is_flag=True,
    help="Adopt events without proof too; without this they are listed and refused.",
)
def adopt_tail(*, is_loss_accepted: bool, is_unverified_accepted: bool) -> None:
    """Give the log back the events that only the stream still has, after checking each, and resume it.

    Numbers and their fates come back. What documents said, and the answers kept for idempotency keys, do not: they were
    never in the stream. A repeat under such a key is refused, not done once more. An event is adopted only with the
    proof that our relay published it; earlier releases sent none.
    """
    settings = present_settings()
    write_log_lines(settings)
    print_json(
        uvloop.run(
            _adopt_tail(settings, is_loss_accepted=is_loss_accepted, is_unverified_accepted=is_unverified_accepted)
        )
    )


async def _adopt_tail(settings: Settings, *, is_loss_accepted: bool, is_unverified_accepted: bool) -> dict[str, Any]:
    keys = KeyFile(settings.keys_path)
    async with both_ends(settings) as (stream, log):
        fork = await find_fork(stream, log)
        if fork.is_agreed:
            raise CommandFault("the stream holds nothing that the log does not; `numbering resume` lifts a halt")
        tail = await read_tail(stream, log.log_id, fork, EventProver.of(keys))
        adopted, strange = await _following(log, fork, tail)
        if not is_unverified_accepted:
            adopted, strange = _proven(adopted, tail, strange, settings.zone)
        lost = tail.messages[len(adopted) :]
        is_lossy = bool(lost) or strange is not None
        if is_lossy and not is_loss_accepted:
            raise CommandFault(_why_not(fork, strange))
        # From here on: what is lost is in a file first, then the log is whole, and only then the stream may go.
        kept = keep_messages(settings.data_dir, lost) if lost else None
        answers = await lost_answers(
            [stored.record for stored in adopted], TokenSealer.of(keys), _finding(log, adopted)
        )
        await adopt(
            database_url(settings),
            log.log_id,
            fork.head,
            adopted,
            answers,
            begins_lineage=(await log.identity()).is_moved,
            is_loss_accepted=is_lossy,
        )
        if is_lossy:
            await stream.delete()
        await _stay_resumed(settings, stream, log)
        await renew_mark(settings, log, is_forced=is_lossy)
        true_up_to = Position(fork.common + len(adopted)) if is_lossy else None
        _warn(adopted, true_up_to)
        return _report(fork, adopted, lost, kept) | {"consumers_true_up_to": true_up_to}


async def _stay_resumed(settings: Settings, stream: EventStream, log: PostgresLog) -> None:
    """Lift a halt that a process was about to make when it last looked, before the two were one again."""
    for _ in range(LOOKS):
        if await log.halted() is not None and (await find_fork(stream, log)).is_agreed:
            await resume(database_url(settings), log.log_id)
        await asyncio.sleep(LOOK_SECONDS)


async def _following(log: PostgresLog, fork: Fork, tail: Tail) -> tuple[Sequence[StoredRecord], str | None]:
    """Replay the log and then the tail: the records that may be adopted, and why not the one after them.

    Each must follow from those before it, and the equation must hold. Raises HistoryBrokenError if the log does not.
    """
    records = tail.records if fork.is_tail_lost else []
    replay = Replay()
    with progress() as bar:
        task = bar.add_task("checking the log and its tail", total=fork.common + len(records))
        while replay.position < fork.common:
            for stored in await log.read(replay.position, READ):
                replay.apply(stored.record)
            bar.update(task, completed=replay.position)
        for count, stored in enumerate(records):
            try:
                replay.apply(stored.record)
            except HistoryBrokenError as broken:
                return records[:count], f"message {stored.record.position} does not follow: {broken}"
    return records, tail.strange


def _proven(
    adopted: Sequence[StoredRecord], tail: Tail, strange: str | None, zone: ZoneInfo
) -> tuple[Sequence[StoredRecord], str | None]:
    """The records before the first one without proof, and why that one is refused; all without proof are shown."""
    unproven = {stored.record.position for stored in tail.unproven}
    found = [stored.record for stored in adopted if stored.record.position in unproven]
    for record in found:
        err().print(f"without proof: {_shown(record, zone)}")
    if not found:
        return adopted, strange
    first = found[0].position
    why = (
        f"message {first} has no proof that this service published it: an earlier release sent none, and any peer that "
        f"may publish into the stream could have made it. {len(found)} such events are listed above; if every one of "
        "them is right, repeat with --unverified"
    )
    return [stored for stored in adopted if stored.record.position < first], why


def _shown(record: Record, zone: ZoneInfo) -> str:
    """One event in a line; nothing in it can command a terminal."""
    number = getattr(record.event, "full_number", None) or getattr(record.event, "first", "")
    words = (
        record.position,
        local_time(record.at, zone),
        event_tag(record.event),
        record.firm_id,
        record.mode,
        record.stream,
        number,
    )
    actor = f"by {record.actor.kind} {record.actor.id}"
    return f"{' '.join(map(str, words))} {actor}".encode("unicode_escape").decode()


def _finding(log: PostgresLog, adopted: Sequence[StoredRecord]) -> RecordAt:
    """Finds a record among those to adopt, or in the log."""
    by_position = {stored.record.position: stored.record for stored in adopted}

    async def record_at(position: Position) -> Record | None:
        if position in by_position:
            return by_position[position]
        stored = await log.record_at(position)
        return None if stored is None else stored.record

    return record_at


def _warn(adopted: Sequence[StoredRecord], true_up_to: Position | None) -> None:
    """Say loudly what did not come back, and which consumers hold events that are not in the log."""
    bodies, keys = _bodies(adopted), _keys(adopted)
    if bodies:
        err().print(
            f"{bodies} adopted events name the body of a document that is LOST: the number is back, its text not"
        )
    if keys:
        err().print(f"{keys} Idempotency-Keys of adopted events have LOST their answer: a repeat is refused by name")
    if true_up_to is not None:
        err().print(
            f"A new stream is made and has OTHER events after {true_up_to}: a consumer that read on must forget "
            "what came after it, or all, and read again from there"
        )


def _report(
    fork: Fork, adopted: Sequence[StoredRecord], lost: Sequence[StreamMessage], kept: Path | None
) -> dict[str, Any]:
    return {
        "common_position": fork.common,
        "adopted": len(adopted),
        "position": fork.head + len(adopted),
        "bodies_lost": _bodies(adopted),
        "answers_lost": _keys(adopted),
        "messages_lost": len(lost),
        "messages_kept_in": None if kept is None else str(kept),
    }


def _bodies(adopted: Sequence[StoredRecord]) -> int:
    return sum(getattr(stored.record.event, "content", None) is not None for stored in adopted)


def _keys(adopted: Sequence[StoredRecord]) -> int:
    records: list[Record] = [stored.record for stored in adopted]
    return len({(each.firm_id, each.device_id, each.idempotency_key) for each in records if each.idempotency_key})


def _why_not(fork: Fork, strange: str | None) -> str:
    if not fork.is_tail_lost:
        own = Position(fork.head - fork.common)
        reason = f"after that the log has {own} events of its own, so what the stream has there cannot follow it"
    else:
        reason = f"{strange}, so what follows cannot be adopted"
    return f"{told(fork)}; {reason}; restore a newer copy of the database, or name the loss with --accept-loss"
