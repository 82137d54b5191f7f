"""What the alert rules and the board ask Prometheus for is what a process of the service shows."""

import pytest

from tests.watch.queries import OF_THE_TARGET, known_series, query, unknown
from tests.watch.rules import Case, Rule, cases, labels_of, rules

RECORDED = {
    rule.record: frozenset(rule.record.partition(":")[0].split("_")) & (OF_THE_TARGET | {"carrier"})
    for rule in rules()
    if rule.record
}
"""Every recorded series with its labels, which its name begins with."""


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.alert or rule.record)
def test_a_rule_asks_for_series_and_labels_that_the_service_has(rule: Rule) -> None:
    assert unknown(query(rule.expr), known_series() | RECORDED) == []


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_test_of_the_rules_gives_what_a_process_really_shows(case: Case) -> None:
    for given in case.input_series:
        name, labels = given.series.partition("{")[0], labels_of(given.series)
        assert frozenset(labels) == known_series().get(name), given.series
        assert labels["job"] == "numbering" or case.name == "Prometheus asks nobody", given.series
    assert {asked.expr for asked in case.promql_expr_test} == {'ALERTS{alertstate="firing"}'}
