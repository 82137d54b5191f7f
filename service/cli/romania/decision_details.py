"""What a numbering decision says that the service does not know: given in a file when it is printed, kept nowhere."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, cast

import msgspec
from msgspec import Meta, Struct

from schemas.api.decision import DecidedSeries, DecisionEntity
from schemas.values import NUMBER_MAX
from service.cli.screen.commands import CommandFault

BYTES_MAX: Final = 1_048_576
TEXT_MAX: Final = 255


class SeriesDetails(Struct, frozen=True, forbid_unknown_fields=True):
    """What the decision says of one series, or of all that are not named."""

    responsible: str | None = None
    work_point: str | None = None
    remarks: str | None = None
    range_size: Annotated[int, Meta(ge=1, le=NUMBER_MAX)] | None = None


class DecisionDetails(Struct, frozen=True, forbid_unknown_fields=True):
    """The file; all of it may be left out, and is then a blank in the decision. `series` are by id or name."""

    entity: DecisionEntity = DecisionEntity()
    signed_by: str | None = None
    managed_by: str | None = None
    every_series: SeriesDetails = SeriesDetails()
    series: Mapping[str, SeriesDetails] = {}

    def sizes(self) -> dict[str, int]:
        """The sizes of the series that have one of their own."""
        return {name: each.range_size for name, each in self.series.items() if each.range_size is not None}

    def filled(self, rows: list[DecidedSeries]) -> list[DecidedSeries]:
        """The rows with what is said of their series. Raises CommandFault if a series is not among them."""
        names = {name for row in rows for name in (row.series_id, row.series_name)}
        if unknown := sorted(self.series.keys() - names):
            raise CommandFault(f"the file of details names {unknown[0]}, which is no series of the decision")
        return [self._filled(row) for row in rows]

    def _filled(self, row: DecidedSeries) -> DecidedSeries:
        own = self.series.get(row.series_id) or self.series.get(row.series_name) or SeriesDetails()
        every = self.every_series
        return msgspec.structs.replace(
            row,
            responsible=own.responsible or every.responsible,
            work_point=own.work_point or every.work_point,
            remarks=own.remarks or every.remarks,
        )


def read_details(path: Path | None) -> DecisionDetails:
    """The details in the file, none without a file. Raises CommandFault, which repeats no text of the file."""
    if path is None:
        return DecisionDetails()
    try:
        with path.open("rb") as file:
            text = file.read(BYTES_MAX + 1)
        details = msgspec.json.decode(text, type=DecisionDetails)
    except OSError as error:
        raise CommandFault(f"cannot read {path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise CommandFault(f"{path} is not a file of details: {error}") from error
    for place, said in _texts(msgspec.to_builtins(details), "$"):
        if not said.isprintable() or len(said) > TEXT_MAX:
            raise CommandFault(f"{path}: {place} must be at most {TEXT_MAX} printable characters")
    return details


def _texts(tree: object, place: str) -> Iterator[tuple[str, str]]:
    """Every text in the tree with its place."""
    if isinstance(tree, str):
        yield place, tree
    elif isinstance(tree, dict):
        for name, value in cast("dict[str, object]", tree).items():
            yield from _texts(value, f"{place}.{name}")
