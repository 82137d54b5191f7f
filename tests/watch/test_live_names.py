"""A process that does everything shows every series that rules and board may ask for, and no other."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from service.access.key_file import ensure
from service.api.refusals.advice import WHAT_TO_DO
from service.evidence.key_file import create
from tests.support.service.metrics_read import metrics_of
from tests.support.service.service_process import ServiceProcess, services
from tests.support.waiting import until
from tests.watch.queries import OF_THE_TARGET, known_series
from tests.watch.rules import alerts


def asked_values(label: str) -> set[str]:
    """The values of a label by which alerts choose."""
    return {value for rule in alerts() for value in re.findall(rf'\b{label}="([^"]+)"', rule.expr)}


async def test_a_process_shows_what_rules_and_board_ask_for(tmp_path: Path, database_url: str, nats_url: str) -> None:
    ensure(tmp_path / "keys.json")
    create(tmp_path / "evidence.json", "live.example.com")
    process = ServiceProcess(tmp_path, database_url, nats_url)
    async with services(process):

        async def says_how_its_parts_are() -> bool:
            return 'part="evidence"' in await metrics_of(process)

        await until(says_how_its_parts_are)
        families = list(text_string_to_metric_families(await metrics_of(process)))
    samples = [sample for family in families for sample in family.samples]
    for sample in samples:
        assert known_series().get(sample.name) == OF_THE_TARGET | set(sample.labels), sample.name
    shown = {family.name for family in families}
    assert {re.sub("_(total|bucket|sum|count)$", "", name) for name in known_series()} - {"up"} == shown
    assert asked_values("part") <= {sample.labels["part"] for sample in samples if "part" in sample.labels}


def test_an_alert_chooses_by_codes_that_there_are() -> None:
    assert asked_values("code") <= set(WHAT_TO_DO)
