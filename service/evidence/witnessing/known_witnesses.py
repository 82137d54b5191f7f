"""The witnesses that the operator named (README.md section 6)."""

from pathlib import Path

from msgspec import Struct

from service.evidence.notes import KeyType, NoteError, VerifierKey, parse_verifier_key


class WitnessesError(Exception):
    """The file of the witnesses is wrong; the message says where."""


class KnownWitness(Struct, frozen=True):
    """A witness: its keys, all under one name, and the address before `/add-checkpoint`."""

    keys: tuple[VerifierKey, ...]
    address: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.keys[0].name


def read_witnesses(path: Path) -> list[KnownWitness]:
    """The witnesses of a file: a verifier key, a blank and an address a line; `#` begins a remark.

    Lines with one address are one witness. Raises WitnessesError.
    """
    found: dict[str, list[VerifierKey]] = {}
    try:
        for line in path.read_text("utf-8").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            key, address = _witness_line(line.strip())
            found.setdefault(address, []).append(key)
    except (OSError, UnicodeDecodeError, NoteError) as error:
        raise WitnessesError(f"the witnesses in {path} cannot be read: {error}") from error
    return [KnownWitness(tuple(keys), address) for address, keys in found.items()]


def _witness_line(line: str) -> tuple[VerifierKey, str]:
    """Key and address of a witness. Raises NoteError."""
    written, _, address = line.partition(" ")
    if not address.startswith(("http://", "https://")) or " " in address:
        raise NoteError(f"{line[:80]!r} has no address after its key")
    key = parse_verifier_key(written)
    if key.kind is KeyType.ED25519:
        raise NoteError(f"the key of {key.name} is one of a log, not of a witness")
    return key, address.rstrip("/")


def witness_keys_of(path: Path | None) -> tuple[str, ...]:
    """The keys of the witnesses of this file, a hint to others; none where it is not set, or cannot be read."""
    try:
        found = [] if path is None else read_witnesses(path)
    except WitnessesError:
        return ()
    return tuple(str(key) for witness in found for key in witness.keys)
