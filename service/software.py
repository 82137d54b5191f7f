"""The name and version of this program, as evidence and listings show them."""

from importlib.metadata import version
from typing import Final

SOFTWARE: Final = f"invoice-numbering {version('invoice-numbering')}"
