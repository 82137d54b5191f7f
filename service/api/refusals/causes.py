"""Why a request may fail at the edge, before or beside the log's own rejections."""

from msgspec import Struct


class CredentialMissing(Struct, frozen=True):
    """No Authorization header, or not a bearer's."""


class CredentialInvalid(Struct, frozen=True):
    """Nobody has this credential, or nobody has it any more."""


class CredentialExpired(Struct, frozen=True):
    """The API key's time is over."""


class PathUnknown(Struct, frozen=True):
    """Nothing is served at the path."""


class MethodWrong(Struct, frozen=True):
    """The path exists, but not for this method."""

    allowed: str


class BodyTooLarge(Struct, frozen=True):
    """The body is over the limit."""

    bytes_max: int


class AnswerTooLarge(Struct, frozen=True):
    """The request was done, but what it was asked over cannot carry the answer; `place` has it."""

    size: int
    size_max: int
    place: str


class RequestTooSlow(Struct, frozen=True):
    """A part of the request (its headers, its body) took too long to arrive."""

    part: str
    seconds: float


class BodyUnreadable(Struct, frozen=True):
    """The body is not a JSON object in UTF-8."""

    why: str


class RequestUnreadable(Struct, frozen=True):
    """What came over the connection is not HTTP."""

    why: str


class ParameterWrong(Struct, frozen=True):
    """A header or a query parameter is out of range."""

    param: str
    must_be: str


class NumberUntaken(Struct, frozen=True):
    """The number was never taken from its series, so there is nothing to tell about it."""

    number: int
    series_id: str


class ContentErased(Struct, frozen=True):
    """What the document said was erased, so nothing can be made of it."""

    document_id: str


class SubjectOfOthers(Struct, frozen=True):
    """The subject of a NATS request names another firm or mode than the credential."""


class RateExceeded(Struct, frozen=True):
    """The credential has used up its minute."""

    limit: int
    retry_after: int


class Unavailable(Struct, frozen=True):
    """A part we need is away; `why` says whether anything was done."""

    why: str


class Unexpected(Struct, frozen=True):
    """A defect of ours."""


EdgeProblem = (
    CredentialMissing
    | CredentialInvalid
    | CredentialExpired
    | PathUnknown
    | MethodWrong
    | BodyTooLarge
    | AnswerTooLarge
    | RequestTooSlow
    | BodyUnreadable
    | RequestUnreadable
    | ParameterWrong
    | NumberUntaken
    | ContentErased
    | SubjectOfOthers
    | RateExceeded
    | Unavailable
    | Unexpected
)
