"""A bundle as a stream of bytes: a ZIP file with the members of README.md section 9, in their order.

Nothing is held in memory but one page of events, and the gaps of one series while it is reported. No transaction and
no connection is held while a reader is slow: the log, its tree and its notes only grow, so the positions of the scope
say which part of them is meant. Only the state of a content, kept or erased, is that of the moment when it is read.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from projections.reports.as_of import AtPosition, SeriesAsOf, fold_series
from projections.reports.replay_on_disk import KeptOnDisk
from projections.reports.whole_reports import gap_report_pieces, register_pieces
from schemas.values import FirmId, IsoDate, LogId, Mode, Position, SeriesId, UnixSeconds, iso_time
from service.evidence.bundling.asked import Reads, Scope
from service.evidence.bundling.cover import cover_nodes
from service.evidence.bundling.events import document_lines, event_pages
from service.evidence.bundling.notes_and_keys import LogKeys, log_keys, signed_notes
from service.evidence.bundling.zip_stream import ZipStream
from service.evidence.sealing.tree import EvidenceBrokenError
from service.software import SOFTWARE

FORMAT: Final = "numbering-bundle/1"
PIECE_BYTES: Final = 65_536
"""About how many bytes are handed out at once."""

_ABOUT: Final = Path(__file__).with_name("README.txt")
_VERIFYING: Final = Path(__file__).parents[1] / "verifying"
VERIFIERS: Final = ("verify.py", "verify.html")

OnPosition = Callable[[Position], None]
"""Is told how far the events are written."""


class Manifest(Struct, frozen=True, kw_only=True):
    """manifest.json."""

    format: str
    software: str
    made_at: str
    origin: str
    log: LogId
    firm_id: FirmId
    mode: Mode
    series: tuple[SeriesId, ...] | None
    begins: IsoDate | None = msgspec.field(name="from")
    ends: IsoDate | None = msgspec.field(name="to")
    position: Position
    as_of: UnixSeconds | None
    size: int
    events: int
    notes: int
    documents: int
    has_bodies: bool
    files: dict[str, str]


async def bundle(
    reads: Reads,
    scope: Scope,
    witnesses: Sequence[str],
    made_at: UnixSeconds,
    on_position: OnPosition = lambda _: None,
) -> AsyncGenerator[bytes]:
    """The bundle of this scope, piece by piece; `witnesses` are the keys of those that the exporter knows.

    Raises EvidenceBrokenError if log, tree and notes contradict each other, HistoryBrokenError if an event does not
    follow from those before it, NothingSealedError if the log has no keys, and asyncpg's errors. What was handed out
    by then is no bundle: its directory is missing.
    """
    keys = await log_keys(reads, scope)
    made = _Made(reads, scope, keys)
    members = {name: _of(text) for name, text in _fixed_texts(keys, witnesses).items()}
    members |= made.members(on_position)
    file = ZipStream()
    try:
        for name, pieces in members.items():
            file.begin(name, is_compressed=name != "cover.bin")
            async for piece in pieces:
                await file.add(piece)
                if file.size >= PIECE_BYTES:
                    yield file.take()
            file.end(name)
        file.begin("manifest.json")
        file.write(msgspec.json.encode(made.manifest(made_at, file.digests)))
        file.end("manifest.json")
        file.finish()
        yield file.take()
    finally:
        for pieces in members.values():
            await pieces.aclose()
        file.abandon()


class _Made:
    """The members that are read from PostgreSQL, and how many lines they have."""

    def __init__(self, reads: Reads, scope: Scope, keys: LogKeys) -> None:
        self._reads = reads
        self._scope = scope
        self._keys = keys
        self._events = self._notes = self._documents = 0

    def members(self, on_position: OnPosition) -> dict[str, AsyncGenerator[bytes]]:
        return {
            "notes.jsonl": self.notes(),
            "events.jsonl": self.events(on_position),
            "cover.bin": cover_nodes(self._reads, self._scope),
            "documents.jsonl": self.documents(),
            "gaps.json": self.reports(gap_report_pieces),
            "register.json": self.reports(register_pieces),
        }

    async def notes(self) -> AsyncGenerator[bytes]:
        async for page in signed_notes(self._reads, self._scope, self._keys):
            self._notes += len(page)
            yield b"".join(map(_line, page))

    async def events(self, on_position: OnPosition) -> AsyncGenerator[bytes]:
        async for position, page in event_pages(self._reads, self._scope):
            self._events += len(page)
            yield b"".join(stored.canonical + b"\n" for stored in page)
            on_position(position)

    async def documents(self) -> AsyncGenerator[bytes]:
        async for _, page in event_pages(self._reads, self._scope):
            async for lines in document_lines(self._reads, self._scope, page):
                self._documents += len(lines)
                yield b"".join(map(_line, lines))

    async def reports(self, pieces_of: Callable[[SeriesId, SeriesAsOf], Iterator[bytes]]) -> AsyncGenerator[bytes]:
        """A file of whole reports, as `whole_reports` makes it, folded from one series after another."""
        yield b"["
        for at, series_id in enumerate(self._scope.series):
            with KeptOnDisk() as kept:
                async with self._reads() as connection:
                    found = await fold_series(connection, series_id, AtPosition(self._scope.position), kept)
                if found is None:
                    raise EvidenceBrokenError(f"the log has no event of series {series_id} any more")
                yield b"," if at else b""
                pieces = await asyncio.to_thread(pieces_of, series_id, found)
                while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
                    yield piece
        yield b"]"

    def manifest(self, made_at: UnixSeconds, digests: dict[str, str]) -> Manifest:
        scope, asked = self._scope, self._scope.asked
        return Manifest(
            format=FORMAT,
            software=SOFTWARE,
            made_at=iso_time(made_at),
            origin=self._keys.origin,
            log=scope.log_id,
            firm_id=asked.firm_id,
            mode=asked.mode,
            series=None if asked.series is None else scope.series,
            begins=asked.begins,
            ends=asked.ends,
            position=scope.position,
            as_of=scope.at,
            size=scope.size,
            events=self._events,
            notes=self._notes,
            documents=self._documents,
            has_bodies=asked.has_bodies,
            files=digests,
        )


def _fixed_texts(keys: LogKeys, witnesses: Sequence[str]) -> dict[str, bytes]:
    """The members that are known at once."""
    return {
        "README.txt": _ABOUT.read_bytes(),
        **_verifiers(),
        "keys.txt": b"".join(f"{key}\n".encode() for key in keys.keys),
        "witnesses.txt": b"".join(f"{key}\n".encode() for key in witnesses),
        "rotations.jsonl": b"".join(map(_line, keys.rotations)),
    }


@cache
def _verifiers() -> dict[str, bytes]:
    return {name: (_VERIFYING / name).read_bytes() for name in VERIFIERS}


async def _of(text: bytes) -> AsyncGenerator[bytes]:
    yield text


def _line(value: Any) -> bytes:
    """One JSON document and a line end."""
    return msgspec.json.encode(value) + b"\n"
