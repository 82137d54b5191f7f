"""One request of a known caller, as the handlers of the API see it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import time_ns
from typing import Final, TypeVar

from msgspec import Struct

from schemas.commands import Caller, Command
from schemas.rejections import DocumentUnknown, Rejection, SeriesUnknown
from schemas.traceparent import TraceParent
from schemas.values import DocumentId, SeriesId
from service.access.callers import Principal
from service.api.calling.dependencies import Dependencies
from service.api.calling.rows import Rows
from service.api.calling.sent import Sent
from service.api.reading.fields import read_fields
from service.api.reading.json_text import Tree
from service.api.reading.query import read_query
from service.api.refusals.field_faults import FieldFault
from service.api.refusals.table import Refusal, RefusedError, bad_fields, refused
from service.core.state.state import Series, State
from service.log.event_log import Content
from service.printable import ascii_line
from service.writer.request import Answered, Idempotency, Submission

Body = TypeVar("Body", bound=Struct)
CrossCheck = Callable[[Mapping[str, Tree]], Iterable[FieldFault]]

SHOWN_MAX: Final = 64
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Call:
    """A request and its caller. `body`, `query` and `place` read what was sent. `is_recorded` if it has a span."""

    dependencies: Dependencies
    sent: Sent
    principal: Principal
    idempotency: Idempotency | None
    traceparent: TraceParent | None = None
    is_recorded: bool = False

    @property
    def caller(self) -> Caller:
        """The caller as the log knows it."""
        return self.principal.caller

    def body(self, kind: type[Body], cross_check: CrossCheck | None = None) -> Body:
        """The body: each field is checked, then all together. Raises RefusedError with all fields that are wrong."""
        fields = self.sent.given.fields
        if isinstance(fields, Refusal):
            raise RefusedError(fields)
        found = read_fields(kind, fields)
        faults = found if isinstance(found, list) else []
        if cross_check is not None:
            known = {fault.path for fault in faults}
            faults = [*faults, *(fault for fault in cross_check(fields) if fault.path not in known)]
        if isinstance(found, list) or faults:
            raise bad_fields(faults)
        return found

    def query(self, kind: type[Body]) -> Body:
        """The query parameters. Raises RefusedError with all parameters that are wrong."""
        return read_query(self.sent.query, kind)

    def fields(self) -> Mapping[str, Tree]:
        """The fields of the body as they were sent; none of a body that cannot be read."""
        fields = self.sent.given.fields
        return {} if isinstance(fields, Refusal) else fields

    def place(self, name: str) -> str:
        """The variable of the path that the route calls `name`."""
        return self.sent.places[name]

    def series_id(self) -> SeriesId:
        """The id of the series in the path. Raises RefusedError if no series can have it."""
        found = self.place("id")
        if _ID.fullmatch(found) is None:
            raise refused(SeriesUnknown(SeriesId(_shown(found))))
        return SeriesId(found)

    def document_id(self) -> DocumentId:
        """The id of the document in the path. Raises RefusedError if no document can have it."""
        found = self.place("id")
        if _ID.fullmatch(found) is None:
            raise refused(DocumentUnknown(DocumentId(_shown(found))))
        return DocumentId(found)

    async def state(self) -> State:
        """The state at the head of the log. Raises LogUnavailableError."""
        return await self.dependencies.writer.known.read()

    async def series(self) -> tuple[Series, State]:
        """The series in the path, and the state that has it. Raises RefusedError and LogUnavailableError."""
        series_id = self.series_id()
        state = await self.state()
        series = state.of(self.caller, series_id)
        if series is None:
            raise refused(SeriesUnknown(series_id))
        return series, state

    def rows(self) -> Rows:
        """The rows of a list, none yet. Encoded in slices, they count as what the caller's firm has yet to read."""
        return Rows(self.dependencies.replies.hold(self.caller.firm_id))

    async def submit(self, command: Command, content: Content | None = None, *, series_param: str = "id") -> Answered:
        """Submit the command. Raises RefusedError if it is rejected, and the faults of Writer.submit."""
        answer = await self.attempt(command, content)
        if not isinstance(answer, Answered):
            raise refused(answer, param=series_param if isinstance(answer, SeriesUnknown) else None)
        return answer

    async def attempt(
        self, command: Command, content: Content | None = None, also: Content | None = None
    ) -> Answered | Rejection:
        """Submit the command; returns the rejection if there is one. Raises the faults of Writer.submit."""
        asked_ns = time_ns() if self.is_recorded else 0
        request = Submission(command, self.caller, content, self.idempotency, also, self.traceparent, asked_ns)
        return await self.dependencies.writer.submit(request)


def _shown(text: str) -> str:
    """Text that the caller sent, made short and printable for a message."""
    return ascii_line(text, SHOWN_MAX)
