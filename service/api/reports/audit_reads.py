"""What auditors read, for the admin of the firm (CONTRACT.md D110)."""

from typing import Final

from schemas.api.audit import AuditReads
from schemas.api.queries import AuditReadsQuery
from service.api.calling.call import Call
from service.api.calling.rights import require_admin
from service.api.calling.route import Route
from service.api.refusals.causes import NotAnAdmin


async def list_audit_reads(call: Call) -> AuditReads:
    """GET /v1/audit/reads: what auditors of the firm read, the latest first."""
    require_admin(call, or_auditor=True)
    query = call.query(AuditReadsQuery)
    recorder = call.dependencies.read_recorder
    return await recorder.page(call.caller.firm_id, call.caller.mode, before=query.before, limit=query.per_page)


ROUTES: Final = (
    Route(
        method="GET",
        path="/v1/audit/reads",
        tag="Accounting",
        handle=list_audit_reads,
        summary="What auditors of the firm read",
        about=(
            "The latest first. Every request with an auditor's credential is listed, about a second after it was "
            "answered: who, which call, what of, "
            "when. For an admin's session, an API key, and an auditor."
        ),
        reply=AuditReads,
        query=AuditReadsQuery,
        refusals=(NotAnAdmin,),
    ),
)
