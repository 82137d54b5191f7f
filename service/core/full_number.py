"""A number as its document shows it (CONTRACT.md D17 to D19)."""

from schemas.number_formats import padded
from schemas.values import IsoDate, Number


def full_number(number_format: str, number: Number, date: IsoDate) -> str:
    """The format of the series, filled in with the padded number and the year of the document's date."""
    return number_format.replace("{year}", date[:4]).replace("{number}", padded(number))
