"""What a query of Prometheus asks for: the names of series, and their labels."""

from collections.abc import Iterator
from functools import cache
from typing import Final, get_type_hints

import promql_parser as promql
from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.metrics import MetricWrapperBase

from service.metrics import Metrics, new_metrics

OF_THE_TARGET: Final = frozenset({"job", "instance", "role"})
"""The labels that Prometheus gives to every series of ours, see deploy/watch/README.md."""

OF_PROMETHEUS: Final = {"up": OF_THE_TARGET}


class Query(Struct, frozen=True):
    """The series that a query asks for, each with the labels it is chosen by, and the labels of groups."""

    series: tuple[tuple[str, frozenset[str]], ...]
    grouped_by: frozenset[str]

    @property
    def names(self) -> set[str]:
        """The names of its series."""
        return {name for name, _ in self.series}


def query(text: str) -> Query:
    """The query, read. Raises ValueError for what is none, or has wrong types."""
    nodes = list(_nodes(promql.parse(text)))
    series = [_named(node) for node in nodes if isinstance(node, promql.VectorSelector)]
    labels = {label for node in nodes for label in _grouping(node)}
    return Query(tuple(series), frozenset(labels))


def unknown(asked: Query, known: dict[str, frozenset[str]]) -> list[str]:
    """What the query asks for that no `known` series has, in words."""
    wrong = [f"no metric {name}" for name in sorted(asked.names - set(known))]
    given = {name: labels for name, labels in known.items() if name in asked.names}
    for name, labels in asked.series:
        wrong += [f"{name} has no label {label}" for label in sorted(labels - given.get(name, labels))]
    if given:
        together = frozenset[str]().union(*given.values())
        wrong += [f"nothing asked for has a label {label}" for label in sorted(asked.grouped_by - together)]
    return wrong


@cache
def known_series() -> dict[str, frozenset[str]]:
    """Every series that Prometheus has of this service, with its labels, those of the target included."""
    made, found = new_metrics(), dict(OF_PROMETHEUS)
    for field, kind in get_type_hints(Metrics).items():
        if kind is not CollectorRegistry:
            metric: MetricWrapperBase = getattr(made, field)
            inside = vars(metric)  # the library shows no labels before a first count
            labels = OF_THE_TARGET | set[str](inside["_labelnames"])
            found |= {inside["_name"] + end: labels | more for end, more in _endings(kind).items()}
    return found | _of_the_process()


def _endings(kind: type) -> dict[str, frozenset[str]]:
    """What a metric of this kind puts behind its name, with the labels this adds."""
    none = frozenset[str]()
    if kind is Histogram:
        return {"_bucket": frozenset({"le"}), "_sum": none, "_count": none}
    return {"_total" if kind is Counter else "": none}


def _of_the_process() -> dict[str, frozenset[str]]:
    """The series of Python and of the system's process, which the client library makes."""
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    samples = [sample for family in registry.collect() for sample in family.samples]
    return {sample.name: OF_THE_TARGET | set(sample.labels) for sample in samples}


def _nodes(tree: promql.Expr) -> Iterator[promql.Expr]:
    """Every part of a query, also the selector within a range, which `walk` passes over."""
    found: list[promql.Expr] = []
    promql.walk(tree, pre_visit=found.append)
    for node in found:
        yield node
        if isinstance(node, promql.MatrixSelector):
            yield node.vector_selector


def _named(node: promql.VectorSelector) -> tuple[str, frozenset[str]]:
    return node.name or "", frozenset(matcher.name for matcher in node.matchers.matchers)


def _grouping(node: promql.Expr) -> list[str]:
    """The labels of `by`, `without`, `on`, `ignoring` and `group_left`."""
    if isinstance(node, promql.AggregateExpr) and node.modifier is not None:
        return node.modifier.labels
    if isinstance(node, promql.BinaryExpr) and node.modifier is not None:
        matching = node.modifier.matching
        return [*(matching.labels if matching is not None else ()), *(node.modifier.group_labels or ())]
    return []
