"""The body of a request: JSON, then an object (CONTRACT.md D1, D73, D90)."""

from codecs import BOM_UTF8
from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from service.api.reading.json_text import BadJsonError, Tree, canonical_as_written, canonical_json, read_json
from service.api.refusals.causes import BodyUnreadable
from service.api.refusals.table import Refusal, refusal_of


class GivenBody(Struct, frozen=True):
    """The body that was sent: its fields, or the refusal if they cannot be read. `text` is the body as it came.

    `refusal` is set if the fields can be read, but this carrier does not allow them.
    """

    fields: Mapping[str, Tree] | Refusal
    text: bytes
    refusal: Refusal | None = None

    def canonical(self) -> bytes:
        """The same bytes for bodies with the same fields and values; for an unreadable body, the body itself."""
        if isinstance(self.fields, Refusal):
            return self.text
        return canonical_json(dict(self.fields)) if self.fields else b""

    def canonical_as_written(self) -> bytes:
        """The bytes of `canonical` as they were before D90, when a number kept its written form."""
        if isinstance(self.fields, Refusal):
            return self.text
        return canonical_as_written(dict(self.fields)) if self.fields else b""


NO_BODY = GivenBody({}, b"")


def given_body(text: bytes, content_type: str) -> GivenBody:
    """The fields of this body; an empty body, null and [] have no fields. A byte order mark is passed over (D90)."""
    text = text.removeprefix(BOM_UTF8)
    if not text or text.isspace():
        return NO_BODY
    if content_type and not _is_json(content_type):
        return _unreadable(text, "its Content-Type must be application/json, in UTF-8")
    try:
        tree = read_json(text)
    except BadJsonError as error:
        return _unreadable(text, str(error))
    if tree is None or tree == []:
        return NO_BODY
    if not isinstance(tree, dict):
        return _unreadable(text, "it must be a JSON object")
    return GivenBody(tree, text)


@lru_cache(256)
def _is_json(content_type: str) -> bool:
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [each.partition("=")[2].strip('" ') for each in parameters if each.startswith("charset")]
    return kind == "application/json" and all(each in {"utf-8", "utf8"} for each in charsets)


def _unreadable(text: bytes, why: str) -> GivenBody:
    return GivenBody(refusal_of(BodyUnreadable(why)), text)
