"""Starting and ending the servers we embed, so that none outlives us and none is mistaken for ours."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

POLL_SECONDS = 0.01
GONE_SECONDS = 10.0
TAIL_LINES = 15

PROCESSES = Path("/proc")
LAUNCHER = Path(__file__).with_name("launch.py")
INHERITED = ("PATH", "HOME", "TZ", "LD_LIBRARY_PATH")


class CannotStartError(Exception):
    """An embedded part cannot run; the message says what to do. Nothing of it was left running."""


@dataclass(frozen=True)
class Identity:
    """Whom a child runs as: `name` for people, `launch` for `launch.py`, `user` and `group` own its files."""

    name: str
    launch: str
    user: int
    group: int


def own_identity() -> Identity:
    """The user we are."""
    return Identity(f"user {os.geteuid()}", "own", os.geteuid(), os.getegid())


def spawn(
    command: Sequence[str], directory: Path, log: Path, *, death_signal: signal.Signals, identity: Identity
) -> subprocess.Popen[bytes]:
    """Start a server that gets `death_signal` when we die, its output appended to `log`.

    Only from the main thread: Linux sends the signal when the *thread* that forked ends. In a session of its own, so
    that a Ctrl-C at the terminal reaches us alone and we stop the parts in order.
    """
    _require_main_thread()
    with open_unlinked(log) as output:
        return subprocess.Popen(  # noqa: S603 - no shell, our own words
            launcher(command, directory, death_signal, identity),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=clean_environment(),
        )


def spawn_ours(command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a process of ours beside us, which the system kills when we die. Only from the main thread.

    We write to its input and read its output without waiting; its errors go where ours go. In a session of its own, as
    `spawn` says.
    """
    _require_main_thread()
    child = subprocess.Popen(  # noqa: S603 - no shell, our own words
        launcher(command, directory, signal.SIGKILL, own_identity()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env=environment,
    )
    assert child.stdout is not None
    os.set_blocking(child.stdout.fileno(), False)
    return child


def _require_main_thread() -> None:
    if threading.current_thread() is not threading.main_thread():
        raise CannotStartError(
            "embedded parts are started from the main thread: they end with the thread that starts them"
        )


def run(
    command: Sequence[str], directory: Path, *, identity: Identity, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end under `identity`; its output, both kinds, is in `stdout`. Checks nothing."""
    return subprocess.run(  # noqa: S603 - no shell, our own words
        launcher(command, directory, signal.SIGKILL, identity),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=clean_environment(),
        check=False,
    )


def launcher(command: Sequence[str], directory: Path, death_signal: signal.Signals, identity: Identity) -> list[str]:
    """`command`, wrapped in `launch.py`, which becomes it under the same process id."""
    here = [sys.executable, "-I", "-S", str(LAUNCHER)]
    return [*here, str(os.getpid()), str(int(death_signal)), identity.launch, str(directory), *command]


def clean_environment() -> dict[str, str]:
    """What a server gets of our environment: others may read it from /proc, and it may hold secrets that are not its.

    Nothing in it redirects a PostgreSQL program or translates its messages.
    """
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | {"LANG": "C"}


def open_unlinked(path: Path) -> BinaryIO:
    """Open a file to append to, made with mode 0600 if there is none. Raises OSError if its name is a symbolic link."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600), "a+b")


def ask(program: Path, question: str) -> str:
    """What `program question` prints; empty if there is no such program or it fails."""
    try:
        answer = subprocess.run([program, question], capture_output=True, text=True, check=False)  # noqa: S603 - found by us
    except OSError:
        return ""
    return answer.stdout if answer.returncode == 0 else ""


def terminate(child: subprocess.Popen[bytes], wish: signal.Signals, patience_seconds: float) -> None:
    """Ask `child` to end, insist when the patience is up. Returns when it is gone and reaped."""
    if child.poll() is not None:
        return
    child.send_signal(wish)
    try:
        child.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        kill_with_children(child)


def stop_leftover(pid: int, argument: str, *, program: str, wish: signal.Signals, patience_seconds: float) -> None:
    """End the process `pid` if it is `program` and was started with `argument`: an orphan of ours."""

    def is_gone() -> bool:
        return not is_ours(pid, program=program, argument=argument)

    if is_gone():
        return
    for step in (wish, signal.SIGKILL):
        send(pid, step)
        if wait_until(is_gone, patience_seconds):
            return
    raise CannotStartError(f"{program} of an earlier start (process {pid}) does not end; end it and try again")


def send(pid: int, wish: signal.Signals) -> None:
    """Signal a process that may already be gone."""
    try:
        os.kill(pid, wish)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise CannotStartError(
            f"process {pid} of an earlier start belongs to another user; end it as that user"
        ) from error


def is_ours(pid: int, *, program: str, argument: str) -> bool:
    """Whether `pid` lives, is `program`, and has `argument` among its arguments. A zombie has none, so it is gone."""
    command = command_of(pid)
    return bool(command) and Path(command[0]).name == program and argument in command[1:]


def command_of(pid: int) -> list[str]:
    """The command line of a process; empty if it is gone or a zombie."""
    if not PROCESSES.is_dir():
        ps = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
        return subprocess.run(ps, capture_output=True, text=True, check=False).stdout.split()  # noqa: S603 - our own words
    try:
        words = (PROCESSES / str(pid) / "cmdline").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return words.rstrip("\0").split("\0") if words else []


def kill_with_children(child: subprocess.Popen[bytes]) -> None:
    """End a server and its processes at once, as a power cut would: nothing is flushed, nothing is tidied up."""
    if child.poll() is not None:
        return
    child.send_signal(signal.SIGSTOP)  # so that it starts no process between the look and the kill
    family = children_of(child.pid)
    child.kill()
    for pid in family:
        send(pid, signal.SIGKILL)
    child.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in family), GONE_SECONDS)


def children_of(pid: int) -> list[int]:
    """The process ids of the children of `pid`, as far as /proc tells."""
    found: list[int] = []
    for entry in PROCESSES.glob("[0-9]*/stat"):
        try:
            fields = entry.read_text("utf-8", "replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            found.append(int(entry.parent.name))
    return found


def is_alive(pid: int) -> bool:
    """Whether `pid` exists and is more than a zombie (an init that does not reap keeps those for ever)."""
    try:
        status = (PROCESSES / str(pid) / "stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in ("Z", "X")


def wait_until(is_done: Callable[[], bool], patience_seconds: float) -> bool:
    """Wait for a condition; False when the patience ran out first."""
    deadline = time.monotonic() + patience_seconds
    while not is_done():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def tail(log: Path, start: int) -> str:
    """The last lines a server wrote to `log` since byte `start`, indented."""
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode("utf-8", "replace").splitlines()
    return "".join(f"\n    {line}" for line in lines[-TAIL_LINES:]) or "\n    (it wrote nothing)"
