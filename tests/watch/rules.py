"""The rules of deploy/watch/, and the tests that `promtool` runs of them."""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from tests.source.code import ROOT

WATCH: Final = ROOT / "deploy/watch"
RULE_FILES: Final = ("recording.yml", "alerts.yml")

_LABEL: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule of Prometheus: it records a series, or it alerts."""

    expr: str
    record: str = ""
    alert: str = ""
    waits: str = msgspec.field(default="", name="for")
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules that are asked one after another."""

    name: str
    rules: list[Rule]


class RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of rules."""

    groups: list[Group]


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A series of a test, and its values."""

    series: str
    values: str


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A series that must be there."""

    labels: str
    value: float


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a test asks at a time, and all that must come."""

    expr: str
    eval_time: str
    exp_samples: list[Expected]


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A test of the rules."""

    name: str
    interval: str
    input_series: list[Given]
    promql_expr_test: list[Asked]


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the faults of the operator's guide: words of its first cell, and the alerts, or why there is none.

    `without` are words that it does not have, where others have the same.
    """

    sees: str
    without: str = ""
    alerts: list[str] = []
    because: str = ""


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule."""
    files = [msgspec.convert(read_yaml(WATCH / name), RuleFile) for name in RULE_FILES]
    return tuple(rule for file in files for group in file.groups for rule in group.rules)


def alerts() -> list[Rule]:
    """The rules that alert."""
    return [rule for rule in rules() if rule.alert]


def files_of_tests() -> list[Path]:
    """The files that `promtool test rules` runs."""
    return sorted(WATCH.glob("*_test.yml"))


@cache
def cases() -> tuple[Case, ...]:
    """Every test of the rules."""
    found = [case for path in files_of_tests() for case in read_yaml(path)["tests"]]
    return tuple(msgspec.convert(case, Case) for case in found)


@cache
def faults() -> tuple[Fault, ...]:
    """Every fault of the operator's guide, as deploy/watch/faults.yml names it."""
    return tuple(msgspec.convert(read_yaml(WATCH / "faults.yml"), list[Fault]))


def read_yaml(path: Path) -> Any:
    """The file, which anybody may have written."""
    return yaml.safe_load(path.read_text("utf-8"))


def labels_of(series: str) -> dict[str, str]:
    """The labels of a series that is written with its values, as `up{job="numbering"}`."""
    return dict(_LABEL.findall(series.partition("{")[2]))
