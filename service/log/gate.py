"""Whether this process may issue numbers: not before the log was compared with what is known of it elsewhere."""

from typing import Final

from service.log.event_log import LogHaltedError

NOT_YET: Final = "the log has not been compared yet with the marks of where it ended"


class LogNotComparedError(LogHaltedError):
    """This process does not write yet, because the log may have lost its tail; nothing was written."""


class Gate:
    """Closed at first. The writer of a process asks it; `service.comparing` opens it, and closes it where it must."""

    def __init__(self, because: str | None = NOT_YET) -> None:
        """`because` says why it is closed; none for an open one."""
        self.because = because

    def open(self) -> None:
        """Let the writer write from now on."""
        self.because = None

    def close(self, because: str) -> None:
        """Say why it stays closed."""
        self.because = because

    def refuse_if_closed(self) -> None:
        """Return if the writer may write. Raises LogNotComparedError."""
        if self.because is not None:
            raise LogNotComparedError(self.because)
