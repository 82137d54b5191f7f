"""A Secret as the kubelet mounts it: files that are links into `..data`, which it replaces in one step."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

DATA: Final = "..data"


class SecretVolume:
    """The directory of one volume. Files are 0440 and belong to `owner`, a user and a group, or else to us, 0400.

    It is what `AtomicWriter` of the kubelet makes: each set of files has a directory of its own, `..data` links to the
    present one, and each name links to its file through `..data`.
    """

    def __init__(self, path: Path, files: Mapping[str, bytes], owner: tuple[int, int] | None = None) -> None:
        self.path = path
        self._owner = owner
        self._updates = 0
        path.mkdir(parents=True)
        self.replace(files)
        for name in files:
            (path / name).symlink_to(Path(DATA) / name)

    def replace(self, files: Mapping[str, bytes]) -> None:
        """Put new content under the same names, all at once."""
        present = self.path / DATA
        before = present.resolve() if present.is_symlink() else None
        self._updates += 1
        made = self.path / f"..2026_11_27_{self._updates:02}"
        made.mkdir()
        for name, content in files.items():
            self._write(made / name, content)
        draft = self.path / "..data_tmp"
        draft.symlink_to(made.name)
        draft.rename(present)
        if before is not None:
            for file in before.iterdir():
                file.unlink()
            before.rmdir()

    def _write(self, file: Path, content: bytes) -> None:
        file.write_bytes(content)
        if self._owner is not None:
            os.chown(file, *self._owner)
        file.chmod(0o400 if self._owner is None else 0o440)
