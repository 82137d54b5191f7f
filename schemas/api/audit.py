"""What auditors read, as the admin of a firm sees it."""

from msgspec import Struct

from schemas.values import UnixSeconds


class AuditRead(Struct, frozen=True, tag_field="object", tag="audit_read"):
    """One request of an auditor, with no token and no text that a person typed."""

    id: int
    """The id of this entry; a later entry has a greater one."""
    at: UnixSeconds
    """When it was answered, in Unix seconds."""
    credential: str
    """The API key (`key:7`) or session (`session:12`) of the auditor."""
    user_id: int | None
    """The user who owns the credential."""
    carrier: str
    """How it was sent: `http` or `nats`."""
    method: str
    """The method of the call."""
    route: str
    """The path of the call, with the names of its variables."""
    resource: dict[str, str]
    """The variables of the path; a token of a reservation is left out."""
    filter: dict[str, str]
    """The query; text that a person typed is hidden."""
    status: int | None
    """The status of the reply; null if the connection ended before there was one."""
    request_id: str
    """The id of the request."""


class AuditReads(Struct, frozen=True, tag_field="object", tag="list"):
    """One page of what auditors read, the latest first."""

    data: list[AuditRead]
    """The entries of this page."""
    has_more: bool
    """Whether there are older ones; ask again with `before` = `id` of the last entry."""
