"""A cancellation that got lost on its way is found again."""

import asyncio


def heed_cancellation() -> None:
    """Raise CancelledError if this task was told to end and has not heard of it.

    nats-py waits with `asyncio.wait_for`, which in Python 3.11 drops a cancellation that arrives together with the
    answer (python/cpython issue 86296); the task would run for ever, and so would the task that waits for its end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
