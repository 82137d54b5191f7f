"""Serves the OpenAPI and AsyncAPI documents for programs and people; they are made once, when the service starts."""

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final, Self

import msgspec
from msgspec import Struct

from schemas.describe.asyncapi import asyncapi_document
from service.api.calling.reply import Reply
from service.api.calling.route import OpenRoute, Route
from service.api.openapi.document import openapi_document
from service.api.openapi.page import docs_page
from service.api.reading.accepted import weights

_VERSION: Final = version("invoice-numbering")
_JSON: Final = "application/json; charset=utf-8"
_HTML: Final = "text/html; charset=utf-8"


class FixedDocument(Struct, frozen=True):
    """A text without the envelope that never changes while the process runs, as it is and packed by gzip.

    `tag` is its entity tag (RFC 9110 section 8.8.3). The packed form has one of its own.
    """

    content_type: str
    plain: bytes
    packed: bytes
    tag: str

    @classmethod
    def of(cls, text: bytes, content_type: str) -> Self:
        """The document with this text."""
        # Without a time in the packed form, all processes of a version give the same bytes.
        return cls(content_type, text, gzip.compress(text, mtime=0), hashlib.sha256(text).hexdigest()[:32])

    def reply(self, asked: Mapping[str, str]) -> tuple[Reply, dict[str, str]]:
        """The reply to a request with these headers, and its own headers; 304 if the client has the document."""
        is_packed = weights(asked.get("Accept-Encoding", "")).get("gzip", 0.0) > 0
        # A cache may keep the document, but asks each time whether it is still the present one.
        headers = {
            "ETag": f'"{self.tag}-gzip"' if is_packed else f'"{self.tag}"',
            "Cache-Control": "no-cache",
            "Vary": "Accept-Encoding",
        }
        if self._is_known(asked.get("If-None-Match", "")):
            return Reply(304, b"", content_type=self.content_type), headers
        if is_packed:
            headers["Content-Encoding"] = "gzip"
        return Reply(200, self.packed if is_packed else self.plain, content_type=self.content_type), headers

    def _is_known(self, tags: str) -> bool:
        known = {each.strip().removeprefix("W/").strip('"').removesuffix("-gzip") for each in tags.split(",")}
        return not known.isdisjoint({self.tag, "*"})


def documents(routes: Sequence[Route], open_routes: Sequence[OpenRoute]) -> Mapping[str, FixedDocument]:
    """The documents that describe the service, by path."""
    described = openapi_document(routes, open_routes)
    return {
        "/openapi.json": FixedDocument.of(msgspec.json.encode(described), _JSON),
        "/asyncapi.json": FixedDocument.of(msgspec.json.encode(asyncapi_document(_VERSION)), _JSON),
        "/docs": FixedDocument.of(docs_page(described).encode(), _HTML),
    }


def welcome() -> FixedDocument:
    """The page at `/` for browsers: it leads on to all others."""
    text = Path(__file__).with_name("welcome.html").read_text("utf-8")
    return FixedDocument.of(text.replace("{version}", _VERSION).encode(), _HTML)


def wants_page(accept: str) -> bool:
    """Whether a client with this Accept header is a browser: it names HTML, and does not want JSON more."""
    wanted = weights(accept)
    return wanted.get("text/html", 0.0) > wanted.get("application/json", 0.0)
