"""Who may do what is left to the admin of a firm."""

from schemas.values import ActorKind
from service.api.calling.call import Call
from service.api.refusals.causes import NotAnAdmin
from service.api.refusals.table import refused


def require_admin(call: Call, *, or_auditor: bool = False) -> None:
    """Return if the caller is an admin's session or an API key, or else an auditor. Raises RefusedError."""
    if call.principal.is_auditor:
        is_allowed = or_auditor
    else:
        is_allowed = call.caller.is_admin or call.caller.actor.kind is ActorKind.KEY
    if not is_allowed:
        raise refused(NotAnAdmin())
