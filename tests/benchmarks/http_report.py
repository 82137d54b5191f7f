"""The rows of a report on requests over HTTP."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final, NamedTuple

from tests.benchmarks.http_service import CLIENT, ECHO, PROJECT, RELAY, SERVICE
from tests.benchmarks.load import Measured
from tests.benchmarks.processor_time import NATS, POSTGRESQL
from tests.benchmarks.report import Cell

NOW: Final = "now"
THEN: Final = "then"

OURS: Final = (SERVICE, RELAY, PROJECT)


class Load(NamedTuple):
    """One measurement, and the microseconds of processor time that an answer took, by process."""

    measured: Measured
    microseconds: Mapping[str, float]

    def took(self, *names: str) -> float:
        """Microseconds of these processes together; one that does not run takes none."""
        return sum(self.microseconds.get(name, 0.0) for name in names)


def row(layout: str, kind: str, level: int, numbers: int, rounds: Sequence[Mapping[str, Load]]) -> dict[str, Cell]:
    """Medians over the rounds; a ratio is the median of the ratios of the rounds."""
    asked = [each[NOW] for each in rounds]
    rate = median(each.measured.rate for each in asked)
    return {
        "layout": layout,
        "request": kind,
        "connections": level,
        "echo/s": round(median(each[ECHO].measured.rate for each in rounds)),
        "per s": round(rate),
        "numbers/s": round(rate * numbers),
        "to echo": median(each[NOW].measured.rate / each[ECHO].measured.rate for each in rounds),
        "p50 ms": median(each.measured.milliseconds(0.5) for each in asked),
        "p99 ms": median(each.measured.milliseconds(0.99) for each in asked),
        "p50 to echo": median(
            each[NOW].measured.milliseconds(0.5) / each[ECHO].measured.milliseconds(0.5) for each in rounds
        ),
        "service us": _took(asked, SERVICE),
        "relay us": _took(asked, RELAY),
        "project us": _took(asked, PROJECT),
        "PostgreSQL us": _took(asked, POSTGRESQL),
        "NATS us": _took(asked, NATS),
        "client us": _took(asked, CLIENT),
        "echo us": _took([each[ECHO] for each in rounds], ECHO),
    }


def compared_row(
    layout: str, kind: str, level: int, _numbers: int, rounds: Sequence[Mapping[str, Load]]
) -> dict[str, Cell]:
    """The same of two versions: `then` is the other checkout; ratios of times are below 1 where less is taken now."""
    found: dict[str, Cell] = {"layout": layout, "request": kind, "connections": level}
    for name in (THEN, NOW):
        found[f"{name}/s"] = round(median(each[name].measured.rate for each in rounds))
        found[f"{name} p50 ms"] = median(each[name].measured.milliseconds(0.5) for each in rounds)
    found |= {
        "now to then": median(each[NOW].measured.rate / each[THEN].measured.rate for each in rounds),
        "then to echo": median(each[THEN].measured.rate / each[ECHO].measured.rate for each in rounds),
        "now to echo": median(each[NOW].measured.rate / each[ECHO].measured.rate for each in rounds),
    }
    for what, names in (
        ("service us", (SERVICE,)),
        ("ours us", OURS),
        ("PostgreSQL us", (POSTGRESQL,)),
    ):
        found |= {f"{each} {what}": _took([loads[each] for loads in rounds], *names) for each in (THEN, NOW)}
    for what, names in (("service", (SERVICE,)), ("ours", OURS), ("PostgreSQL", (POSTGRESQL,))):
        found[f"{what} us, now to then"] = median(
            each[NOW].took(*names) / max(each[THEN].took(*names), 1e-3) for each in rounds
        )
    return found


def _took(loads: Sequence[Load], *names: str) -> int:
    return round(median(each.took(*names) for each in loads))
