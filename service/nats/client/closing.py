"""Closing and draining what may be gone already: it ends, and ends nothing else."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from service.nats.client.cancellation import heed_cancellation

_say = structlog.get_logger(__name__)


async def closed(work: Coroutine[Any, Any, object], seconds_max: float, what: str) -> None:
    """Wait until `work` has closed or drained `what`, for `seconds_max` at most; only a cancellation is raised.

    The other end may have gone a moment ago, and then every layer raises something of its own: nats-py, asyncio, uvloop
    (a RuntimeError), TLS. None of it is news, and it must not take the place of what is being raised already.
    """
    try:
        async with asyncio.timeout(seconds_max):
            await work
    except Exception as error:  # noqa: BLE001 - see above
        _say.info("closed without a farewell", what=what, fault=repr(error))
    heed_cancellation()
