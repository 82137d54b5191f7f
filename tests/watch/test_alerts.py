"""The alert rules ask for what the service has, say what to do, and tell every fault that a metric can show."""

import re
import shutil
import subprocess
from collections import Counter

import click
import pytest

from service.__main__ import numbering
from service.configuration.settings import Settings, describe
from tests.source.code import ROOT
from tests.source.guides import titles
from tests.source.test_lists_in_guides import rows
from tests.watch.rules import (
    RULE_FILES,
    WATCH,
    Case,
    Fault,
    Rule,
    alerts,
    cases,
    faults,
    files_of_tests,
    labels_of,
    read_yaml,
    rules,
)

GUIDE = "deploy/guide/faults.md"
ROLES = {"web", "requests", "relay", "project", "seal", "serve"}
COMMANDS = set(numbering.list_commands(click.Context(numbering)))
NAMES = [rule.alert for rule in alerts()]
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")


def named(rule: Rule) -> str:
    return rule.alert or rule.record


@pytest.mark.parametrize("rule", [rule for rule in rules() if rule.record], ids=named)
def test_a_recorded_series_is_asked_for(rule: Rule) -> None:
    board = (WATCH / "board.json").read_text("utf-8") if (WATCH / "board.json").exists() else ""
    assert rule.record in board + "".join(alert.expr for alert in alerts())


@pytest.mark.parametrize("rule", alerts(), ids=named)
def test_an_alert_says_how_urgent_it_is_what_happens_and_where_to_read_on(rule: Rule) -> None:
    assert re.fullmatch(r"Numbering[A-Z][A-Za-z]+", rule.alert)
    assert rule.labels.keys() == {"severity"}
    assert rule.labels["severity"] in {"page", "ticket"}
    assert rule.annotations.keys() == {"summary", "description", "runbook"}
    guide, _, title = rule.annotations["runbook"].partition("#")
    assert title in titles(ROOT / guide)
    for text in ("summary", "description"):
        assert rule.annotations[text].endswith("."), rule.annotations[text]


@pytest.mark.parametrize("rule", alerts(), ids=named)
def test_the_commands_and_settings_that_an_alert_names_are_there(rule: Rule) -> None:
    words = " ".join(rule.annotations.values())
    assert set(re.findall(r"\bNUMBERING_\w+", words)) <= {line.variable for line in describe(Settings())}
    assert set(re.findall(r"`numbering ([\w-]+)", words)) <= COMMANDS


def test_no_two_alerts_have_one_name() -> None:
    assert [name for name, count in Counter(NAMES).items() if count > 1] == []


@pytest.mark.parametrize("rule", alerts(), ids=named)
def test_an_alert_is_tested_when_it_fires_and_before(rule: Rule) -> None:
    told = [case for case in cases() if any(rule.alert in fired(case, at) for at in range(len(case.promql_expr_test)))]
    assert told, "a test in deploy/watch/ in which it fires"
    quiet = [case for case in told if rule.alert not in fired(case, 0)]
    assert quiet, "the first line of a test in which it fires: a time when it does not"


@pytest.mark.parametrize("rule", alerts(), ids=named)
def test_the_words_of_an_alert_name_labels_that_it_has(rule: Rule) -> None:
    words = " ".join(rule.annotations.values())
    asked = set(re.findall(r"\$labels\.(\w+)", words))
    given = [
        set(labels_of(sample.labels))
        for case in cases()
        for at in case.promql_expr_test
        for sample in at.exp_samples
        if labels_of(sample.labels)["alertname"] == rule.alert
    ]
    assert given
    assert [labels for labels in given if not asked <= labels] == []


def fired(case: Case, at: int) -> set[str]:
    """The alerts that fire at one of the times of a test."""
    return {labels_of(sample.labels)["alertname"] for sample in case.promql_expr_test[at].exp_samples}


def test_a_role_of_a_rule_is_one_that_the_guide_names() -> None:
    asked = {
        role for rule in alerts() for roles in re.findall(r'role=~?"([^"]+)"', rule.expr) for role in roles.split("|")
    }
    assert asked == ROLES


def test_every_role_is_a_command_and_the_configuration_asks_each_that_the_compose_files_start() -> None:
    assert ROLES - {"web"} <= COMMANDS  # `web` is `serve --web-only`
    [jobs] = read_yaml(WATCH / "prometheus.yml")["scrape_configs"]
    assert jobs["job_name"] == "numbering"
    assert {each["labels"]["role"] for each in jobs["static_configs"]} == ROLES - {"seal", "serve"}
    assert read_yaml(WATCH / "prometheus.yml")["rule_files"] == list(RULE_FILES)


CELLS = [row[0] for row in rows(GUIDE, "Faults") if len(row) == 3]


def is_row_of(fault: Fault, cell: str) -> bool:
    return fault.sees == cell if fault.sees in CELLS else fault.sees in cell


@pytest.mark.parametrize("cell", CELLS)
def test_a_fault_of_the_guide_is_told_by_an_alert_or_it_is_said_why_not(cell: str) -> None:
    exact = [fault for fault in faults() if fault.sees == cell]
    found = exact or [fault for fault in faults() if is_row_of(fault, cell)]
    assert len(found) == 1, "deploy/watch/faults.yml: one entry with words of this row, and of no other row"


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.sees)
def test_an_entry_of_the_faults_is_a_row_of_the_guide_and_names_alerts_or_a_reason(fault: Fault) -> None:
    assert len([cell for cell in CELLS if is_row_of(fault, cell)]) == 1
    assert bool(fault.alerts) != bool(fault.because)
    assert set(fault.alerts) <= set(NAMES)
    assert set(re.findall(r"\bNumbering\w+", fault.because)) <= set(NAMES)


@needs_promtool
def test_promtool_finds_nothing_wrong_with_the_rules_and_the_configuration() -> None:
    run("check", "rules", "--lint=all", "--lint-fatal", *RULE_FILES)
    run("check", "config", "--lint=all", "prometheus.yml")


@needs_promtool
@pytest.mark.parametrize("file", [path.name for path in files_of_tests()])
def test_promtool_sees_each_alert_fire_when_it_should_and_no_other(file: str) -> None:
    run("test", "rules", file)


def run(*arguments: str) -> None:
    outcome = subprocess.run([PROMTOOL or "", *arguments], cwd=WATCH, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
