"""The paths that need no credential: name and version, liveness, readiness and metrics."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, Literal

from msgspec.structs import replace

from schemas.api.objects import Alive, ApiRoot, Readiness
from service.api.calling.dependencies import Dependencies
from service.api.calling.reply import Page, Result
from service.api.calling.route import OpenRoute
from service.api.refusals.causes import Unavailable
from service.api.refusals.table import RefusedError, refusal_of
from service.health import Health, HealthBoard

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_VERSION: Final = version("invoice-numbering")


@dataclass(frozen=True, slots=True)
class Open:
    """The objects that the functions below read."""

    dependencies: Dependencies
    health: HealthBoard


async def describe_api(_: Open) -> Result:
    """GET /v1/: the name and the version of the service."""
    return Result(ApiRoot(name="invoice-numbering", version=_VERSION, documentation="/docs"))


async def say_alive(_: Open) -> Result:
    """GET /healthz: the process answers. It checks nothing else."""
    return Result(Alive())


async def say_ready(of: Open) -> Result:
    """GET /readyz: the health of each part by name. Raises RefusedError (503) if a part is down."""
    parts = await of.health.latest()
    up: dict[str, Literal["ok", "degraded"]] = {
        name: "ok" if health is Health.OK else "degraded" for name, health in parts.items() if health is not Health.DOWN
    }
    if len(up) == len(parts):
        return Result(Readiness(parts=up))
    reasons = of.health.reasons()
    down = [f"{name} ({reasons[name]})" if name in reasons else name for name in sorted(set(parts) - set(up))]
    refusal = refusal_of(Unavailable(f"These parts are down: {', '.join(down)}."))
    raise RefusedError(replace(refusal, errors={name: str(health) for name, health in parts.items()}))


async def show_metrics(of: Open) -> Result:
    """GET /metrics: the Prometheus text format."""
    return Result(Page(of.dependencies.metrics.text(), METRICS_TYPE))


OPEN_ROUTES: Final = (
    OpenRoute(
        path="/v1",
        operation="describe_api",
        summary="Name and version of the service",
        about="The same with a slash at the end, and at `/` for all but browsers.",
        reply=ApiRoot,
    ),
    OpenRoute(
        path="/v1/ping",
        operation="ping",
        summary="Whether the process answers",
        about="It checks nothing else, like /healthz.",
        reply=Alive,
    ),
    OpenRoute(
        path="/v1/version",
        operation="read_version",
        summary="Name and version of the service",
        about="The same as /v1.",
        reply=ApiRoot,
    ),
    OpenRoute(
        path="/healthz",
        operation="check_liveness",
        summary="Whether the process answers",
        about="For a supervisor that restarts what does not answer. It checks nothing else.",
        reply=Alive,
    ),
    OpenRoute(
        path="/readyz",
        operation="check_readiness",
        summary="The health of each part",
        about="For a load balancer. It is 503 if a part that requests need is down; `errors` then names each part.",
        reply=Readiness,
        refusals=(Unavailable,),
    ),
    OpenRoute(
        path="/metrics",
        operation="read_metrics",
        summary="Metrics of this process",
        about="For Prometheus, in its text format; without the envelope.",
    ),
)

OPEN: Final[Mapping[str, Callable[[Open], Awaitable[Result]]]] = {
    "/v1": describe_api,
    "/v1/": describe_api,
    "/v1/ping": say_alive,
    "/v1/version": describe_api,
    "/healthz": say_alive,
    "/readyz": say_ready,
    "/metrics": show_metrics,
}
"""The function that answers each of these paths."""
