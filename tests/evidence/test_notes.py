"""Notes, keys and co-signatures, against other authors' notes and a check made from the texts of C2SP alone."""

import metamorphic_log  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import UnixSeconds
from service.evidence.checkpoints import Checkpoint, parse_checkpoint
from service.evidence.notes import Note, NoteError, VerifierKey, parse_note, parse_verifier_key
from service.evidence.signatures import Cosigner, LogSigner, PostQuantumCosigner, Signer, Verified, is_signed, time_of
from tests.support.evidence.reference import verified_by

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqd"
    "ngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example of golang.org/x/mod/sumdb/note."""

AT = UnixSeconds(1_800_000_000)
ORIGIN = "numbers.example.com/log/1"
CHECKPOINT = Checkpoint(ORIGIN, 20_852_163, bytes(range(32)))
SIGNERS: list[Signer] = [
    LogSigner(ORIGIN, bytes([1]) * 32),
    Cosigner("witness.example/w1", bytes([2]) * 32),
    PostQuantumCosigner("witness.example/w2", bytes([3]) * 32),
    PostQuantumCosigner(ORIGIN, bytes([4]) * 32),
]
KINDS = ["log", "witness", "post-quantum-witness", "post-quantum-log"]


def a_note(*signers: Signer, text: str = CHECKPOINT.text) -> Note:
    return Note(text, tuple(signer.sign(text, AT) for signer in signers))


def test_another_authors_note_verifies() -> None:
    key = parse_verifier_key(GO_KEY)
    assert str(key) == GO_KEY
    note = parse_note(GO_NOTE.encode())
    assert str(note) == GO_NOTE
    assert list(Verified.of(note, [key]).by) == [key]


def test_the_examples_of_c2sp_are_read() -> None:
    example = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "\N{EM DASH} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4UR"
        "YN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "\N{EM DASH} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZC"
        "B9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    note = parse_note(example.encode())
    assert str(note) == example
    checkpoint = parse_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text == note.text
    assert time_of(note.signatures[1]) == 1679315147


@pytest.mark.parametrize("signer", SIGNERS, ids=KINDS)
def test_what_we_sign_verifies_by_the_text_of_c2sp_alone(signer: Signer) -> None:
    vkey = str(signer.verifier_key)
    written = a_note(signer).encode()
    assert verified_by(written, [vkey]) == [vkey]
    assert list(Verified.of(parse_note(written), [parse_verifier_key(vkey)]).by) == [signer.verifier_key]


def test_another_authors_library_takes_our_checkpoint() -> None:
    log = SIGNERS[0]
    note = str(a_note(*SIGNERS))
    head = metamorphic_log.checkpoint_verify(note, [str(log.verifier_key)])
    assert (head.origin, head.size, head.root) == (ORIGIN, CHECKPOINT.size, CHECKPOINT.root)
    assert metamorphic_log.verify_signed_note(GO_NOTE, [GO_KEY]) == 1


@pytest.mark.parametrize("signer", SIGNERS, ids=KINDS)
@pytest.mark.parametrize("changed", ["origin", "size", "root", "time", "signature"])
def test_a_changed_note_is_not_signed(signer: Signer, changed: str) -> None:
    signature = signer.sign(CHECKPOINT.text, AT)
    text, raw = CHECKPOINT.text, signature.signature
    match changed:
        case "origin":
            text = text.replace("log/1", "log/2")
        case "size":
            text = text.replace("20852163", "20852164")
        case "root":
            text = Checkpoint(ORIGIN, CHECKPOINT.size, bytes(32)).text
        case "time":
            raw = bytes([raw[0] ^ 1]) + raw[1:]
        case _:
            raw = raw[:-1] + bytes([raw[-1] ^ 1])
    forged = type(signature)(signature.name, signature.key_id, raw)
    assert not is_signed(text, forged, signer.verifier_key)
    with pytest.raises(NoteError, match="is wrong"):
        Verified.of(Note(text, (forged,)), [signer.verifier_key])


def test_a_witness_signs_checkpoints_only() -> None:
    for signer in SIGNERS[1:]:
        with pytest.raises(NoteError):
            signer.sign("a text\n", AT)


def test_a_signature_of_an_unknown_key_is_passed_over() -> None:
    log, witness, *_ = SIGNERS
    note = a_note(witness, log)
    assert list(Verified.of(note, [log.verifier_key]).by) == [log.verifier_key]
    namesake = VerifierKey(log.verifier_key.name, log.verifier_key.kind, bytes(32))
    with pytest.raises(NoteError, match="no known key"):
        Verified.of(note, [namesake])


def test_the_same_secret_has_another_id_as_log_and_as_witness() -> None:
    log, witness = LogSigner("a.example", bytes(32)).verifier_key, Cosigner("a.example", bytes(32)).verifier_key
    assert log.public == witness.public
    assert log.id != witness.id
    assert log.fingerprint == witness.fingerprint


@pytest.mark.parametrize(
    "written",
    [b"", b"a\n", b"a\n\n", b"a\n\n\xe2\x80\x94 k AAAAAAA=", b"a\n\n- k AAAAAAA=\n", b"a\n\n\xe2\x80\x94 k AAAAAA==\n",
     b"a\n\n\xe2\x80\x94 k  AAAAAAA=\n", b"a\n\n\xe2\x80\x94 k+ AAAAAAA=\n", b"a\r\n\n\xe2\x80\x94 k AAAAAAA=\n",
     b"\xff\n\n\xe2\x80\x94 k AAAAAAA=\n", b"a\n\n\xe2\x80\x94 k AAAAAAA=\nx", b"a\n\n\xe2\x80\x94 k AAAA AAA=\n",
     b"a\n\n\xe2\x80\x94 k AAAAAAB=\n", b"a\n\n" + b"\xe2\x80\x94 k AAAAAAA=\n" * 65],
)  # fmt: skip
def test_what_is_no_note_is_refused(written: bytes) -> None:
    with pytest.raises(NoteError):
        parse_note(written)


@pytest.mark.parametrize(
    "text",
    ["", "a\n", "a\n1\n", "a\n1\nAAAA\n", f"a\n01\n{'A' * 43}=\n", f"a\n-1\n{'A' * 43}=\n", f"a\n1\n{'A' * 43}=",
     f"\n1\n{'A' * 43}=\n", f"a\n1\n{'A' * 43}=\n\n", f"a\n1\n{'A' * 42}B=\n", f"a\n{2**63}\n{'A' * 43}=\n",
     f"a\n\u0661\n{'A' * 43}=\n"],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a+b", "a+00000000+AA==", GO_KEY.replace("c7", "c8"), GO_KEY.replace("Peter", "P ter"),
     GO_KEY.replace("+AR", "+/R"), GO_KEY[:-4], GO_KEY + "\n"],
)  # fmt: skip
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_verifier_key(text)


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(written: bytes) -> None:
    try:
        assert parse_note(written).encode() == written
    except NoteError:
        return
