"""The file of the keys that sign the notes of a log, and of those that did before (README.md section 5)."""

import secrets
from base64 import b64encode
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from schemas.values import LogId, UnixSeconds
from service.access.key_file import alone
from service.configuration.secret_files import SecretFileError, read_secret
from service.configuration.settings import Settings
from service.evidence.checkpoints import Checkpoint
from service.evidence.notes import KeyType, Note, VerifierKey, is_name
from service.evidence.signatures import LogSigner, PostQuantumCosigner, Signer
from service.whole_file import replace_file

NAME: Final = "evidence.json"
ROTATION: Final = "numbering-key-rotation/v1"
BREAK: Final = "numbering-evidence-break/v1"
_SEED_BYTES: Final = 32


class EvidenceKeysError(Exception):
    """The file is missing, unreadable, damaged, there already or open to others; the message says what to do."""


class RetiredKey(Struct, frozen=True):
    """Public keys that signed before, in hexadecimal, and by log the note that passed on to the next keys.

    `name` is what their origins began with, if that was another one: the evidence began again after them.
    """

    ed25519: str
    ml_dsa_44: str | None
    rotations: dict[str, str]
    name: str | None = None


class EvidenceKeys(Struct, frozen=True):
    """Secrets in hexadecimal. `name` is what the origins begin with; `retired` are the keys before, latest first."""

    name: str
    ed25519: str
    ml_dsa_44: str | None = None
    retired: tuple[RetiredKey, ...] = ()

    def __repr__(self) -> str:
        return f"EvidenceKeys(name={self.name!r})"

    def origin(self, log_id: LogId) -> str:
        """The origin of a log, and the name of its keys."""
        return f"{self.name}/log/{log_id}"

    def signers(self, log_id: LogId) -> list[Signer]:
        """What signs the notes of a log: Ed25519, and ML-DSA-44 if it is there."""
        origin = self.origin(log_id)
        signers: list[Signer] = [LogSigner(origin, bytes.fromhex(self.ed25519))]
        if self.ml_dsa_44 is not None:
            signers.append(PostQuantumCosigner(origin, bytes.fromhex(self.ml_dsa_44)))
        return signers

    def verifier_keys(self, log_id: LogId) -> list[VerifierKey]:
        """The keys of a log, the present ones first."""
        found = [signer.verifier_key for signer in self.signers(log_id)]
        for key in self.retired:
            origin = replace(self, name=key.name or self.name).origin(log_id)
            found.append(VerifierKey(origin, KeyType.ED25519, bytes.fromhex(key.ed25519)))
            if key.ml_dsa_44 is not None:
                found.append(VerifierKey(origin, KeyType.ML_DSA_44, bytes.fromhex(key.ml_dsa_44)))
        return found

    def rotations(self, log_id: LogId) -> dict[VerifierKey, str]:
        """By each Ed25519 key the note by which the one before it passed on to it, or ended in a break."""
        keys = [key for key in self.verifier_keys(log_id) if key.kind is KeyType.ED25519]
        return {key: old.rotations[str(log_id)] for key, old in zip(keys, self.retired, strict=False)}


def evidence_keys_path(settings: Settings) -> Path:
    """Where the file is."""
    return settings.evidence_keys_file or settings.data_dir / NAME


def create(path: Path, name: str, *, has_ml_dsa: bool = False) -> EvidenceKeys:
    """Make the file. Raises EvidenceKeysError if there is one, or the name is none of a key."""
    if not is_name(name) or name.endswith("/"):
        raise EvidenceKeysError(
            f"{name!r} cannot be the name: it is an address without scheme, like numbers.example.com"
        )
    with alone(path):
        if path.exists():
            raise EvidenceKeysError(f"there are keys in {path} already; `numbering evidence rotate` replaces them")
        keys = EvidenceKeys(name, secrets.token_hex(_SEED_BYTES), _new_seed(has_ml_dsa))
        _write(path, keys)
    return keys


def ensure(path: Path, name: str) -> EvidenceKeys:
    """The keys of the file, made under this name if there is none. Raises EvidenceKeysError."""
    return load(path) if path.exists() else create(path, name)


def rotate(path: Path, logs: list[LogId], at: UnixSeconds, *, has_ml_dsa: bool = False) -> EvidenceKeys:
    """Put new keys in force, for which those before vouch, and forget their secrets. Raises EvidenceKeysError."""
    with alone(path):
        old = load(path)
        new = replace(old, ed25519=secrets.token_hex(_SEED_BYTES), ml_dsa_44=_new_seed(has_ml_dsa))
        rotations = {str(log_id): _rotation(old.signers(log_id), new.signers(log_id), at) for log_id in logs}
        keys = replace(new, retired=(_retired(old, logs[0], rotations), *old.retired))
        _write(path, keys)
    return keys


class Broken(Struct, frozen=True):
    """Why the evidence begins again: the last tree that was signed and is `lost`, and the one that is `kept`."""

    lost: Checkpoint
    kept: Checkpoint
    reason: str


def begin_again(
    path: Path, log_id: LogId, at: UnixSeconds, broken: Broken, *, name: str | None = None, has_ml_dsa: bool = False
) -> EvidenceKeys:
    """Put new keys under a new name in force, with a note of the break that the keys before and they both sign.

    The secrets of the keys before are forgotten. Raises EvidenceKeysError, also for a name that was used before.
    """
    with alone(path):
        old = load(path)
        used = {old.name, *(key.name for key in old.retired if key.name is not None)}
        chosen = name or _next_name(used)
        if not is_name(chosen) or chosen.endswith("/") or chosen in used:
            raise EvidenceKeysError(
                f"{chosen!r} cannot be the name: it must be an address, and another one than before"
            )
        new = replace(old, name=chosen, ed25519=secrets.token_hex(_SEED_BYTES), ml_dsa_44=_new_seed(has_ml_dsa))
        note = _break_note(old.signers(log_id), new.signers(log_id), broken, at)
        before = (_retired(old, log_id, {str(log_id): note}), *old.retired)
        keys = replace(new, retired=tuple(replace(each, name=each.name or old.name) for each in before))
        _write(path, keys)
    return keys


def load(path: Path) -> EvidenceKeys:
    """The keys of an existing file. Raises EvidenceKeysError."""
    try:
        text = read_secret(path)
    except FileNotFoundError as error:
        raise EvidenceKeysError(f"there is no file {path}; `numbering evidence create` makes one") from error
    except OSError as error:
        raise EvidenceKeysError(f"cannot read {path}: {error.strerror}") from error
    except SecretFileError as error:
        raise EvidenceKeysError(f"the file of the evidence keys {error}") from error
    try:
        keys = msgspec.json.decode(text, type=EvidenceKeys)
        keys.verifier_keys(LogId(1))
    except (msgspec.DecodeError, ValueError) as error:
        raise EvidenceKeysError(f"the file of the evidence keys {path} is damaged; put a copy of it back") from error
    return keys


def _rotation(old: list[Signer], new: list[Signer], at: UnixSeconds) -> str:
    """The note by which the old key passes on to the new ones; both Ed25519 keys sign it."""
    passed_on = [old[0].verifier_key, *(signer.verifier_key for signer in new)]
    text = "".join(f"{line}\n" for line in (ROTATION, passed_on[0].name, *passed_on))
    return str(Note(text, (old[0].sign(text, at), new[0].sign(text, at))))


def _break_note(old: list[Signer], new: list[Signer], broken: Broken, at: UnixSeconds) -> str:
    """The note that says what was lost, by both Ed25519 keys."""
    before, after, *others = (old[0].verifier_key, *(signer.verifier_key for signer in new))
    trees = [f"{each.size} {b64encode(each.root).decode()}" for each in (broken.lost, broken.kept)]
    lines = (BREAK, before.name, before, after, *trees, broken.reason, *others)
    text = "".join(f"{line}\n" for line in lines)
    return str(Note(text, (old[0].sign(text, at), new[0].sign(text, at))))


def _next_name(used: set[str]) -> str:
    """The first name that was ever used, and a number: the evidence begins for the second time, the third, ..."""
    first = min(used, key=len)
    return f"{first}/{len(used) + 1}"


def _retired(old: EvidenceKeys, log_id: LogId, notes: dict[str, str]) -> RetiredKey:
    """The public keys of these, and the notes by which they passed on."""
    publics = {key.kind: key.public.hex() for key in (signer.verifier_key for signer in old.signers(log_id))}
    return RetiredKey(publics[KeyType.ED25519], publics.get(KeyType.ML_DSA_44), notes)


def _new_seed(is_wanted: bool) -> str | None:
    return secrets.token_hex(_SEED_BYTES) if is_wanted else None


def _write(path: Path, keys: EvidenceKeys) -> None:
    try:
        replace_file(path, msgspec.json.format(msgspec.json.encode(keys)) + b"\n")
    except OSError as error:
        raise EvidenceKeysError(f"cannot write {path}: {error.strerror}") from error
