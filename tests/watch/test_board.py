"""The board shows every metric there is, and asks for nothing that there is not."""

import json
import re
from typing import Any

import pytest

from tests.watch.board import BOARD, COLUMNS, text_of
from tests.watch.panels import ROWS
from tests.watch.queries import known_series, query, unknown
from tests.watch.test_metric_names import RECORDED

NOT_SHOWN = {
    "process_virtual_memory_bytes": "address space costs nothing; resident memory is shown",
    "python_gc_objects_collected_total": "the rounds of the collector are shown, and memory",
    "python_gc_objects_uncollectable_total": "no object of ours has such a finalizer",
}
OF_ALERTS = {"ALERTS": frozenset({"alertname", "alertstate", "severity"})}
ALL: list[dict[str, Any]] = json.loads(BOARD.read_text("utf-8"))["panels"]
PANELS = [panel for panel in ALL if panel["type"] != "row"]


def asked_of(panel: dict[str, Any]) -> list[str]:
    """The queries of a panel, with what Grafana puts in."""
    return [re.sub(r"\$__(rate_interval|range)", "5m", target["expr"]) for target in panel["targets"]]


def test_the_board_is_what_its_panels_say() -> None:
    assert BOARD.read_text("utf-8") == text_of(ROWS), "run: python -m tests.watch.panels"


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_asks_for_series_and_labels_that_the_service_has(panel: dict[str, Any]) -> None:
    for asked in asked_of(panel):
        assert unknown(query(asked), known_series() | RECORDED | OF_ALERTS) == []


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_the_lines_of_a_panel_are_named_by_labels_that_they_have(panel: dict[str, Any]) -> None:
    known = known_series() | RECORDED | OF_ALERTS
    for asked, target in zip(asked_of(panel), panel["targets"], strict=True):
        read = query(asked)
        given = read.grouped_by or frozenset[str]().union(*(known[name] for name in read.names))
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= given, asked


def test_every_metric_is_on_the_board_or_it_is_said_why_not() -> None:
    shown = {name for panel in PANELS for asked in asked_of(panel) for name in query(asked).names}
    through = {name for rule in RECORDED if rule in shown for name in known_series() if rule.split(":")[1] in name}
    families = {re.sub("_(bucket|sum|count)$", "", name) for name in known_series()}
    seen = {re.sub("_(bucket|sum|count)$", "", name) for name in shown | through}
    assert families - seen == set(NOT_SHOWN)


def test_every_panel_stands_in_a_place_of_its_own_and_has_words() -> None:
    assert len({panel["id"] for panel in ALL}) == len(ALL)
    taken = [place for panel in ALL for place in squares(**panel["gridPos"])]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < COLUMNS
    assert all(panel["title"] and panel["description"] for panel in PANELS)


def squares(x: int, y: int, w: int, h: int) -> list[tuple[int, int]]:
    """What a panel covers."""
    return [(column, line) for column in range(x, x + w) for line in range(y, y + h)]
