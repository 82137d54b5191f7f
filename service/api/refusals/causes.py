"""Reasons to refuse a request that are not rejections of the log: most are found before any command is made."""

from typing import Literal

from msgspec import Struct


class CredentialMissing(Struct, frozen=True):
    """The request has no Authorization header with a bearer credential."""


class CredentialInvalid(Struct, frozen=True):
    """The credential is unknown, revoked or expired."""


class CredentialExpired(Struct, frozen=True):
    """The API key has expired."""


class PathUnknown(Struct, frozen=True):
    """No route has this path."""


class MethodWrong(Struct, frozen=True):
    """The path has routes, but none for this method."""

    allowed: str


class BodyTooLarge(Struct, frozen=True):
    """The body is larger than `bytes_max` bytes."""

    bytes_max: int


class BodyEncoded(Struct, frozen=True):
    """The body is compressed. None is unpacked: a small one could unpack to any size."""


class AnswerTooLarge(Struct, frozen=True):
    """The request was done, but its reply is too large for the carrier; the HTTP call in `place` returns it."""

    size: int
    size_max: int
    place: str


class RequestTooSlow(Struct, frozen=True):
    """A part of the request (its head or its body) took too long to arrive."""

    part: str
    seconds: float


class BodyUnreadable(Struct, frozen=True):
    """The body is not a JSON object in UTF-8."""

    why: str


class RequestUnreadable(Struct, frozen=True):
    """The bytes on the connection are not an HTTP request that we accept."""

    why: str


class ParameterWrong(Struct, frozen=True):
    """A header, or a variable of the path, has a wrong value."""

    param: str
    must_be: str


class NumberUntaken(Struct, frozen=True):
    """The number was never taken from its series, so it has no story."""

    number: int
    series_id: str


class NotSealedYet(Struct, frozen=True):
    """The events that shall be proved end at `position`, and what is sealed at `size`."""

    position: int
    size: int


class ReceiptTooLarge(Struct, frozen=True):
    """A receipt of these numbers would be larger than one may be."""


class ContentMissing(Struct, frozen=True):
    """The content of the document was erased or lost, so no change and no reversal can be made from it."""

    document_id: str
    became: Literal["erased", "lost"]


class AuditorOnlyReads(Struct, frozen=True):
    """The credential is of an auditor, who may read everything of the firm and write nothing."""


class NotAnAdmin(Struct, frozen=True):
    """Only an admin of the firm, or an API key, may ask for this."""


class NotSealed(Struct, frozen=True):
    """No note covers the moment that the evidence was asked for."""


class SubjectOfOthers(Struct, frozen=True):
    """The subject of a NATS request names another firm or mode than that of the credential."""


class FormatNotAvailable(Struct, frozen=True):
    """The report is not there in the `wanted` form, but in `others`."""

    wanted: str
    others: str


class ListingTooLong(Struct, frozen=True):
    """The report has more rows than a file of the format can hold; `others` are formats that can."""

    format: str
    rows_max: int
    others: str


class RateExceeded(Struct, frozen=True):
    """The caller has sent more than `limit` requests in this minute; the next begins in `retry_after` seconds."""

    limit: int
    retry_after: int


class Unavailable(Struct, frozen=True):
    """A part of the service that the request needs is away; `why` says what is known of it."""

    why: str


class Unexpected(Struct, frozen=True):
    """The request met a defect of the service."""


EdgeProblem = (
    CredentialMissing
    | CredentialInvalid
    | CredentialExpired
    | PathUnknown
    | MethodWrong
    | BodyTooLarge
    | BodyEncoded
    | AnswerTooLarge
    | RequestTooSlow
    | BodyUnreadable
    | RequestUnreadable
    | ParameterWrong
    | NumberUntaken
    | NotSealedYet
    | ReceiptTooLarge
    | ContentMissing
    | AuditorOnlyReads
    | NotAnAdmin
    | NotSealed
    | SubjectOfOthers
    | FormatNotAvailable
    | ListingTooLong
    | RateExceeded
    | Unavailable
    | Unexpected
)
