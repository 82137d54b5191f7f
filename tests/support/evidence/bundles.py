"""A real log with every kind of event, sealed and co-signed under two generations of keys; and real bundles of it.

Three partitions share the log: FIRM in both modes, and OTHER_FIRM. `a_told_log` writes it, `a_bundle` exports one file.
"""

import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from msgspec import Struct

from projections.keeping.one_moment import Connection
from schemas.commands import (
    DeleteDraft,
    DescribeSeries,
    EraseDraft,
    MakePrimary,
    OpenSeries,
    SaveDraft,
    UnlockSeries,
    VoidDocument,
    VoidDraft,
)
from schemas.record import Record, decode_record, encode_record
from schemas.values import CommandId, Digest, DocumentId, DocumentType, FirmId, Mode, Number, SeriesId
from service.evidence.bundling.asked import Asked, Reads
from service.evidence.bundling.bundle import bundle
from service.evidence.bundling.scope import scope_of
from service.evidence.checkpoints import parse_checkpoint
from service.evidence.key_file import EvidenceKeys, load, rotate
from service.evidence.notes import VerifierKey, parse_note
from service.evidence.sealing.store import EvidenceStore
from service.evidence.signatures import Cosigner, PostQuantumCosigner, Signer
from service.log.event_log import Content
from service.log.postgres_log import PostgresLog
from service.whole_file import create_file
from tests.support.domain.batches import a_batch
from tests.support.domain.commands import (
    FIRM,
    HOLD_SECONDS,
    NOW,
    OTHER_FIRM,
    SERIES,
    a_change,
    a_consumption,
    a_deletion,
    a_device,
    a_document,
    a_key,
    a_lock,
    a_release,
    a_reservation_of,
    a_reversal,
    a_slot,
    a_sweep,
    a_void,
    an_advance,
    an_erasure,
    an_explanation,
    an_issue,
    an_unvoid,
    digest,
    shown,
    the_operator,
    the_sweeper,
)
from tests.support.domain.golden import SECOND
from tests.support.domain.history import History
from tests.support.evidence.sealing import AT, LOG, a_sealer

TEST_SERIES = SeriesId("seriestest")
OTHER_SERIES = SeriesId("seriesother")
DRAFT = DocumentId("inv_draft00001")
WITNESS = "witness.example.com/w1"
MADE_AT = AT
OTHERS, TESTS = a_key(firm=OTHER_FIRM), a_key(mode=Mode.TEST)

LOST = "inv_lost"
"""The content of this document was lost, as an operator recorded."""

SEALED = (1, 2, 5, 6, 13, 21, 22, 34, 37)
"""Sizes at which the log is sealed on the way; the last seal is of its end. The keys change after KEYS_CHANGE."""

KEYS_CHANGE = 21
COSIGNED = (5, 13, 37)


class ToldLog(Struct, frozen=True):
    """The log, the keys that sign for it, those of its witness, and every record of every firm."""

    log: PostgresLog
    keys: EvidenceKeys
    witness_keys: tuple[VerifierKey, ...]
    records: tuple[Record, ...]

    @property
    def log_keys(self) -> list[VerifierKey]:
        """The verifier keys of the log, the present ones first."""
        return self.keys.verifier_keys(LOG)


def told_history() -> History:
    """Every kind of event, of three partitions in turn; digests are not yet those of contents."""
    store, office = SECOND.series_id, a_device("till_2", is_admin=True)
    history = History().after(
        (OpenSeries(SERIES, "FACT", DocumentType.FISCAL, 2027), a_key()),
        (OpenSeries(OTHER_SERIES, "FACT", DocumentType.FISCAL, 2027), OTHERS),
        (DescribeSeries(SERIES, "online"), a_key()),
        (OpenSeries(TEST_SERIES, "FACT", DocumentType.FISCAL, 2027), TESTS),
        (SECOND, a_key()),
        (MakePrimary(store), a_key()),
        a_lock(),
        a_reservation_of(10),
    )
    block = history.state.position
    history.after(
        a_consumption(a_slot(1, reservation=block)),
        a_release(a_slot(2, reservation=block)),
        (an_issue(a_document("inv_o1"), OTHER_SERIES), OTHERS),
        (an_issue(a_document("inv_o2"), OTHER_SERIES), OTHERS),
        (UnlockSeries(SERIES, is_forced=True), office),
        a_change(1, "inv_1", date="2027-01-16"),
        a_reversal(1, "inv_1", a_document("inv_2", "2027-01-17"), content=digest("changed")),
        (an_issue(a_document("inv_t1"), TEST_SERIES), TESTS),
        an_issue(a_document("inv_3", "2027-01-18")),
    )
    return _ended(history)


def _ended(history: History) -> History:
    """The rest of it: what becomes of documents and drafts, and what numbers are gaps."""
    store, later = SECOND.series_id, NOW + HOLD_SECONDS
    return history.after(
        a_void(12, "inv_3"),
        an_unvoid(12, "inv_3"),
        VoidDocument(SERIES, Number(12), shown(12), DocumentId("inv_3"), digest("why")),
        a_deletion(12, "inv_3", "2027-01-18"),
        (an_erasure(12, "inv_3"), a_key()),
        (an_issue(a_document("inv_o3"), OTHER_SERIES), OTHERS),
        (an_explanation(12, 12), a_key()),
        (an_issue(a_document("inv_s1"), store), a_key()),
        (an_issue(a_document(LOST), store), a_key()),
        (SaveDraft(DRAFT, digest("draft")), a_key()),
        (EraseDraft(DRAFT, digest("draft"), digest("left"), digest("asked")), a_key()),
        (VoidDraft(DRAFT, digest("reason")), a_key()),
        (DeleteDraft(DRAFT), a_key()),
        (a_sweep(), the_sweeper(), later),
        (an_advance(20), the_operator(), later),
        (an_explanation(13, 15, "Restored from the copy of noon"), a_key(), later),
        (an_issue(a_document("inv_o4"), OTHER_SERIES), OTHERS, later + 5),
        (an_issue(a_document("inv_4", "2027-01-19")), a_device(), later + 9),
    )


@asynccontextmanager
async def a_told_log(database_url: str, directory: Path) -> AsyncGenerator[ToldLog]:
    """The log in this empty database, whole and sealed; the files of its keys are in the directory."""
    contents = {each.digest: each for each in map(_content, _NAMES)}
    records = _told_records(contents)
    path = directory / "evidence.json"
    create_file(path, [msgspec.json.encode(EvidenceKeys("numbers.example.com", "01" * 32, "02" * 32))])
    await with_firms(database_url)
    log = await PostgresLog.open(database_url)
    try:
        lost, written = _content(LOST).digest, set[Digest]()
        for size in (*SEALED, len(records)):
            head = await log.head()
            part = records[head:size]
            fresh = [each for each in contents.values() if each.digest in _text(part) and each.digest not in written]
            written.update(each.digest for each in fresh)
            await log.append(head, a_batch(part, [each for each in fresh if each.digest != lost]))
            await a_sealer(log, directory, load(path)).turn()
            if size in COSIGNED:
                await cosign(log)
            if size == KEYS_CHANGE:
                rotate(path, [LOG], AT, has_ml_dsa=True)
        witness_keys = tuple(signer.verifier_key for signer in witness_signers())
        yield ToldLog(log, load(path), witness_keys, tuple(records))
    finally:
        await log.close()


async def a_bundle(
    log: PostgresLog,
    target: Path,
    *,
    firm_id: FirmId = FIRM,
    mode: Mode = Mode.LIVE,
    witnesses: Sequence[str] | None = None,
    **asked: Any,
) -> Path:
    """A bundle of this log in the file `target`; `asked` are the other fields of Asked."""
    known = [str(signer.verifier_key) for signer in witness_signers()] if witnesses is None else witnesses
    wanted = msgspec.structs.replace(Asked(firm_id=firm_id, mode=mode), **asked)
    scope = await scope_of(reads_of(log), log.log_id, wanted, wait_seconds=0)
    with target.open("wb") as file:
        async for piece in bundle(reads_of(log), scope, known, MADE_AT):
            file.write(piece)
    return target


def reads_of(log: PostgresLog) -> Reads:
    """Connections of the log's own pool."""

    @asynccontextmanager
    async def reads() -> AsyncGenerator[Connection]:
        async with log.pool.acquire() as connection:
            yield connection

    return reads


async def cosign(log: PostgresLog) -> None:
    """Have the witness sign the newest note, with both of its keys."""
    store = EvidenceStore(log.pool, log.log_id)
    newest = await store.newest_note()
    assert newest is not None
    text = parse_note(newest.note).text
    for signer in witness_signers():
        await store.cosign(parse_checkpoint(text).size, signer.sign(text, AT))


def witness_signers() -> list[Signer]:
    """What the witness signs with: an Ed25519 and an ML-DSA-44 key."""
    return [Cosigner(WITNESS, bytes([7]) * 32), PostQuantumCosigner(WITNESS, bytes([8]) * 32)]


_NAMES = (
    *("inv_1", "inv_2", "inv_3", "inv_4", "inv_s1", LOST, "inv_o1", "inv_o2", "inv_o3", "inv_o4", "inv_t1"),
    *("changed", "why", "asked", "draft", "left", "reason"),
)


def _told_records(contents: dict[Digest, Content]) -> list[Record]:
    """The history with the digests of these contents, and with ids of commands as the service draws them."""
    named = {digest(name): _content(name).digest for name in _NAMES}
    assert set(named.values()) == set(contents)
    return [_real(record, named) for record in told_history().records]


def _real(record: Record, named: dict[Digest, Digest]) -> Record:
    text = encode_record(record).decode()
    for made_up, real in named.items():
        text = text.replace(made_up, real)
    drawn = CommandId(hashlib.sha256(record.command_id.encode()).hexdigest()[:32])
    return msgspec.structs.replace(decode_record(text), command_id=drawn)


def _content(name: str) -> Content:
    """A content whose salt and text follow from a name; it has a character beyond ASCII."""
    salt = hashlib.sha256(f"salt of {name}".encode()).digest()[:16]
    body = msgspec.json.encode(
        {
            "document_type": "fiscal",
            "client_id": None,
            "client": {"name": f"Ștefan of {name}", "cui": "RO111", "cui_prefix": None},
            "currency": "RON",
            "due_date": None,
            "date": "2027-01-15",
            "series_id": None,
            "amounts_ron": {"subtotal": "100.00", "vat_amount": "21.00", "total": "121.00"},
        }
    )
    return Content(Digest(hashlib.sha256(salt + body).hexdigest()), salt, body)


def _text(records: Sequence[Record]) -> str:
    return "\n".join(encode_record(record).decode() for record in records)


async def with_firms(database_url: str) -> None:
    """Let both firms be known, and one content lost."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.executemany(
            "INSERT INTO access.firm (firm_id, name) VALUES ($1, $1) ON CONFLICT DO NOTHING", [(FIRM,), (OTHER_FIRM,)]
        )
        lost = bytes.fromhex(_content(LOST).digest)
        await connection.execute("INSERT INTO log.lost_content (digest, position) VALUES ($1, 1)", lost)
    finally:
        await connection.close()
