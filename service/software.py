"""The name and version of this program, as evidence and listings show them."""

from importlib.metadata import version
from typing import Final

VERSION: Final = version("invoice-numbering")
SOFTWARE: Final = f"invoice-numbering {VERSION}"
