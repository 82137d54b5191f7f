"""Whom PostgreSQL runs as: it refuses root, and we change no directory that is not ours to please it."""

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from service.embedded.process import CannotStartError, Identity, own_identity, run

# The first that exists and can reach both the binaries and the data is taken.
NOBODY = "nobody"
UNPRIVILEGED = ("postgres", NOBODY)


def identity_for(binary: Path, directory: Path) -> Identity:
    """An unprivileged identity that was seen to run `binary` in `directory`.

    Ours, unless we are root; then an unprivileged user; then nobody inside a user namespace, which needs no readable
    path but a kernel (and container) that allows one. Raises CannotStartError when nothing works, with every attempt.
    """
    attempts: list[str] = []
    for identity in candidates():
        outcome = run([str(binary), "--version"], directory, identity=identity)
        if outcome.returncode == 0:
            return identity
        attempts.append(f"\n    as {identity.name}: {outcome.stdout.decode('utf-8', 'replace').strip()}")
    raise CannotStartError(
        f"{binary} cannot run here without root's rights:{''.join(attempts)}\n"
        "Either run as an ordinary user; or move the checkout and the data directory (NUMBERING_DATA_DIR) to where "
        "every user may enter, such as /srv and /var/lib; or allow user namespaces."
    )


def candidates() -> Iterator[Identity]:
    """Whom we could be, the plainest first."""
    if os.geteuid() != 0:
        yield own_identity()
        return
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        yield Identity(f"user {name}", f"{entry.pw_uid}:{entry.pw_gid}", entry.pw_uid, entry.pw_gid)
    yield Identity("nobody in a user namespace", "namespace", os.geteuid(), os.getegid())


def give(path: Path, identity: Identity) -> None:
    """Make `path` and all below it belong to `identity`; only root can need it, after the identity has changed.

    Raises CannotStartError if it belongs to another user and we are not root.
    """
    if path.stat().st_uid == identity.user:
        return
    if os.geteuid() != 0:
        raise CannotStartError(
            f"{path} belongs to user {path.stat().st_uid}; start as that user, or choose another data directory"
        )
    # The top comes last: a crash in between is seen by the next start, which begins again.
    for below in (*path.rglob("*"), path):
        os.chown(below, identity.user, identity.group, follow_symlinks=False)
