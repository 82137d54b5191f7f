"""A log of one firm that has issued many documents: in three series, over three years, to a few thousand clients."""

from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256
from typing import Final

import asyncpg

from schemas.events import Event, NumbersReserved, ReservationConsumed, ReservationReleased, SeriesOpened
from schemas.record import Record, encode_record, event_tag
from schemas.values import (
    DEFAULT_LOG,
    Actor,
    ActorKind,
    CommandId,
    DeviceId,
    Digest,
    DocumentId,
    DocumentType,
    FirmId,
    IsoDate,
    Mode,
    Number,
    Position,
    SeriesId,
    UnixSeconds,
    Version,
)

FIRM: Final = FirmId("firm_1")
SERIES: Final = 3
BLOCK: Final = 50
RARE_CLIENT: Final = "Ștefănescu și fiii"
RARE_DOCUMENTS: Final = 20
"""How many documents the rare client has, whatever the size of the log."""

_DAYS: Final = 1_100
_FIRST_DAY: Final = date(2024, 1, 1)
_CLIENTS: Final = 3_000
_START: Final = 1_780_000_000
_TILL: Final = DeviceId("till")
_ACTOR: Final = Actor(ActorKind.SESSION, "1", 7)
_BATCH: Final = 20_000
_EVENT_COLUMNS: Final = (
    "log_id", "position", "stream", "version", "firm_id", "mode", "at", "tag", "number", "document_id", "record",
)  # fmt: skip

Row = tuple[object, ...]


async def fill(database_url: str, documents: int, gaps: int = 0) -> Position:
    """Write the log as COPY does, past the function that appends; returns its head.

    Documents take turns in the series, which reserve BLOCK numbers at a time. At the end the first series reserves
    twice as many as `gaps`, rounded up to whole blocks, and gives up every other one.
    """
    connection = await asyncpg.connect(database_url)
    try:
        head = Position(0)
        events: list[Row] = []
        contents: list[Row] = []
        for record, body in _history(documents, gaps):
            head = record.position
            events.append(_row(record))
            if body is not None:
                contents.append(body)
            if len(events) == _BATCH:
                await _copy(connection, events, contents)
                events, contents = [], []
        await _copy(connection, events, contents)
        await connection.execute("UPDATE log.head SET position = $1 WHERE log_id = $2", head, DEFAULT_LOG)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return head


async def _copy(connection: asyncpg.Connection, events: list[Row], contents: list[Row]) -> None:
    await connection.copy_records_to_table("content", schema_name="log", records=contents)
    await connection.copy_records_to_table("event", schema_name="log", records=events, columns=_EVENT_COLUMNS)


class _Writing:
    """The records of the log, one after the other."""

    def __init__(self) -> None:
        self.position = 0
        self._versions, self._previous = [0] * SERIES, [0] * SERIES

    def record(self, series: int, event: Event) -> Record:
        """The next record."""
        self.position += 1
        self._versions[series] += 1
        previous, self._previous[series] = self._previous[series], self.position
        return Record(
            log=DEFAULT_LOG,
            position=Position(self.position),
            stream=SeriesId(f"series{series}"),
            series_name=f"FACT{series}",
            version=Version(self._versions[series]),
            previous=Position(previous),
            firm_id=FIRM,
            mode=Mode.LIVE,
            at=UnixSeconds(_START + self.position // 50),
            actor=_ACTOR,
            device_id=_TILL,
            command_id=CommandId(f"{self.position:032x}"),
            idempotency_key=f"0f8fad5b-d9cb-469f-a165-{self.position:012x}",
            event=event,
        )

    def block(self, series: int, block: int) -> Record:
        """The record that reserves the BLOCK numbers of this block of the series."""
        first, last = Number(block * BLOCK + 1), Number((block + 1) * BLOCK)
        return self.record(series, NumbersReserved(first, last, _TILL, UnixSeconds(1_790_000_000), "k1"))


def _history(documents: int, gaps: int) -> Iterator[tuple[Record, Row | None]]:
    writing = _Writing()
    for series in range(SERIES):
        opened = SeriesOpened(f"FACT{series}", DocumentType.FISCAL, None, "{number}", Number(1), 2026, is_primary=False)
        yield writing.record(series, opened), None
    blocks = [Position(0)] * SERIES
    for index in range(documents):
        series, number = index % SERIES, Number(index // SERIES + 1)
        if (number - 1) % BLOCK == 0:
            reservation = writing.block(series, (number - 1) // BLOCK)
            blocks[series] = reservation.position
            yield reservation, None
        digest, content = _content(index, documents)
        day = IsoDate(f"{_FIRST_DAY + timedelta(index * _DAYS // documents)}")
        shown, document = f"FACT{series}-{number:05}", DocumentId(f"inv_{index:010}")
        yield writing.record(series, ReservationConsumed(blocks[series], number, shown, document, day, digest)), content
    first = -(-documents // (SERIES * BLOCK))
    for block in range(first, first + -(-gaps // (BLOCK // 2))):
        reservation = writing.block(0, block)
        yield reservation, None
        for each in range(block * BLOCK + 1, (block + 1) * BLOCK, 2):
            yield writing.record(0, ReservationReleased(reservation.position, Number(each))), None


def _content(index: int, documents: int) -> tuple[Digest, Row]:
    client = index * 7919 % _CLIENTS
    is_rare = index % max(documents // RARE_DOCUMENTS, 1) == 0
    name = RARE_CLIENT if is_rare else f"Client {client} SRL"
    due = _FIRST_DAY + timedelta(index * _DAYS // documents + 15 + index % 2 * 15)
    net = index * 104_729 % 100_000
    vat = net * 21 // 100
    body = (
        f'{{"client_id":"cli_{client}","currency":"RON","due_date":"{due}","document_type":"fiscal",'
        f'"client":{{"name":"{name}","cui":"{10_000_000 + client}","cui_prefix":"RO"}},"amounts_ron":'
        f'{{"subtotal":"{net / 100:.2f}","vat_amount":"{vat / 100:.2f}","total":"{(net + vat) / 100:.2f}"}},'
        f'"items":[{{"name":"a thing","quantity":"1","price":"{net / 100:.2f}","note":"{"x" * 200}"}}]}}'
    )
    salt = index.to_bytes(16, "big")
    digest = sha256(salt + body.encode())
    return Digest(digest.hexdigest()), (digest.digest(), salt, body)


def _row(record: Record) -> Row:
    event = record.event
    return (
        record.log,
        record.position,
        record.stream,
        record.version,
        record.firm_id,
        record.mode,
        record.at,
        event_tag(event),
        getattr(event, "number", None),
        getattr(event, "document_id", None),
        encode_record(record).decode(),
    )
