"""What a process says at /metrics, as names and values."""

import aiohttp

from tests.support.service.service_process import ServiceProcess


async def metrics_of(process: ServiceProcess) -> str:
    """The text of its /metrics."""
    async with aiohttp.ClientSession() as session, session.get(f"{process.base_url}/metrics") as response:
        assert response.status == 200
        return await response.text()


def families_in(text: str) -> set[str]:
    """The names of the families, as a Prometheus server sees them."""
    return {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}


def samples(text: str) -> dict[str, float]:
    """The value of each series by its name and labels, as the text writes them."""
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}
