"""Whether a text can be printed as the name of a client or as a reason (CONTRACT.md D94)."""

import unicodedata
from typing import Final

_CONTROLS: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, half surrogate pairs, and the separators of lines and paragraphs."""

_DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Controls that turn the direction of the text after them: they make another text of what is printed beside it."""

_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters that Unicode counts as letters or symbols, and that show nothing."""


def is_printed(text: str) -> bool:
    """Whether the text has a character that shows something, and no character that controls how text is shown.

    Marks that many scripts need are allowed, such as the joiners of Persian and the marks of direction in Hebrew.
    """
    if any(each in _DIRECTIONS or unicodedata.category(each) in _CONTROLS for each in text):
        return False
    return any(each.isprintable() and not each.isspace() and each not in _BLANK for each in text)
