"""What the tools of others say of the rendered manifests."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.kubernetes.manifests import MANIFESTS, OVERLAYS, Object, objects, programs

OF_OPERATORS = {"ServiceMonitor", "PrometheusRule"}
"""Kinds that Kubernetes itself does not know."""


def as_documents(wanted: Iterable[Object]) -> str:
    """The objects as YAML, one document each; JSON is YAML too."""
    return "\n---\n".join(json.dumps(each) for each in wanted)


def test_kubernetes_knows_every_field(tmp_path: Path) -> None:
    own = [each for overlay in OVERLAYS for each in objects(overlay) if each["kind"] not in OF_OPERATORS]
    (tmp_path / "all.yaml").write_text(as_documents(own))
    command = [str(programs() / "kubernetes-validate"), "--strict", str(tmp_path / "all.yaml")]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert (ended.returncode, ended.stdout.count(" passed for resource ")) == (0, len(own)), ended.stdout


def test_checkov_finds_nothing(tmp_path: Path) -> None:
    """What is passed over, and why, stands in the file that it is given, and at the operator's pod."""
    checkov = shutil.which("checkov")
    if checkov is None:
        pytest.skip("checkov is not installed; `uv tool install checkov` does it")
    for overlay in OVERLAYS:
        (tmp_path / f"{overlay}.yaml").write_text(as_documents(objects(overlay)))
    options = ["--config-file", str(MANIFESTS / "checkov.yaml"), "--output", "json"]
    ended = subprocess.run(
        [checkov, "--directory", str(tmp_path), *options], capture_output=True, text=True, check=False
    )
    found = json.loads(ended.stdout)
    assert found["summary"]["passed"] > 200
    assert [(each["check_id"], each["resource"]) for each in found["results"]["failed_checks"]] == []
