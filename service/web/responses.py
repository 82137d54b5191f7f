"""Makes HTTP responses from replies, with the headers of CONTRACT.md section 2."""

from collections.abc import Mapping
from typing import Final

from service.api.admission.rate_limit import Allowance
from service.api.calling.reply import JSON, Exchange, Reply
from service.web.patience import Patience
from service.web.plain_response import LargeResponse, Response
from service.web.streamed import StreamedResponse

REQUEST_ID: Final = "X-Request-Id"

PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What a browser lets a page of ours do: it has a style and links, and stands in no frame."""


def response(
    exchange: Exchange, reply: Reply, patience: Patience, headers: Mapping[str, str] | None = None
) -> Response:
    """The HTTP response for this reply."""
    lines = _lines(exchange, reply, headers)
    if reply.stream is not None:
        return StreamedResponse(reply, lines, patience)
    return Response(reply, lines, patience) if reply.held is None else LargeResponse(reply, lines, patience)


def _lines(exchange: Exchange, reply: Reply, more: Mapping[str, str] | None) -> str:
    """The headers of this reply and those in `more`. They state the name of the server, not its version."""
    kind = f"Content-Type: {reply.content_type}\r\n" if reply.content_type else ""
    return (
        f"{kind}{REQUEST_ID}: {exchange.request_id}\r\n"
        f"Content-Language: {reply.language}\r\nServer: numbering\r\nX-Content-Type-Options: nosniff\r\n"
        f"{_limit_lines(exchange.allowance)}{_own_lines(reply)}{_more_lines(more) if more else ''}"
    )


def _limit_lines(allowance: Allowance | None) -> str:
    if allowance is None:
        return ""
    return (
        f"X-RateLimit-Limit: {allowance.limit}\r\nX-RateLimit-Remaining: {max(allowance.remaining, 0)}\r\n"
        f"X-RateLimit-Reset: {allowance.resets_at}\r\n"
    )


def _own_lines(reply: Reply) -> str:
    lines = "Idempotent-Replayed: true\r\n" if reply.is_repeat else ""
    if reply.refusal is not None and reply.refusal.retry_after:
        lines += f"Retry-After: {reply.refusal.retry_after}\r\n"
    if reply.status == 401:
        lines += "WWW-Authenticate: Bearer\r\n"  # RFC 9110 section 11.6.1 demands it
    file_name = reply.file_name if reply.stream is None else reply.stream.file_name
    if file_name is not None:
        lines += f'Content-Disposition: attachment; filename="{file_name}"\r\n'
    if reply.content_type == JSON or file_name is not None:
        # It may hold tokens and personal data, which no cache on the way or on a disk shall keep.
        lines += "Cache-Control: no-store\r\n"
    if reply.content_type.startswith("text/html"):
        lines += f"Content-Security-Policy: {PAGE_POLICY}\r\n"
    return lines


def _more_lines(headers: Mapping[str, str]) -> str:
    for value in headers.values():
        assert value.isprintable(), "a line end in a header would begin another one"
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())
