"""What is installed: our three packages, from our distribution alone, with everything that they need."""

import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.source.code import PACKAGES, ROOT, name_of, tracked


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_provides_our_packages(package: str) -> None:
    assert set(packages_distributions().get(package, [])) <= {"invoice-numbering"}


def test_imports_go_one_way() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    outcome = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout


def test_the_wheel_holds_the_packages_whole_and_nothing_else(tmp_path: Path) -> None:
    wheel = build(tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {name_of(path) for path in tracked() if name_of(path).split("/")[0] in PACKAGES}
    assert found == expected


def build(folder: Path) -> Path:
    """The wheel, built without a network."""
    hatchling = pytest.importorskip("hatchling.build", reason="the build backend is not installed here")
    del hatchling
    code = f"import hatchling.build as b; print(b.build_wheel({str(folder)!r}))"
    outcome = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    return folder / outcome.stdout.split()[-1]
