#!/usr/bin/env python3
"""Downloads pip with nothing but the standard library: Debian's python3 comes without pip, venv's pip and ensurepip.

    fetch_pip.py DIRECTORY

Asks the index named by PIP_INDEX_URL, else PyPI. Prints the path of the wheel, whose digest is the one below.
"""

import hashlib
import html
import os
import re
import sys
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import urlopen

WHEEL = "pip-26.3-py3-none-any.whl"
SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
PYPI = "https://pypi.org/simple"
PATIENCE_SECONDS = 30


def main(directory: Path) -> None:
    """Print the path of the wheel in `directory`, fetching it if it is not there; or stop with the reason."""
    target = directory / WHEEL
    if not target.exists():
        draft = target.with_suffix(".part")
        draft.write_bytes(fetch())
        draft.replace(target)
    sys.stdout.write(str(target))


def fetch() -> bytes:
    """The wheel, checked."""
    index = os.environ.get("PIP_INDEX_URL", PYPI).rstrip("/") + "/pip/"
    page, page_url = read(index)
    link = re.search(rb'href="([^"]*/' + re.escape(WHEEL).encode() + rb'[^"]*)"', page)
    if link is None:
        sys.exit(f"{index} does not offer {WHEEL}")
    wheel, _ = read(urljoin(page_url, html.unescape(link[1].decode()).partition("#")[0]))
    if hashlib.sha256(wheel).hexdigest() != SHA256:
        sys.exit(f"{WHEEL} from {index} is not the file that was published (its SHA-256 differs)")
    return wheel


def read(url: str) -> tuple[bytes, str]:
    """The body behind `url` and the address it finally came from."""
    if not url.startswith(("https://", "http://")):
        sys.exit(f"cannot fetch {url}: not an http address")
    try:
        with urlopen(url, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - the scheme was checked, the file will be
            return answer.read(), answer.url
    except OSError as error:
        sys.exit(f"cannot fetch {url}: {error}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
