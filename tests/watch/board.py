"""The board for Grafana in its own words: `tests/watch/panels.py` says what it shows."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from tests.watch.rules import WATCH

BOARD: Final = WATCH / "board.json"
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS: Final = 24
HEIGHT: Final = 8
OURS: Final = 'job="numbering", role=~"$role", instance=~"$instance"'
"""The processes that whoever looks at the board has chosen."""

PARTS: Final = {"0": ("down", "red"), "1": ("degraded", "orange"), "2": ("ok", "green")}
SCHEMA_VERSION: Final = 41
"""Of the classic model of boards: that of Grafana 12, which later releases read."""


class Panel(Struct, frozen=True):
    """A panel: what each query asks, by the name of its lines; `unit` is Grafana's."""

    title: str
    says: str
    asks: Mapping[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8


class Row(Struct, frozen=True):
    """Panels under one heading."""

    title: str
    panels: Sequence[Panel]


def rate(metric: str, by: str, labels: str = "") -> str:
    """The rate of a counter, summed over all processes but for these labels."""
    return f"sum by ({by}) (rate({metric}{{{OURS}{labels}}}[$__rate_interval]))"


def quantile(share: float, metric: str, by: str = "") -> str:
    """A quantile of a histogram over all processes."""
    return f"histogram_quantile({share}, {rate(f'{metric}_bucket', f'{by}, le' if by else 'le')})"


def most(metric: str, by: str = "") -> str:
    """The largest value of a gauge that several processes may show of one thing."""
    return f"max by ({by}) ({metric}{{{OURS}}})" if by else f"max({metric}{{{OURS}}})"


def board(rows: Sequence[Row]) -> dict[str, Any]:
    """The board in Grafana's classic model."""
    return {
        "title": "Invoice numbering",
        "uid": "invoice-numbering",
        "description": "What the numbering service does, and how its parts are. Made by tests/watch/panels.py.",
        "tags": ["numbering"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "",
        "templating": {"list": _variables()},
        "annotations": {"list": []},
        "links": [],
        "panels": _placed(rows),
    }


def _variables() -> list[dict[str, Any]]:
    """The data source, and which processes are shown."""
    source = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0}
    return [
        source | {"current": {}, "options": [], "refresh": 1},
        _choice("role", "Role", 'label_values(up{job="numbering"}, role)'),
        _choice("instance", "Instance", 'label_values(up{job="numbering", role=~"$role"}, instance)'),
    ]


def _choice(name: str, label: str, asks: str) -> dict[str, Any]:
    every = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": asks, "refId": name},
        "definition": asks,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": every,
        "options": [],
        "hide": 0,
    }


def _placed(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The panels with their places, from the left to the right, and a heading above each row."""
    found: list[dict[str, Any]] = []
    top = 0
    for row in rows:
        place = {"h": 1, "w": COLUMNS, "x": 0, "y": top}
        heading = {"type": "row", "title": row.title, "collapsed": False, "panels": list[object](), "gridPos": place}
        found.append({"id": len(found) + 1} | heading)
        top, left = top + 1, 0
        for panel in row.panels:
            if left + panel.width > COLUMNS:
                top, left = top + HEIGHT, 0
            found.append(_shown(panel, len(found) + 1, {"h": HEIGHT, "w": panel.width, "x": left, "y": top}))
            left += panel.width
        top += HEIGHT
    return found


def _shown(panel: Panel, number: int, place: Mapping[str, int]) -> dict[str, Any]:
    is_now = panel.kind == "stat"
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.says,
        "datasource": SOURCE,
        "gridPos": place,
        "targets": [
            {
                "refId": chr(ord("A") + at),
                "datasource": SOURCE,
                "expr": asks,
                "legendFormat": legend,
                "instant": is_now,
                "range": not is_now,
            }
            for at, (legend, asks) in enumerate(panel.asks.items())
        ],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel.kind),
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    if panel.kind == "state-timeline":
        options = {value: {"text": text, "color": color} for value, (text, color) in PARTS.items()}
        return {"mappings": [{"type": "value", "options": options}], "custom": {"fillOpacity": 70, "lineWidth": 0}}
    if panel.kind == "stat":
        return {"unit": panel.unit, "color": {"mode": "thresholds"}, "thresholds": _thresholds()}
    return {"unit": panel.unit, "min": 0, "custom": {"drawStyle": "line", "fillOpacity": 10, "showPoints": "never"}}


def _thresholds() -> dict[str, Any]:
    return {"mode": "absolute", "steps": [{"color": "text", "value": None}]}


def _options(kind: str) -> dict[str, Any]:
    if kind == "stat":
        last = {"calcs": ["lastNotNull"], "fields": "", "values": False}
        return {"reduceOptions": last, "textMode": "auto", "colorMode": "value", "graphMode": "none"}
    if kind == "state-timeline":
        return {"showValue": "never", "mergeValues": True, "rowHeight": 0.9}
    legend = {"displayMode": "list", "placement": "bottom", "showLegend": True}
    return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}


def text_of(rows: Sequence[Row]) -> str:
    """The file of the board."""
    return json.dumps(board(rows), indent=2, ensure_ascii=False) + "\n"
