"""Whether a file is still the one that was read."""

from pathlib import Path

FileStamp = tuple[int, int, int]


def stamp_of(path: Path) -> FileStamp:
    """Inode, time of the last change in nanoseconds, and size: it differs once the file was replaced or written.

    Raises OSError.
    """
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size
