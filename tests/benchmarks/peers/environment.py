"""A virtual environment for the libraries that are compared: ours stays without them."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
ENVIRONMENT: Final = ROOT / ".tools" / "peers"
GROUP: Final = "peers"
INSTALL_SECONDS_MAX: Final = 120.0


class CannotInstallError(Exception):
    """The libraries are not to be had here."""


def python_with_peers() -> Path:
    """A Python that has the dependency group `peers` as uv.lock names it. Raises CannotInstallError."""
    uv = shutil.which("uv") or shutil.which("uv", path=ROOT / ".tools" / "uv" / "bin")
    if uv is None:
        raise CannotInstallError("there is no uv here")
    command = [uv, "sync", "--quiet", "--frozen", "--only-group", GROUP, "--project", str(ROOT)]
    settings = os.environ | {"UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT)}
    try:
        subprocess.run(command, env=settings, check=True, capture_output=True, timeout=INSTALL_SECONDS_MAX)
    except (subprocess.SubprocessError, OSError) as error:
        raise CannotInstallError(f"uv could not install the dependency group {GROUP}") from error
    return ENVIRONMENT / "bin" / "python"
