"""A program that starts both servers, prints their process ids, and waits to be killed."""

import json
import signal
import sys
from pathlib import Path

from service.embedded import EmbeddedParts
from tests.support.servers.parts import FAST


def main(data_dir: str, binaries: str | None = None) -> None:
    """Run until killed."""
    found = Path(binaries) if binaries else None
    with EmbeddedParts(Path(data_dir), postgres_options=FAST, postgres_binaries=found) as parts:
        assert parts.postgres is not None
        assert parts.nats is not None
        sys.stdout.write(json.dumps({"postgres": parts.postgres.pid, "nats": parts.nats.pid}) + "\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
