"""A bundle written anew with one member changed or added, and the digests of its manifest made right again."""

import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path


def with_member(bundle: Path, target: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """Write `target`: the bundle with `change` applied to the member of this name, which is empty if it is new."""
    with zipfile.ZipFile(bundle) as file:
        members = {each.filename: file.read(each) for each in file.infolist()}
    manifest = json.loads(members.pop("manifest.json"))
    members[name] = change(members.get(name, b""))
    manifest["files"] = {each: sha256(content).hexdigest() for each, content in members.items()}
    members["manifest.json"] = json.dumps(manifest, separators=(",", ":")).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for each, content in members.items():
            file.writestr(zipfile.ZipInfo(each), content)
    return target
