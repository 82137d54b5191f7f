"""An instant as a report for people shows it: the time on the firm's clock, with its distance from UTC."""

from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.values import UnixSeconds


def local_time(at: UnixSeconds | None, zone: ZoneInfo) -> str:
    """`YYYY-MM-DD HH:MM:SS+HH:MM`, ISO 8601 with a blank for the T; where the zone is UTC it ends in `Z`; `-` for None.

    What lies outside the years 1 to 9999, as a forged event may, is shown as seconds since 1970.
    """
    if at is None:
        return "-"
    try:
        time = datetime.fromtimestamp(at, zone)
    except (ValueError, OverflowError, OSError):
        return f"{at} s after 1970"
    text = time.isoformat(sep=" ")
    return text.removesuffix("+00:00") + "Z" if time.tzname() == "UTC" else text
