"""Opens series, describes them, and makes one the primary of its document type (CONTRACT.md section 6.1)."""

from schemas.commands import Caller, DescribeSeries, MakePrimary, OpenSeries
from schemas.events import SeriesDescribed, SeriesMadePrimary, SeriesOpened
from schemas.number_formats import default_format
from schemas.rejections import FormatTaken, Rejection, SeriesInUse, SeriesNameTaken, SeriesUnknown
from service.core.decision import Append, Decision, Done
from service.core.state.state import Series, State, name_key


def open_series(state: State, command: OpenSeries, caller: Caller) -> Decision:
    """A new counter. The first one of its type is always primary; a new primary demotes the old one (D32)."""
    key = name_key(caller.firm_id, caller.mode, command.document_type, command.name)
    taken = state.names.get(key)
    if taken == command.series_id:
        return Done()
    if taken is not None:
        return SeriesNameTaken(command.name, command.document_type, taken)
    number_format = command.format or default_format(command.name)
    refusal = _format_refusal(state, command, number_format, caller)
    if refusal is not None:
        return refusal
    primary = state.primaries.get((caller.firm_id, caller.mode, command.document_type))
    is_primary = command.is_primary or primary is None
    opened = SeriesOpened(
        name=command.name,
        document_type=command.document_type,
        description=command.description,
        format=number_format,
        start_number=command.start_number,
        year=command.year,
        is_primary=is_primary,
        replaces=primary if is_primary else None,
    )
    return Append([(command.series_id, opened)])


def _format_refusal(state: State, command: OpenSeries, number_format: str, caller: Caller) -> Rejection | None:
    """Why no series can be opened with this format: two documents could show one text (D87). None if it can."""
    meeting = state.formats.that_meet((caller.firm_id, caller.mode, command.document_type), number_format)
    met = min((state.series[series_id] for series_id in meeting), key=_opened, default=None)
    return None if met is None else FormatTaken(met.document_type, met.series_id, met.name)


def _opened(series: Series) -> tuple[int, str]:
    """The series that was opened first is named; of several at one second, the same one every time."""
    return series.opened_at, series.series_id


def describe(state: State, command: DescribeSeries, caller: Caller) -> Decision:
    """Another description; refused once a document has a number of the series. Pending numbers do not count (D34).

    The description that it has may be named at any time (D94).
    """
    series = state.of(caller, command.series_id)
    if series is None:
        return SeriesUnknown(command.series_id)
    if series.description == command.description:
        return Done()
    if series.is_used:
        return SeriesInUse(command.series_id)
    return Append([(series.series_id, SeriesDescribed(command.description))])


def make_primary(state: State, command: MakePrimary, caller: Caller) -> Decision:
    """Make the series the default of its document type; the one before is demoted."""
    series = state.of(caller, command.series_id)
    if series is None:
        return SeriesUnknown(command.series_id)
    if series.is_primary:
        return Done()
    replaces = state.primaries.get((caller.firm_id, caller.mode, series.document_type))
    return Append([(series.series_id, SeriesMadePrimary(replaces))])
