"""Run as a script by `process`: what a child does between its birth and becoming a server.

A script of its own, and not a `preexec_fn`, because running Python in a forked copy of a threaded process can deadlock.
It imports the standard library only and is started with `-I -S`, so it costs about 20 ms.

    launch.py PARENT_PID DEATH_SIGNAL own|namespace|UID:GID DIRECTORY COMMAND [ARGUMENT ...]
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
# The user "nobody" of every Linux distribution; initdb insists on a user id that has a name.
NOBODY = 65534
CANNOT_LAUNCH = 126


def main(arguments: list[str]) -> None:
    """Become `COMMAND` under the wished identity, in `DIRECTORY`, tied to the life of the parent. Does not return."""
    parent, death_signal, identity, directory, *command = arguments
    os.umask(0o077)
    try:
        take_identity(identity)
        os.chdir(directory)
        # Python ignores it, and what is ignored stays ignored across exec.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        die_with_parent(int(parent), int(death_signal))
        os.execv(command[0], command)  # noqa: S606 - no shell is the point
    except OSError as error:
        sys.stderr.write(f"cannot launch {command[0]} as {identity} in {directory}: {error}\n")
    sys.exit(CANNOT_LAUNCH)


def take_identity(identity: str) -> None:
    """Give up root: by changing the user for good, or by being nobody inside a user namespace."""
    if identity == "own":
        return
    if identity == "namespace":
        enter_namespace()
        return
    user, group = (int(part) for part in identity.split(":"))
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)


def enter_namespace() -> None:
    """Enter a user namespace where our own user is called nobody: files stay ours, yet the server sees no root."""
    user, group = os.geteuid(), os.getegid()
    if libc().unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER): " + os.strerror(ctypes.get_errno()))
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1", encoding="ascii")


def die_with_parent(parent: int, death_signal: int) -> None:
    """Ask the kernel for `death_signal` when the thread that started us ends (on Linux).

    Comes after the change of identity, which clears the wish, and just before exec, which keeps it.
    """
    if sys.platform != "linux":
        return
    if libc().prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG): " + os.strerror(ctypes.get_errno()))
    if os.getppid() != parent:  # it died before the wish was made
        sys.exit(CANNOT_LAUNCH)


def libc() -> ctypes.CDLL:
    """The C library this interpreter is linked with."""
    return ctypes.CDLL(None, use_errno=True)


if __name__ == "__main__":
    main(sys.argv[1:])
