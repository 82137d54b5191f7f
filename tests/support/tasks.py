"""Runs a job beside a test, until a block ends."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def running_beside(job: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Run the job until the block ends; if the job fails, the block fails."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(job)
        yield
        task.cancel()
