"""A time stamp authority (RFC 3161): somebody else who signs that it saw these bytes at this time."""

from pathlib import Path
from typing import Final

import aiohttp
from cryptography import x509
from msgspec import Struct
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, VerificationError, VerifierBuilder
from rfc3161_client import decode_timestamp_response as decode_response

ANSWER_BYTES_MAX: Final = 65_536
QUERY_TYPE: Final = "application/timestamp-query"
REPLY_TYPE: Final = "application/timestamp-reply"


class AuthorityError(Exception):
    """The authority did not answer with a time stamp that its roots verify; the message says why."""


class RootsError(Exception):
    """The file of root certificates is wrong; the message says how."""


class Authority(Struct, frozen=True):
    """Where to ask, and the root certificates that its answers must lead to."""

    address: str
    roots: tuple[x509.Certificate, ...]

    async def stamp(self, session: aiohttp.ClientSession, content: bytes) -> bytes:
        """The authority's answer for this content, verified: a TimeStampResp in DER, of at most ANSWER_BYTES_MAX.

        Raises AuthorityError, and the faults of the connection.
        """
        request = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256).build()
        headers = {"Content-Type": QUERY_TYPE, "Accept": REPLY_TYPE}
        async with session.post(
            self.address, data=request.as_bytes(), headers=headers, allow_redirects=False
        ) as response:
            if response.status != 200:
                raise AuthorityError(f"it answers {response.status}")
            said = b""
            async for chunk in response.content.iter_any():
                said += chunk
                if len(said) > ANSWER_BYTES_MAX:
                    raise AuthorityError(f"its answer has more than {ANSWER_BYTES_MAX} bytes")
        self._require_right(said, content, request.nonce)
        return said

    def _require_right(self, said: bytes, content: bytes, nonce: int | None) -> None:
        verifier = VerifierBuilder(roots=list(self.roots), nonce=nonce).build()
        try:
            verifier.verify_message(decode_response(said), content)
        except (ValueError, VerificationError) as error:
            raise AuthorityError(f"its answer is no time stamp of ours: {error}") from error


def read_roots(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates of a file in PEM. Raises RootsError."""
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise RootsError(f"the root certificates in {path} cannot be read: {error}") from error
