"""A number as its document shows it (CONTRACT.md D17 to D19)."""

from schemas.values import IsoDate, Number


def padded(number: Number) -> str:
    """The number with five digits or more, filled with zeros on the left."""
    return f"{number:05d}"


def full_number(number_format: str, number: Number, date: IsoDate) -> str:
    """The format of the series, filled in with the padded number and the year of the document's date."""
    return number_format.replace("{year}", date[:4]).replace("{number}", padded(number))
