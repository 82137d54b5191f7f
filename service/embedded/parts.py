"""The embedded parts together: PostgreSQL and NATS in one data directory."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from service.embedded.nats import EmbeddedNats
from service.embedded.postgres import EmbeddedPostgres
from service.embedded.server import silent


class EmbeddedParts:
    """PostgreSQL (in `data_dir/postgres`) and NATS (in `data_dir/nats`), or one of them, started and stopped as one."""

    def __init__(
        self,
        data_dir: Path,
        *,
        has_postgres: bool = True,
        has_nats: bool = True,
        postgres_options: Mapping[str, str] | None = None,
        postgres_binaries: Path | None = None,
        nats_binary: Path | None = None,
    ) -> None:
        self.postgres = (
            EmbeddedPostgres(data_dir / "postgres", postgres_options, postgres_binaries) if has_postgres else None
        )
        self.nats = EmbeddedNats(data_dir / "nats", nats_binary) if has_nats else None

    @property
    def postgres_url(self) -> str:
        """The superuser's address of our PostgreSQL. Only if there is one."""
        if self.postgres is None:
            raise ValueError("these parts have no PostgreSQL")
        return self.postgres.url

    @property
    def nats_url(self) -> str:
        """The address of our NATS. Only if there is one."""
        if self.nats is None:
            raise ValueError("these parts have no NATS")
        return self.nats.url

    def start(self, on_progress: Callable[[str], None] = silent) -> None:
        """Return when every part is ready. Raises CannotStartError; then none is left running."""
        try:
            for part in (self.postgres, self.nats):
                if part is not None:
                    part.start(on_progress)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop every part cleanly; what depends on the other first."""
        with ExitStack() as stops:
            for part in (self.postgres, self.nats):
                if part is not None:
                    stops.callback(part.stop)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()
