"""Servers that belong to one test, which may start, kill and damage them."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.embedded import EmbeddedNats, EmbeddedPostgres
from service.embedded.postgres_binaries import WHEEL, find_binaries
from tests.support.servers.directories import server_directory, traversable_directory
from tests.support.servers.parts import FAST


@pytest.fixture(scope="session")
def postgres_dir() -> Iterator[Path]:
    """The directory of a PostgreSQL that was created and stopped. All tests share it: do not change it."""
    with server_directory() as directory:
        with EmbeddedPostgres(directory / "postgres", FAST):
            pass
        yield directory / "postgres"


@pytest.fixture
def postgres(postgres_dir: Path) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that has run before and is not started."""
    server = EmbeddedPostgres(postgres_dir, FAST)
    yield server
    server.stop()


@pytest.fixture
def parts_dir(data_dir: Path, postgres_dir: Path) -> Path:
    """A data directory for both servers, in which PostgreSQL has run before."""
    (data_dir / "postgres").symlink_to(postgres_dir)
    return data_dir


@pytest.fixture
def nats(data_dir: Path) -> Iterator[EmbeddedNats]:
    """A NATS server that is not started."""
    server = EmbeddedNats(data_dir / "nats")
    yield server
    server.stop()


@pytest.fixture
def own_binaries() -> Iterator[Path]:
    """A copy of the wheel's programs and their libraries, under a directory `programs` whose mode is ours."""
    binaries, _ = find_binaries(None)
    package = binaries.parents[1]
    if package.name != WHEEL:
        pytest.skip("the programs here are not the wheel's")
    with traversable_directory() as directory:
        for part in (package, package.with_name(f"{WHEEL}.libs")):
            shutil.copytree(part, directory / "programs" / part.name, symlinks=True, copy_function=link_or_copy)
        yield directory / "programs" / WHEEL / "pginstall" / "bin"


def link_or_copy(source: str, target: str) -> None:
    """The same file under another name, or a copy where the file system cannot link it."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
