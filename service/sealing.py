"""The job that seals: the sealer, and those it tells of each note: NATS, witnesses, a time stamp authority."""

from collections.abc import Coroutine
from typing import Any

import structlog
from msgspec import Struct

from service.clock import now
from service.configuration.settings import Settings
from service.evidence.key_file import evidence_keys_path, load
from service.evidence.sealing.last_view import LastView
from service.evidence.sealing.sealer import Sealer, SealerPace
from service.evidence.sealing.store import EvidenceStore
from service.evidence.timestamping.authority import Authority, RootsError, read_roots
from service.evidence.timestamping.stamper import Stamper
from service.evidence.witnessing.client import WitnessClient
from service.evidence.witnessing.known_witnesses import read_witnesses
from service.log.postgres_log import PostgresLog
from service.nats.checkpoints import NotePublisher
from service.nats.client.connection import NatsSettings

_say = structlog.get_logger("evidence")


class Sealing(Struct, frozen=True):
    """The sealer of this process, and who is told of its notes."""

    sealer: Sealer
    witnesses: tuple[WitnessClient, ...]
    stamper: Stamper | None
    publisher: NotePublisher | None

    def running(self) -> list[Coroutine[Any, Any, None]]:
        """What runs until it is cancelled."""
        told = (self.publisher, self.stamper, *self.witnesses)
        return [self.sealer.run(), *(each.run() for each in told if each is not None)]


def sealing_of(settings: Settings, log: PostgresLog, nats: NatsSettings | None) -> Sealing | None:
    """The sealing of this log; none without keys. Raises EvidenceKeysError, WitnessesError and RootsError."""
    path = evidence_keys_path(settings)
    if not path.exists():
        _say.warning("evidence.off", because=f"there is no file {path}; `numbering evidence create` makes one")
        return None
    store = EvidenceStore(log.pool, log.log_id)
    known = [] if settings.evidence_witnesses_file is None else read_witnesses(settings.evidence_witnesses_file)
    witnesses = tuple(WitnessClient(witness, store) for witness in known)
    publisher = None if nats is None else NotePublisher(nats, log.log_id)
    stamper = _stamper(settings, store)
    told = [each for each in (publisher, stamper, *witnesses) if each is not None]

    def on_note(note: bytes) -> None:
        for each in told:
            each.tell(note)

    sealer = Sealer(
        log,
        store,
        load(path),
        LastView(settings.data_dir, log.log_id),
        clock=now,
        on_note=on_note,
        pace=SealerPace(seal=settings.seal_seconds),
    )
    return Sealing(sealer, witnesses, stamper, publisher)


def _stamper(settings: Settings, store: EvidenceStore) -> Stamper | None:
    if settings.timestamp_url is None:
        return None
    if settings.timestamp_roots_file is None:
        raise RootsError("NUMBERING_TIMESTAMP_URL is set, and NUMBERING_TIMESTAMP_ROOTS_FILE is not")
    authority = Authority(settings.timestamp_url, read_roots(settings.timestamp_roots_file))
    return Stamper(authority, store, rest=settings.timestamp_seconds)
