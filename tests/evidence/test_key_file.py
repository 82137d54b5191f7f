"""The keys of the evidence: made once, rotated with the old key's word, and read with care."""

import itertools
from pathlib import Path

import pytest

from schemas.values import LogId, UnixSeconds
from service.evidence.key_file import EvidenceKeysError, create, ensure, load, rotate
from service.evidence.notes import KeyType
from tests.support.evidence.reference import verified_by

LOG = LogId(1)
AT = UnixSeconds(1_800_000_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "evidence.json"


@pytest.mark.parametrize("has_ml_dsa", [False, True], ids=["ed25519", "with-ml-dsa"])
def test_each_key_is_vouched_for_by_the_one_before(path: Path, *, has_ml_dsa: bool) -> None:
    present = create(path, "numbers.example.com", has_ml_dsa=has_ml_dsa)
    chain = [str(present.verifier_keys(LOG)[0])]
    for _ in range(3):
        present = rotate(path, [LOG], AT, has_ml_dsa=has_ml_dsa)
        chain.append(str(present.verifier_keys(LOG)[0]))
    assert load(path) == present
    classical = [str(key) for key in present.verifier_keys(LOG) if key.kind is KeyType.ED25519]
    assert classical == chain[::-1]

    rotations = {str(key): note for key, note in present.rotations(LOG).items()}
    for old, new in itertools.pairwise(chain):
        note = rotations[new]
        assert verified_by(note.encode(), [old, new]) == [old, new]
        title, origin, before, after, *post_quantum = note.partition("\n\n")[0].split("\n")
        assert (title, origin) == ("numbering-key-rotation/v1", "numbers.example.com/log/1")
        assert (before, after) == (old, new)
        assert len(post_quantum) == has_ml_dsa
    assert chain[0] not in rotations


def test_a_rotation_forgets_the_secret_before(path: Path) -> None:
    before = create(path, "numbers.example.com", has_ml_dsa=True)
    rotate(path, [LOG], AT)
    text = path.read_text("utf-8")
    assert before.ed25519 not in text
    assert before.ml_dsa_44 is not None
    assert before.ml_dsa_44 not in text
    assert "ed25519" not in repr(before)


def test_the_file_is_made_once(path: Path) -> None:
    made = ensure(path, "numbers.example.com")
    assert ensure(path, "other.example.com") == made
    with pytest.raises(EvidenceKeysError, match="already"):
        create(path, "numbers.example.com")


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a/", "a\nb"])
def test_a_name_that_no_key_can_have_is_refused(path: Path, name: str) -> None:
    with pytest.raises(EvidenceKeysError, match="cannot be the name"):
        create(path, name)
    assert not path.exists()


@pytest.mark.parametrize("text", ["", "{}", '{"name": "a", "ed25519": "01"}', '{"name": "a", "ed25519": "zz"}'])
def test_a_damaged_file_is_told_from_one_that_is_missing(path: Path, text: str) -> None:
    with pytest.raises(EvidenceKeysError, match="evidence create"):
        load(path)
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(EvidenceKeysError, match="damaged"):
        load(path)


def test_a_file_that_others_can_read_is_refused(path: Path) -> None:
    create(path, "numbers.example.com")
    path.chmod(0o644)
    with pytest.raises(EvidenceKeysError, match="chmod 600"):
        load(path)
