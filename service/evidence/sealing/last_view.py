"""The last note that this machine signed, in a file: a database that was restored cannot take it back."""

from pathlib import Path
from typing import Final

from schemas.values import LogId
from service.whole_file import replace_file

NAME: Final = "evidence-{log}.note"


class LastView:
    """The note in a data directory. One sealer of a machine writes it at a time; the next one replaces it whole."""

    def __init__(self, directory: Path, log_id: LogId) -> None:
        self.path = directory / NAME.format(log=log_id)

    def read(self) -> bytes | None:
        """The note; none if there is none. Raises OSError."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def keep(self, note: bytes) -> None:
        """Keep this note, durably. Raises OSError."""
        self.path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        replace_file(self.path, note)
