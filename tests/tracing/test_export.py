"""A collector that is slow, full or away costs its spans, which are counted, and no request anything."""

import asyncio
import sys
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import Counter
from structlog.testing import capture_logs

from service.configuration.setting_kinds import SettingsError
from service.configuration.settings import Settings
from service.embedded.data_directory import free_port
from service.tracing.export import SPANS_MAX, BoundedProcessor, CountedExporter, exporting_tracer
from service.tracing.start import tracer_of
from tests.support.domain.golden import TRACE
from tests.support.service.client import Options, an_api
from tests.support.service.collector import HASTY, a_counter, collecting
from tests.support.service.service_process import ServiceProcess, services
from tests.support.waiting import until


def counted(counter: Counter, fate: str) -> float:
    """How many spans had this fate."""
    [metric] = counter.collect()
    return sum(each.value for each in metric.samples if each.name == "spans_total" and each.labels["fate"] == fate)


async def test_a_collector_that_is_away_costs_no_request_and_is_told_of_once(database_url: str, tmp_path: Path) -> None:
    counter = a_counter()
    with capture_logs() as lines:
        tracer = exporting_tracer(f"http://user:secret@127.0.0.1:{free_port()}", 1.0, ["web"], counter, HASTY)
        async with an_api(database_url, tmp_path, Options(tracer=tracer)) as api:
            assert (await api.get("/invoice-series")).status == 200
            await until(lambda: counted(counter, "dropped") == 1, "the first span is dropped")
            assert (await api.get("/invoice-series")).status == 200
        await asyncio.to_thread(tracer.close)

    assert counted(counter, "dropped") == 2
    [said] = [line for line in lines if line["event"].startswith("traces.")]
    assert (said["event"], said["log_level"]) == ("traces.dropped", "warning")
    assert "secret" not in str(lines)


async def test_a_collector_that_is_back_gets_what_comes_then(database_url: str, tmp_path: Path) -> None:
    counter = a_counter()
    async with collecting() as collector:
        collector.status = 400  # refused for good: other statuses are tried again for a while
        tracer = exporting_tracer(collector.url, 1.0, ["web"], counter, HASTY)
        with capture_logs() as lines:
            async with an_api(database_url, tmp_path, Options(tracer=tracer)) as api:
                await api.get("/invoice-series")
                await until(lambda: counted(counter, "dropped") == 1, "the first span is dropped")
                collector.status = 200
                await api.get("/invoice-series")
                await collector.named("GET /v1/invoice-series")
            await asyncio.to_thread(tracer.close)

    assert counted(counter, "exported") == 1
    assert [line["event"] for line in lines if line["event"].startswith("traces.")] == [
        "traces.dropped",
        "traces.sent_again",
    ]


def test_no_more_spans_than_the_bound_wait_for_the_collector() -> None:
    counter = a_counter()
    kept = InMemorySpanExporter()
    exporter = CountedExporter(kept, counter, "memory")
    exporter.left = -SPANS_MAX  # as if so many were on their way
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BoundedProcessor(exporter, 0.02))
    provider.get_tracer("test").start_span("too many").end()
    exporter.left = 1 - SPANS_MAX
    provider.get_tracer("test").start_span("the last one").end()
    provider.shutdown()

    assert counted(counter, "dropped") == 1
    assert [span.name for span in kept.get_finished_spans()] == ["the last one"]


def test_without_the_extra_the_url_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "service.tracing.export")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError, match=r"^NUMBERING_TRACES_URL needs the extra `tracing`"):
        tracer_of(Settings(traces_url="http://localhost:4318"), ["web"], a_counter())


def test_without_the_url_nothing_of_opentelemetry_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("opentelemetry", "service.tracing.export"))]:
        monkeypatch.setitem(sys.modules, name, None)
    assert tracer_of(Settings(), ["web"], a_counter()) is None


async def test_a_service_exports_the_spans_of_all_its_jobs_and_counts_them(
    database_url: str, nats_url: str, tmp_path: Path
) -> None:
    async with collecting() as collector, an_api(database_url, tmp_path) as api:
        process = ServiceProcess(tmp_path, database_url, nats_url, NUMBERING_TRACES_URL=collector.url)
        async with services(process):
            headers = {"Authorization": f"Bearer {api.firm.live_key}", "traceparent": TRACE}
            url = f"{process.base_url}/v1/invoice-series"
            async with api.session.post(url, json={"name": "A", "document_type": "fiscal"}, headers=headers) as answer:
                assert answer.status == 201
            await collector.named(
                "POST /v1/invoice-series", "publish numbering.v1.events.{mode}.{firm}.{series}.{event}"
            )

            async def are_counted() -> bool:
                async with api.session.get(f"{process.base_url}/metrics") as answer:
                    return 'numbering_trace_spans_total{fate="exported"} 4.0' in await answer.text()

            await until(are_counted, "four spans were exported")
            assert process.stop() == 0

    assert {span.trace_id for span in collector.spans} == {TRACE[3:35]}
    assert {span.process["service.version"] for span in collector.spans} != {""}
