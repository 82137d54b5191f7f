"""Files with secrets: who may have them, and what a file with one secret in it looks like."""

import errno
import os
import stat
from pathlib import Path
from typing import Final

OTHERS: Final = 0o077
SECRET_BYTES_MAX: Final = 65_536
"""The largest file with one secret: an address or a password."""

FILE_BYTES_MAX: Final = 16_777_216
"""The largest file with keys; a larger one is no such file."""


class SecretFileError(Exception):
    """A file with secrets is open to others, or does not hold what it should; the message begins with its path.

    It says what is wrong, never what the file holds.
    """


def read_secret(path: Path, bytes_max: int = FILE_BYTES_MAX) -> bytes:
    """What a file with secrets holds; a link is followed. Raises OSError and SecretFileError."""
    # A pipe without a writer would let us wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(status.st_mode):
            raise SecretFileError(f"{path} is a pipe or a device, which cannot be read again; name a file")
        refusal = open_to_others(status.st_uid, status.st_mode, us=os.geteuid())
        if refusal is not None:
            raise SecretFileError(f"{path} {refusal}; run: {_mend(status.st_uid)} {path}")
        content = file.read(bytes_max + 1)
    if len(content) > bytes_max:
        raise SecretFileError(f"{path} is larger than {bytes_max} bytes")
    return content


def read_secret_line(path: Path) -> str:
    """The one line of text in a file with a secret, without the line end behind it.

    Raises SecretFileError: also for a file that is missing, cannot be read, is empty, or holds anything else.
    """
    try:
        content = read_secret(path, SECRET_BYTES_MAX)
    except OSError as error:
        raise SecretFileError(f"{path} cannot be read: {error.strerror}") from error
    line = content[:-2] if content.endswith(b"\r\n") else content.removesuffix(b"\n")
    if not line:
        raise SecretFileError(f"{path} is empty")
    if b"\n" in line or b"\r" in line:
        raise SecretFileError(f"{path} holds more than one line")
    if b"\0" in line:
        raise SecretFileError(f"{path} holds a NUL, so it is no text")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretFileError(f"{path} is not UTF-8") from None  # that error holds the content


def open_to_others(owner: int, mode: int, *, us: int) -> str | None:
    """Why a file of this owner and mode is no secret of user `us`; None if it is.

    It belongs to us, or to root. Root gives a file to a service by its group: a Secret of Kubernetes is 0440 and root's
    (with fsGroup, whatever its defaultMode says), and so is a credential of systemd that an ACL opens to the service.
    """
    if owner not in {us, 0}:
        return f"belongs to another user ({owner})"
    of_group = stat.S_IRGRP if owner != us else 0
    return "is open to other users" if stat.S_IMODE(mode) & OTHERS & ~of_group else None


def _mend(owner: int) -> str:
    if owner == os.geteuid():
        return "chmod 600"
    return "chmod 440" if owner == 0 else f"chown {os.geteuid()}"
