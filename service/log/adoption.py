"""What only an operator does to a log: resume it, or put back the events it lost. Both need the owner's role."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from schemas.record import StoredRecord
from schemas.values import Digest, LogId, Position
from service.log.event_log import Answer, Batch
from service.log.postgres_faults import CONNECT_SECONDS_MAX, append_faults, read_faults
from service.log.postgres_log import append_arguments
from service.statements import statement

ROLE: Final = "numbering_owner"
BATCH: Final = 1_000
"""Records in one call of `log.append`."""


async def resume(
    database_url: str, log_id: LogId, *, begins_lineage: bool = False, is_loss_accepted: bool = False
) -> None:
    """Lift the halt, so that the log accepts events again.

    A new lineage says that an operator knows the log to be right where it is now; with `is_loss_accepted`, also that
    what marks of the earlier one know may be gone. Raises LogUnavailableError, after which both may be done or not;
    resuming again does no harm.
    """
    async with _owner(database_url) as connection:
        with read_faults():
            async with connection.transaction():
                await connection.execute(statement("log_resume"), log_id)
                if begins_lineage or is_loss_accepted:
                    await connection.execute(statement("log_begin_lineage"), log_id, is_loss_accepted)


async def adopt(
    database_url: str,
    log_id: LogId,
    expected: Position,
    records: Sequence[StoredRecord],
    answers: Sequence[Answer] = (),
    *,
    begins_lineage: bool = False,
    is_loss_accepted: bool = False,
) -> None:
    """Append the records after `expected` and resume the log, in one transaction: no append comes between.

    The SQL function `log.append` checks them as it checks every event. What documents said is not in events, so it does
    not come back, and is noted as lost; `answers` stand for those that are lost. A lineage begins as in `resume`.
    Raises StalePositionError, LogBrokenError and LogUnavailableError with nothing written, AppendInDoubtError with
    nothing or everything written.
    """
    async with _owner(database_url) as connection:
        with append_faults(connection):
            # The first statement takes the lock of the log's head, and the commit gives it back.
            async with connection.transaction():
                await connection.execute(statement("log_resume"), log_id)
                fresh = await _without_answer(connection, answers)
                for start in range(0, len(records), BATCH):
                    batch = Batch(records[start : start + BATCH], answers=() if start else fresh)
                    arguments = append_arguments(log_id, Position(expected + start), batch)
                    await connection.fetchval(statement("log_append"), *arguments)
                await connection.execute(statement("log_note_lost_contents"), *_contents(records))
                if begins_lineage or is_loss_accepted:
                    await connection.execute(statement("log_begin_lineage"), log_id, is_loss_accepted)


async def _without_answer(connection: asyncpg.Connection, answers: Sequence[Answer]) -> list[Answer]:
    """Those whose key has no answer: a repeat may have come between the loss and the halt, and have changed nothing."""
    rows = await connection.fetch(statement("log_answers_kept"), [answer.key for answer in answers])
    kept = {row["key"] for row in rows}
    return [answer for answer in answers if answer.key not in kept]


def _contents(records: Sequence[StoredRecord]) -> tuple[list[bytes], list[int]]:
    """The digests of the contents that these events name, and the positions of those events."""
    found: list[tuple[Digest | None, int]] = [
        (getattr(stored.record.event, "content", None), stored.record.position) for stored in records
    ]
    named = [(digest, position) for digest, position in found if digest is not None]
    return [bytes.fromhex(digest) for digest, _ in named], [position for _, position in named]


@asynccontextmanager
async def _owner(database_url: str) -> AsyncGenerator[asyncpg.Connection]:
    with read_faults():
        connection = await asyncpg.connect(
            database_url, timeout=CONNECT_SECONDS_MAX, server_settings={"role": ROLE, "application_name": "numbering"}
        )
    try:
        yield connection
    finally:
        await connection.close()
