"""Tables of the guides, made from the code: `python -m tests.source.tables` writes them into all guides.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`; a test checks that each fits the code.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, get_type_hints

import click
from prometheus_client import Counter, Gauge, Histogram

from schemas.api.operations import OPERATIONS
from service.__main__ import numbering
from service.api.openapi.route_refusals import FIELD_CODES
from service.api.refusals.advice import WHAT_TO_DO
from service.api.refusals.table import TABLE
from service.configuration.setting_descriptions import Described
from service.configuration.settings import APPLICATION, Settings, describe
from service.metrics import Metrics, new_metrics
from tests.source.guides import guides
from tests.watch.alert_tables import alert_rows, fault_rows

_PLACE: Final = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def codes() -> str:
    """Every error code, by its statuses."""
    statuses = {(row.code, row.status) for row in TABLE.values()} | {(code, 400) for code in FIELD_CODES}
    by_code = {code: sorted(status for of, status in statuses if of == code) for code, _ in statuses}
    rows = sorted(by_code.items(), key=lambda item: (item[1], item[0]))
    return _table(
        ("code", "status", "what to do"),
        ((f"`{code}`", ", ".join(map(str, found)), WHAT_TO_DO[code]) for code, found in rows),
    )


def settings() -> str:
    """Every setting, with the default it has on Linux."""
    lines = describe(Settings())
    homes = {"NUMBERING_DATA_DIR": f"~/.local/share/{APPLICATION}"}
    defaults = ((line, homes.get(line.variable, line.default)) for line in lines)
    return _table(
        ("variable", "default", "unit", "effect"),
        (
            (_variable(line), f"`{default}`" if default else "none", line.unit, line.effect)
            for line, default in defaults
        ),
    )


def _variable(line: Described) -> str:
    return f"`{line.variable}` or `_FILE`" if line.may_be_file else f"`{line.variable}`"


def metrics() -> str:
    """Every metric as a Prometheus server sees it."""
    made = new_metrics()
    found = [getattr(made, name) for name in get_type_hints(Metrics) if name != "registry"]
    rows = sorted((_metric(metric) for metric in found), key=lambda row: row[0])
    return _table(("metric", "kind", "labels", "what it says"), rows)


def operations() -> str:
    """Every operation that can be sent over NATS."""
    return _table(
        ("operation", "HTTP call it stands for", "fields in place of the path", "what it does"),
        (
            (
                f"`{each.name}`",
                f"`{each.method} {each.path}`",
                ", ".join(f"`{name}`" for name in each.in_path.values()) or "none",
                each.summary,
            )
            for each in OPERATIONS
        ),
    )


def commands() -> str:
    """Every command of the program, with its arguments and options."""
    return _table(
        ("command", "what it does"),
        ((f"`{_usage(name, command)}`", _help(command)) for name, command in _commands("", numbering)),
    )


def alerts() -> str:
    """Every alert rule for Prometheus."""
    return _table(("alert", "severity", "after", "says", "read on"), alert_rows())


def faults() -> str:
    """Which alert tells each fault of the operator's guide."""
    return _table(("what you see", "alert"), fault_rows())


TABLES: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "codes": codes,
        "settings": settings,
        "metrics": metrics,
        "operations": operations,
        "commands": commands,
        "alerts": alerts,
        "faults": faults,
    }
)


def filled(text: str) -> str:
    """A guide with its tables made from the code. Raises KeyError for a name that is no table."""
    return _PLACE.sub(lambda place: f"{place[1]}{TABLES[place[2]]()}{place[3]}", text)


def named_in(text: str) -> set[str]:
    """The names of the tables in a guide."""
    return {place[2] for place in _PLACE.finditer(text)}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _metric(metric: Counter | Gauge | Histogram) -> tuple[str, ...]:
    """The row of a metric. The client library shows no labels before a first count, so they are read from inside it."""
    inside, kind = vars(metric), type(metric).__name__.lower()
    name = inside["_name"] + ("_total" if kind == "counter" else "")
    return (
        f"`{name}`",
        kind,
        ", ".join(f"`{label}`" for label in inside["_labelnames"]) or "none",
        inside["_documentation"],
    )


def _commands(before: str, group: click.Group) -> Iterable[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in sorted(group.list_commands(context)):
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            yield from _commands(f"{name} ", command)
        else:
            yield before + name, command


def _usage(name: str, command: click.Command) -> str:
    context = click.Context(command)
    words = [word for each in command.params for word in _words(each, context)]
    return " ".join([name, *words])


def _words(parameter: click.Parameter, context: click.Context) -> list[str]:
    if not isinstance(parameter, click.Option):
        return parameter.get_usage_pieces(context)
    value = "" if parameter.is_flag else f" {parameter.make_metavar(context).strip('[]')}"
    said = parameter.opts[-1] + value.replace("INTEGER RANGE", "N")
    return [said if parameter.required else f"[{said}]"]


def _help(command: click.Command) -> str:
    return " ".join((command.help or "").partition("\n\n")[0].split())


def main() -> None:
    """Rewrite the tables of all guides."""
    for path in guides():
        text = path.read_text("utf-8")
        if filled(text) != text:
            path.write_text(filled(text), "utf-8")


if __name__ == "__main__":
    main()
