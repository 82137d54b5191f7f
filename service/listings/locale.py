"""Numbers, dates and times as people of a language write them."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from projections.replay.local_time import local_time
from schemas.values import UnixSeconds
from service.listings.words import Language


def number_text(language: Language, number: int) -> str:
    """A whole number, its thousands apart: 1,234 in English, 1.234 in Romanian."""
    text = f"{number:,}"
    return text.replace(",", ".") if language is Language.ROMANIAN else text


def amount_text(language: Language, amount: Decimal) -> str:
    """An amount with two decimals or as many as it has: 1,234.50 in English, 1.234,50 in Romanian."""
    exponent = amount.as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    text = f"{amount:,.{places}f}"
    return text.translate(str.maketrans(",.", ".,")) if language is Language.ROMANIAN else text


def day(text: str) -> date | None:
    """The date that this text is in ISO 8601; none if it is none, as a forged event may say."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def date_text(language: Language, text: str) -> str:
    """A date: 2026-11-21 in English, 21.11.2026 in Romanian."""
    found = day(text)
    return text if found is None or language is Language.ENGLISH else f"{found.day:02}.{found.month:02}.{found.year:04}"


def moment(at: UnixSeconds, zone: str) -> datetime | None:
    """The time on the clocks of the zone; none outside the years 1 to 9999."""
    try:
        return datetime.fromtimestamp(at, _zone(zone))
    except (ValueError, OverflowError, OSError):
        return None


def time_text(language: Language, at: UnixSeconds, zone: str) -> str:
    """A time without its distance from UTC: 2026-11-21 14:03:05 in English, 21.11.2026 14:03:05 in Romanian."""
    found = moment(at, zone)
    if found is None:
        return local_time(at, _zone(zone))
    return f"{date_text(language, found.date().isoformat())} {found:%H:%M:%S}"


def full_time_text(language: Language, at: UnixSeconds | None, zone: str) -> str:
    """A time with its distance from UTC, such as 21.11.2026 14:03:05 +02:00; a dash for none."""
    found = None if at is None else moment(at, zone)
    if at is None or found is None:
        return "-"
    offset = found.isoformat()[19:].lstrip(".0123456789")
    return f"{time_text(language, at, zone)} {offset}"


@lru_cache(64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
