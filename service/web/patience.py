"""How long the server waits for a client."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How many seconds a client may take to begin a request, send its head, send its body, and read our reply.

    Of a large reply each piece, of a megabyte or so, has `piece_seconds` of these.
    """

    idle_seconds: float = 75
    head_seconds: float = 20
    body_seconds: float = 20
    reply_seconds: float = 60
    piece_seconds: float = 10
