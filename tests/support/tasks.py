"""Running something beside a test, for the life of a block."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def running_beside(job: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Run the job until the block ends; a job that fails fails the block."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(job)
        yield
        task.cancel()
