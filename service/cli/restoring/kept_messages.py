"""The file that keeps the messages of a stream which is about to be deleted."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from service.nats.relay.stream import StreamMessage
from service.whole_file import create_file

MESSAGES_KEPT: Final = "stream-before-loss-{time}.jsonl"


def keep_messages(directory: Path, lost: Sequence[StreamMessage]) -> Path:
    """Write the messages to a new file that only its owner can read; it outlives a power cut. Raises OSError."""
    file = directory / MESSAGES_KEPT.format(time=time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    create_file(file, (msgspec.json.encode(_line(each)) + b"\n" for each in lost))
    return file


def _line(message: StreamMessage) -> dict[str, object]:
    """The message as JSON: the body as text, or in base64 where it is none."""
    place: dict[str, object] = {"sequence": message.sequence, "subject": message.subject}
    try:
        return place | {"body": message.body.decode()}
    except UnicodeDecodeError:
        return place | {"body_base64": message.body}
