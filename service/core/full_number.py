"""A number as its document shows it (CONTRACT.md D17 to D19)."""

from schemas.values import IsoDate, Number


def padded(number: Number) -> str:
    """The number with leading zeros, five digits or more."""
    return f"{number:05d}"


def full_number(number_format: str, number: Number, date: IsoDate) -> str:
    """The format of the series with the year of the document's date and the padded number filled in."""
    return number_format.replace("{year}", date[:4]).replace("{number}", padded(number))
