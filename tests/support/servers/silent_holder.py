# pyright: reportPrivateUsage=false
"""A process that takes the write lock of a log and freezes: `python -m tests.support.servers.silent_holder URL LINES`.

`LINES` is how many lines of 1,000 bytes it asks for under the lock and does not read.
"""

import asyncio
import os
import signal
import sys

from service.log.appender import HeldPostgresLog
from service.log.postgres_log import PostgresLog

LINES = "SELECT repeat('x', 1000) FROM generate_series(1, {})"


async def hold_and_freeze(database_url: str, lines: int) -> None:
    """Freeze as the lock's holder; what PostgreSQL sends from then on fills the buffers of the system."""
    log = await PostgresLog.open(database_url)
    async with log.hold() as held:
        assert isinstance(held, HeldPostgresLog)
        asking = asyncio.create_task(held._line.connection.execute(LINES.format(lines))) if lines else None
        await asyncio.sleep(0)  # the question is on its way
        print("held", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
        if asking is not None:
            await asking


if __name__ == "__main__":
    asyncio.run(hold_and_freeze(sys.argv[1], int(sys.argv[2])))
