"""A second `numbering serve` on the same log, in which reservations live for seconds instead of thirty days."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from service.configuration.setting_kinds import LogLevel
from service.configuration.settings import Settings, child_environment
from service.demo.caller import DemoFaultError
from service.embedded.data_directory import free_port

TTL_SECONDS: Final = 4
SWEEP_SECONDS: Final = 1
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 15.0
POLL_SECONDS: Final = 0.1


@asynccontextmanager
async def second_process(http: aiohttp.ClientSession, settings: Settings) -> AsyncGenerator[str]:
    """Its address while it runs. Raises DemoFaultError if it does not start."""
    port = free_port()
    environment = child_environment(
        settings,
        host="127.0.0.1",
        port=port,
        metrics_port=0,
        reservation_ttl_seconds=TTL_SECONDS,
        sweep_seconds=SWEEP_SECONDS,
        log_level=LogLevel.ERROR,
    )
    command = [sys.executable, "-m", "service", "serve", "--web-only"]
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=DEVNULL, stderr=PIPE)
    try:
        address = f"http://127.0.0.1:{port}"
        await _until_ready(http, address, process)
        yield address
    finally:
        await _stop(process)


async def _until_ready(http: aiohttp.ClientSession, address: str, process: Process) -> None:
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while not await _is_ready(http, address):
        if process.returncode is not None and process.stderr is not None:
            said = (await process.stderr.read()).decode("utf-8", "replace").strip()
            raise DemoFaultError(f"a second process of the service did not start: {said}")
        if asyncio.get_running_loop().time() > deadline:
            raise DemoFaultError(f"a second process of the service is not ready after {START_SECONDS:.0f} seconds")
        await asyncio.sleep(POLL_SECONDS)


async def _is_ready(http: aiohttp.ClientSession, address: str) -> bool:
    try:
        async with http.get(f"{address}/healthz", timeout=aiohttp.ClientTimeout(total=START_SECONDS)) as response:
            return response.status == 200
    except (aiohttp.ClientError, OSError):
        return False


async def _stop(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
