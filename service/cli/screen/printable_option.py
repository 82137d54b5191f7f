"""A text that an operator gives: it is shown again, so it must be one line that every terminal can show."""

from typing import Final

import click

REASON_MAX: Final = 255


def printable_option(value: str, option: str, least: int = 1, most: int = REASON_MAX) -> str:
    """The text without outer blanks, of `least` to `most` printable characters. Raises click.BadParameter."""
    text = value.strip()
    if not least <= len(text) <= most or not text.isprintable():
        raise click.BadParameter(f"it must be {least} to {most} printable characters", param_hint=option)
    return text
