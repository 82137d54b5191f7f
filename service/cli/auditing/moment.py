"""The moment that an operator means by `--as-of`: a position of the log, a time, or the end of a day."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import click

from projections.reports.as_of import AsOf, AtPosition, AtTime
from schemas.values import Position, UnixSeconds
from service.cli.starting.present import present_settings

RIGHT = "a position, a day such as 2026-11-21, or a time such as 2026-11-21T08:00:00 or 2026-11-21T08:00:00+02:00"


def read_as_of(_ctx: click.Context, _param: click.Parameter, text: str | None) -> AsOf | None:
    """The moment; a day means its last second, and what names no offset is the time of NUMBERING_TIME_ZONE.

    Raises BadParameter, also for a time that the clocks of that zone show twice or never, and SettingsError.
    """
    if text is None or text.isdecimal():
        return None if text is None else AtPosition(Position(int(text)))
    return time_of(text)


def time_of(text: str) -> AtTime:
    """The moment of a day or time. Raises as `read_as_of`."""
    try:
        day = _day(text)
        meant = datetime.fromisoformat(text) if day is None else datetime.combine(day + timedelta(days=1), time.min)
        if meant.tzinfo is None:
            zone = present_settings().zone
            meant = _on_clocks_of(zone, meant) if day is None else meant.replace(tzinfo=zone)
        seconds = int(meant.timestamp())
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{text} is not {RIGHT}") from error
    return AtTime(UnixSeconds(seconds if day is None else seconds - 1))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _on_clocks_of(zone: ZoneInfo, shown: datetime) -> datetime:
    """The instant at which clocks of the zone show this. Raises BadParameter if there are two, or none."""
    first, second = shown.replace(tzinfo=zone), shown.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before == after:
        return first
    if before is not None and after is not None and before > after:
        raise click.BadParameter(f"clocks in {zone} show {shown} twice; write {first} or {second}")
    raise click.BadParameter(f"clocks in {zone} never show {shown}: they are set forward over it")


as_of_option = click.option(
    "--as-of",
    metavar="POSITION|DAY|TIME",
    callback=read_as_of,
    help="What was true then, such as 2026-11-21T08:00:00, or at the end of 2026-11-21, by NUMBERING_TIME_ZONE.",
)
"""The option that names the moment of a report."""
