"""What a replay keeps, in a file that is deleted with it: a series of any length is folded in a few megabytes.

The file is a private one of SQLite, which keeps it in memory while it is small. It needs a directory for temporary
files that can be written (TMPDIR), and nothing of it outlives the process.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Final

import msgspec

from projections.replay.endings import Ending, Endings, Kept
from projections.statements import statement
from schemas.values import DocumentId, Number

RECENT_MAX: Final = 5_000
"""How many endings of a series are in memory, before they go to the file."""

NUMBERS_READ: Final = 500

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Ending)


class KeptOnDisk(Kept, AbstractContextManager["KeptOnDisk"]):
    """For one replay, until the end of the block. Raises sqlite3.Error if the file cannot be written."""

    def __init__(self, recent_max: int = RECENT_MAX) -> None:
        super().__init__()
        self._recent_max = recent_max
        # The thread that makes a report reads what the event loop wrote, one after the other.
        self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for name in ("disk_unjournalled", "disk_ending_table", "disk_document_table", "disk_begin"):
            self._file.execute(statement(name))
        self._series = 0

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def endings(self) -> Endings:
        """See Kept.endings."""
        self._series += 1
        return _EndingsOnDisk(self._file, self._series, self._recent_max)

    def is_new(self, document_id: DocumentId) -> bool:
        """See Kept.is_new."""
        return self._file.execute(statement("disk_document_add"), (document_id,)).rowcount == 1


class _EndingsOnDisk(Endings):
    def __init__(self, file: sqlite3.Connection, series: int, recent_max: int) -> None:
        super().__init__()
        self._file = file
        self._series = series
        self._recent_max = recent_max

    def get(self, number: Number) -> Ending | None:
        if (recent := super().get(number)) is not None:
            return recent
        row = self._file.execute(statement("disk_ending"), (self._series, number)).fetchone()
        return None if row is None else _decoder.decode(row[0])

    def put(self, ending: Ending) -> None:
        super().put(ending)
        if len(self._found) >= self._recent_max:
            self._write()

    def in_order(self) -> Iterator[Ending]:
        self._write()
        after = -1
        while rows := self._file.execute(statement("disk_endings"), (self._series, after, NUMBERS_READ)).fetchall():
            for _, body in rows:
                yield _decoder.decode(body)
            after = rows[-1][0]

    def _write(self) -> None:
        rows = [(self._series, number, _encoder.encode(ending)) for number, ending in self._found.items()]
        self._file.executemany(statement("disk_ending_put"), rows)
        self._found.clear()
