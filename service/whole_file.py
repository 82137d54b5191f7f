"""Files that are written whole, for their owner alone, and that outlive a power cut."""

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

OWNER_ONLY: Final = 0o600


def replace_file(path: Path, content: bytes) -> None:
    """Make `path` hold `content`, mode 0600, durably. A crash leaves the old file or the new one, never half of one.

    One process at a time may replace a file. Raises OSError.
    """
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    _write(draft, [content])
    draft.replace(path)
    _sync_folder(path)


def create_file(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a new file of these chunks, mode 0600; it is durable once this returns.

    Raises FileExistsError if there is one, which stays as it is, and OSError.
    """
    _write(path, chunks)
    _sync_folder(path)


@contextmanager
def file_of_pieces(path: Path) -> Generator[IO[bytes]]:
    """A file to write piece by piece, mode 0600. At the end of the block it is `path`, whole and durable.

    Until then, and after a crash, it is `path` with `.part` behind its name; a block that raises leaves nothing. One
    process at a time may write it. Raises FileExistsError if `path` is there, and OSError.
    """
    part = path.with_name(path.name + ".part")
    if path.exists():
        raise FileExistsError(f"{path} is there already")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path)


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
        file.writelines(chunks)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Make the name durable: else a power cut could take a new file away, or bring the old one back."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
