"""Whether this process records spans. Where it does not, nothing of OpenTelemetry is imported."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import Counter

from service.configuration.setting_kinds import SettingsError
from service.configuration.settings import Settings

if TYPE_CHECKING:
    from service.tracing.tracer import Tracer


def tracer_of(settings: Settings, jobs: Iterable[str], spans: Counter) -> "Tracer | None":
    """The tracer of this process; none if NUMBERING_TRACES_URL is not set.

    `spans` counts what became of each span. Raises SettingsError if the extra `tracing` is not installed.
    """
    if settings.traces_url is None:
        return None
    try:
        from service.tracing.export import exporting_tracer  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        raise SettingsError(
            "NUMBERING_TRACES_URL needs the extra `tracing`: install invoice-numbering[tracing], or unset it"
        ) from error
    return exporting_tracer(settings.traces_url, settings.traces_ratio, jobs, spans)
