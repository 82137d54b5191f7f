"""A ZIP file that is written member by member, and whose bytes are taken away as they come."""

import asyncio
import zipfile
from hashlib import sha256
from typing import IO, Final

COMPRESS_LEVEL: Final = 4
"""JSON with many digests in it: a higher level takes twice the time and saves a twentieth."""

ASIDE_BYTES: Final = 16_384
"""More than this is compressed by a thread."""


class ZipStream:
    """ZIP64 where it must be; every time is 1980-01-01, so one input makes the same bytes. One member at a time."""

    def __init__(self) -> None:
        self._taken = _Bytes()
        self._zip = zipfile.ZipFile(self._taken, "w", allowZip64=True)
        self._member: IO[bytes] | None = None
        self._digest = sha256()
        self.digests: dict[str, str] = {}

    @property
    def size(self) -> int:
        """How many bytes wait to be taken."""
        return self._taken.size

    def begin(self, name: str, *, is_compressed: bool = True) -> None:
        """Begin a member."""
        about = zipfile.ZipInfo(name)
        about.compress_type = zipfile.ZIP_DEFLATED if is_compressed else zipfile.ZIP_STORED
        about._compresslevel = COMPRESS_LEVEL  # type: ignore[attr-defined]
        about.external_attr = 0o644 << 16
        self._member = self._zip.open(about, "w", force_zip64=True)
        self._digest = sha256()

    def write(self, content: bytes) -> None:
        """Add bytes to the member."""
        assert self._member is not None, "a member is open"
        self._digest.update(content)
        self._member.write(content)

    async def add(self, content: bytes) -> None:
        """The same; where it is much, others have the processor while it is compressed and hashed."""
        if len(content) > ASIDE_BYTES:
            await asyncio.to_thread(self.write, content)
        else:
            self.write(content)

    def end(self, name: str) -> None:
        """End the member, whose digest is known from here on."""
        assert self._member is not None, "a member is open"
        self._member.close()
        self._member = None
        self.digests[name] = self._digest.hexdigest()

    def finish(self) -> None:
        """Write the directory; nothing can be added then."""
        self._zip.close()

    def take(self) -> bytes:
        """What was written since the last time."""
        return self._taken.take()

    def abandon(self) -> None:
        """Drop a file that will never be whole."""
        if self._member is not None:
            self._member.close()  # zipfile closes no file whose member is open
        self._zip.close()


class _Bytes:
    """What zipfile writes to: it can neither seek nor tell, so each member's sizes follow the member."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, content: bytes) -> int:
        """Keep the bytes until they are taken."""
        self._pieces.append(bytes(content))
        self.size += len(content)
        return len(content)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is held."""

    def take(self) -> bytes:
        """All bytes, which are forgotten."""
        taken = b"".join(self._pieces)
        self._pieces, self.size = [], 0
        return taken
