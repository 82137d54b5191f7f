"""Whether a Docker engine answers. The engine is asked directly, because the SDK waits a minute for one that hangs."""

import os
import socket
from urllib.parse import urlsplit

DEFAULT_ENGINE = "unix:///var/run/docker.sock"
PATIENCE_SECONDS = 2.0


def engine_answers() -> bool:
    """Whether the engine named by DOCKER_HOST (or the local one) answers a ping within two seconds."""
    engine = urlsplit(os.environ.get("DOCKER_HOST") or DEFAULT_ENGINE)
    try:
        with connect(engine.scheme, engine.path, (engine.hostname or "127.0.0.1", engine.port or 2375)) as connection:
            connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in connection.recv(256).split(b"\r\n")[0]
    except OSError:
        return False


def connect(scheme: str, path: str, address: tuple[str, int]) -> socket.socket:
    """A connection with a time-out. Raises OSError, also for a scheme that is not supported."""
    match scheme:
        case "unix":
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(PATIENCE_SECONDS)
            try:
                connection.connect(path)
            except OSError:
                connection.close()
                raise
            return connection
        case "tcp" | "http":
            return socket.create_connection(address, PATIENCE_SECONDS)
        case _:
            raise OSError(f"an engine at {scheme}:// is not supported")
