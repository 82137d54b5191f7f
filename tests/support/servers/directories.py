"""Where the servers of tests keep their data: in memory if there is room, else on disk."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - only a name made by mkdtemp is used in it
PREFIX = "numbering-tests-"
LOCK = "in-use"
ROOM_BYTES_MIN = 1 << 30
"""Free memory for which the servers' data goes there; a run was seen to need a tenth of it."""
YOUNG_SECONDS = 60.0

MEMORY_INFO = Path("/proc/meminfo")
GROUP_MAX, GROUP_NOW = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")


@contextmanager
def traversable_directory(parent: Path | None = None) -> Generator[Path]:
    """A fresh directory that any user may pass through, as a server that refuses root must; deleted afterwards.

    Not pytest's own: that one lies in a directory closed to others. `parent` is the system's place for temporary
    files unless given.
    """
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


@contextmanager
def server_directory() -> Generator[Path]:
    """A fresh traversable directory for data no power cut has to spare: in memory if there is room, else on disk.

    A server that is killed finds its data again in either. Programs cannot be run from it: memory is often mounted so.
    Each database of a test is some 300 files, made and deleted within a second. A disk's file system takes several
    times as long for that as memory does; ext4 without a journal, which many virtual machines have, ten times: it
    walks over all files deleted in the last minute to find a number for a new one.
    """
    if not has_room(IN_MEMORY):
        with traversable_directory() as directory:
            yield directory
        return
    remove_leftovers(IN_MEMORY)
    with traversable_directory(IN_MEMORY) as directory, (directory / LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        empty = directory / "data"
        empty.mkdir()
        empty.chmod(0o711)
        yield empty


def has_room(place: Path) -> bool:
    """Whether `place` may be written to and our data fits into it and into the memory we may use."""
    if not os.access(place, os.W_OK | os.X_OK):
        return False
    return min(shutil.disk_usage(place).free, memory_available(), group_memory_left()) >= ROOM_BYTES_MIN


def memory_available() -> int:
    """The bytes the kernel could give out without swapping; 0 where it does not say so."""
    lines = MEMORY_INFO.read_text("ascii").splitlines() if MEMORY_INFO.exists() else []
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return found[0] if found else 0


def group_memory_left() -> int:
    """The bytes a container may still use; without a limit, as many as there can be."""
    limit = GROUP_MAX.read_text("ascii").strip() if GROUP_MAX.exists() else "max"
    return int(limit) - int(GROUP_NOW.read_text("ascii")) if limit.isdigit() else 1 << 62


def remove_leftovers(place: Path) -> None:
    """Delete what killed runs left in `place`: memory would be held until the next boot.

    A run holds a lock while it lives. A young directory may be one whose run has not locked it yet.
    """
    for directory in place.glob(f"{PREFIX}*"):
        try:
            if time.time() - directory.stat().st_mtime < YOUNG_SECONDS:
                continue
            with (directory / LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(directory)
        except OSError:
            continue  # in use, another user's, or gone already
