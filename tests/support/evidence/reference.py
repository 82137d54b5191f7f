"""Evidence as another author would check it, from the texts of RFC 6962 and C2SP alone: slow and recursive.

It shares nothing with `service.evidence` but the standard library and `cryptography`.
"""

import base64
import hashlib
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey


def tree_hash(entries: list[bytes]) -> bytes:
    """MTH(D[n]) of RFC 6962, 2.1."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = _split(len(entries))
    return hashlib.sha256(b"\x01" + tree_hash(entries[:k]) + tree_hash(entries[k:])).digest()


def audit_path(m: int, entries: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962, 2.1.1."""
    if len(entries) == 1:
        return []
    k = _split(len(entries))
    if m < k:
        return [*audit_path(m, entries[:k]), tree_hash(entries[k:])]
    return [*audit_path(m - k, entries[k:]), tree_hash(entries[:k])]


def consistency_proof(m: int, entries: list[bytes]) -> list[bytes]:
    """PROOF(m, D[n]) of RFC 6962, 2.1.2."""
    return _subproof(m, entries, is_whole=True)


def verified_by(note: bytes, vkeys: list[str]) -> list[str]:
    """Those of the verifier keys whose signatures on the note are right; AssertionError if a known one is wrong."""
    text, _, signatures = note.decode("utf-8").rpartition("\n\n")
    text += "\n"
    assert signatures.endswith("\n")
    found: list[str] = []
    for line in signatures.removesuffix("\n").split("\n"):
        dash, name, encoded = line.split(" ")
        assert dash == "\N{EM DASH}"
        raw = base64.b64decode(encoded, validate=True)
        for vkey in vkeys:
            key_name, key_id, material = vkey.split("+", 2)
            key = base64.b64decode(material, validate=True)
            assert hashlib.sha256(key_name.encode() + b"\n" + key).digest()[:4].hex() == key_id
            if (name, raw[:4].hex()) == (key_name, key_id):
                assert is_right(text, name, key, raw[4:]), f"{name} signed something else"
                found.append(vkey)
    return found


def is_right(text: str, name: str, key: bytes, signature: bytes) -> bool:
    """Whether the signature, without its key id, is this key's; `key` begins with its type."""
    try:
        if key[0] == 0x01:
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature, text.encode())
        elif key[0] == 0x04:
            (time,) = struct.unpack(">Q", signature[:8])
            message = f"cosignature/v1\ntime {time}\n{text}".encode()
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[8:], message)
        else:
            assert key[0] == 0x06
            origin, size, root = text.splitlines()[:3]
            message = b"subtree/v1\n\0" + struct.pack("B", len(name.encode())) + name.encode() + signature[:8]
            message += struct.pack("B", len(origin.encode())) + origin.encode()
            message += struct.pack(">QQ", 0, int(size)) + base64.b64decode(root)
            MLDSA44PublicKey.from_public_bytes(key[1:]).verify(signature[8:], message)
    except InvalidSignature:
        return False
    return True


def _subproof(m: int, entries: list[bytes], *, is_whole: bool) -> list[bytes]:
    n = len(entries)
    if m == n:
        return [] if is_whole else [tree_hash(entries)]
    k = _split(n)
    if m <= k:
        return [*_subproof(m, entries[:k], is_whole=is_whole), tree_hash(entries[k:])]
    return [*_subproof(m - k, entries[k:], is_whole=False), tree_hash(entries[:k])]


def _split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k
