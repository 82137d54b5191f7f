"""The rules of deploy/watch as an object for the Prometheus operator: `python -m tests.support.kubernetes.rules`."""

from pathlib import Path
from typing import Any, Final

import yaml

from tests.support.generated.tools import ROOT

WATCH: Final = ROOT / "deploy" / "watch"
FILE: Final = ROOT / "deploy" / "kubernetes" / "components" / "monitoring" / "rules.yaml"
HEAD: Final = "# Made from the rule files of deploy/watch: python -m tests.support.kubernetes.rules\n"


def rules() -> str:
    """The text of the file: one PrometheusRule with every group of every rule file that Prometheus is given."""
    given = _read(WATCH / "prometheus.yml")["rule_files"]
    groups = [group for name in given for group in _read(WATCH / name)["groups"]]
    made = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "invoice-numbering", "labels": {"app.kubernetes.io/name": "invoice-numbering"}},
        "spec": {"groups": groups},
    }
    # The stubs leave the type of one parameter unknown.
    return HEAD + yaml.safe_dump(made, sort_keys=False, width=120)  # pyright: ignore[reportUnknownMemberType]


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


if __name__ == "__main__":
    FILE.write_text(rules(), "utf-8")
