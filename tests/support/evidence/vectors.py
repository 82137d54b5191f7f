"""The test vectors of `service/evidence/README.md`: `python -m tests.support.evidence.vectors` writes the file anew.

They are made by our code and read by a test that uses none of it.
"""

from base64 import b64encode
from pathlib import Path
from typing import Any

import msgspec

from schemas.record import encode_record
from schemas.values import UnixSeconds
from service.evidence.checkpoints import Checkpoint
from service.evidence.merkle import consistency_ranges, entry_of, inclusion_ranges, leaf_hash, leaf_hashes, root_of
from service.evidence.notes import Note
from service.evidence.signatures import Cosigner, LogSigner, PostQuantumCosigner, Signer
from service.evidence.tiles import Tile, entry_bundle, roots_of, tile_path
from tests.support.domain.golden import every_event

FILE = Path(__file__).parents[2] / "evidence" / "vectors.json"
ORIGIN = "numbers.example.com/log/1"
AT = UnixSeconds(1_800_000_000)


def vectors() -> dict[str, Any]:
    """What the file holds."""
    written = [encode_record(record) for record in every_event()]
    entries = [entry_of(canonical) for canonical in written]
    leaves = b"".join(map(leaf_hash, entries))
    size = len(written)
    tiles = {Tile(0, 0): leaves}
    note = _note(size, root_of(leaf_hashes(b"".join(entries))))
    return {
        "about": "Test vectors of service/evidence/README.md, sections 1 to 6: bytes in hexadecimal, proofs in base64.",
        "records": [canonical.decode() for canonical in written],
        "entries": [entry.hex() for entry in entries],
        "leaf_hashes": [leaf_hash(entry).hex() for entry in entries],
        "roots": [root_of(leaf_hashes(b"".join(entries[:count]))).hex() for count in range(size + 1)],
        "inclusion": [
            {"index": index, "size": size, "proof": _base64(roots_of(inclusion_ranges(index, size), tiles))}
            for index in range(size)
        ],
        "consistency": [
            {"old": old, "new": size, "proof": _base64(roots_of(consistency_ranges(old, size), tiles))}
            for old in range(1, size + 1)
        ],
        "paths": [
            {"level": tile.level, "index": tile.index, "width": width, "path": tile_path(tile, width)}
            for tile, width in ((Tile(0, 0), size), (Tile(0, 1_234_067), 256), (Tile(1, 999), 1), (Tile(2, 1000), 256))
        ],
        "bundle": entry_bundle(b"".join(entries)).hex(),
        **note,
    }


def _note(size: int, root: bytes) -> dict[str, Any]:
    log, witness = LogSigner(ORIGIN, bytes([1]) * 32), Cosigner("witness.example/w1", bytes([2]) * 32)
    others = [PostQuantumCosigner("witness.example/w2", bytes([3]) * 32), PostQuantumCosigner(ORIGIN, bytes([4]) * 32)]
    text = Checkpoint(ORIGIN, size, root).text
    signers: list[Signer] = [log, witness, *others]
    return {
        "seeds": [f"{each:02x}" * 32 for each in (1, 2, 3, 4)],
        "verifier_keys": [str(signer.verifier_key) for signer in signers],
        "fingerprints": [signer.verifier_key.fingerprint for signer in signers],
        "note": str(Note(text, tuple(signer.sign(text, AT) for signer in signers))),
    }


def _base64(hashes: list[bytes]) -> list[str]:
    return [b64encode(each).decode() for each in hashes]


if __name__ == "__main__":
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(vectors()), indent=1) + b"\n")
