"""Every benchmark still runs: one tiny iteration, and nothing is said about time."""

import pytest

from tests.benchmarks.place import TINY, Place
from tests.benchmarks.registry import BENCHMARKS, LONG
from tests.benchmarks.report import text_of


@pytest.mark.parametrize("name", [*BENCHMARKS, *LONG])
async def test_a_benchmark_still_runs(name: str, database_url: str, nats_url: str) -> None:
    report = await (BENCHMARKS | LONG)[name](Place(database_url, nats_url), TINY)

    assert report.rows
    assert report.title in text_of(report)
