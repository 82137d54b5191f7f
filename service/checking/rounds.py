"""One round of the check: everything once, in steps that the caller may pace."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from msgspec import Struct

from schemas.values import DEFAULT_LOG, LogId
from service.access.key_file import KeyFile, KeyFileError
from service.access.reservation_tokens import TokenSealer
from service.checking.answers import Answers, check_answers
from service.checking.chain import check_chain
from service.checking.faults import Step
from service.checking.projection_tables import check_strange_rows, check_streams
from service.checking.sealed_log import KnownElsewhere, check_evidence
from service.configuration.settings import Settings
from service.evidence.key_file import evidence_keys_path, load
from service.evidence.sealing.last_view import LastView
from service.evidence.witnessing.known_witnesses import read_witnesses
from service.log.sessions import end, open_pool

CONNECTIONS_MAX: Final = 2
STATEMENT_SECONDS_MAX: Final = 120
"""The totals of all documents are added up in one statement, once a round: some 2 s a million documents."""


class Known(Struct, frozen=True):
    """What this process knows outside of the database, as far as it has it."""

    evidence: KnownElsewhere
    sealer: TokenSealer | None


def known_to(settings: Settings, log_id: LogId = DEFAULT_LOG) -> Known:
    """The keys, witnesses and last note in the files of these settings.

    Raises EvidenceKeysError and WitnessesError for a file that is there and cannot be used, and OSError.
    """
    path, witnesses = evidence_keys_path(settings), settings.evidence_witnesses_file
    evidence = KnownElsewhere(
        load(path).verifier_keys(log_id) if path.exists() else (),
        () if witnesses is None else [key for each in read_witnesses(witnesses) for key in each.keys],
        LastView(settings.data_dir, log_id).read(),
    )
    return Known(evidence, _sealer(settings))


def _sealer(settings: Settings) -> TokenSealer | None:
    """What makes tokens again; none where there is no key file, which the check never makes."""
    if not settings.keys_path.exists():
        return None
    try:
        return TokenSealer.of(KeyFile(settings.keys_path))
    except KeyFileError:
        return None


async def one_round(settings: Settings, log_id: LogId = DEFAULT_LOG) -> AsyncGenerator[Step]:
    """The log, the evidence, the projections and the answers, over connections of its own that only read.

    Raises asyncpg's errors, NotOurSessionError, LogUnavailableError, and as `known_to`.
    """
    known = await asyncio.to_thread(known_to, settings, log_id)
    pool = await open_pool(
        settings.database or "",
        "numbering_reader",
        "numbering check",
        sizes=(0, CONNECTIONS_MAX),
        seconds_max=STATEMENT_SECONDS_MAX,
        synchronous_commit="off",  # it commits nothing
    )
    try:
        for part in (
            check_chain(pool, log_id, Answers(log_id, known.sealer)),
            check_evidence(pool, log_id, known.evidence),
            check_streams(pool, log_id),
            check_strange_rows(pool),
            check_answers(pool, log_id),
        ):
            async for step in part:
                yield step
    finally:
        end(pool)
