"""The witnesses that a machine knows, in the file of an operator."""

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


def witness_keys(path: Path | None) -> list[VerifierKey]:
    """The keys of all witnesses of a file, of no file none. Raises WitnessesError."""
    return [] if path is None else [key for witness in read_witnesses(path) for key in witness.keys]


def _witness_line(line: str) -> tuple[VerifierKey, str]:
    """Key and address of a witness. Raises NoteError."""
    written, _, address = line.partition(" ")
    if not address.startswith(("http://", "https://")) or " " in address:
        raise NoteError(f"{line[:80]!r} has no address after its key")
    key = parse_verifier_key(written)
    if key.kind is KeyType.ED25519:
        raise NoteError(f"the key of {key.name} is one of a log, not of a witness")
    return key, address.rstrip("/")
