"""Makes series as clients see them (CONTRACT.md section 5.1)."""

from collections.abc import Sequence

from schemas.api.objects import InvoiceSeries, Lock
from schemas.outcomes import LockView, SeriesView
from service.access.callers import Access


async def series_objects(views: Sequence[SeriesView], access: Access) -> list[InvoiceSeries]:
    """The series, each with the name of the device that holds it. Raises LogUnavailableError."""
    sessions = [view.lock.session_id for view in views if view.lock is not None and view.lock.session_id is not None]
    names = await access.device_names(sessions) if sessions else {}
    return [_object(view, names) for view in views]


def _object(view: SeriesView, names: dict[int, str]) -> InvoiceSeries:
    return InvoiceSeries(
        id=view.series_id,
        name=view.name,
        document_type=view.document_type,
        description=view.description,
        start_number=view.start_number,
        next_number=view.next_number,
        format=view.format,
        is_primary=view.is_primary,
        is_used=view.is_used,
        is_locked=view.lock is not None,
        lock=None if view.lock is None else _lock(view.lock, names),
        year=view.year,
        created_at=view.opened_at,
    )


def _lock(lock: LockView, names: dict[int, str]) -> Lock:
    return Lock(
        device_id=lock.device_id,
        session_id=lock.session_id,
        user_id=lock.user_id,
        device_name=None if lock.session_id is None else names.get(lock.session_id),
        device_platform=lock.platform,
        locked_at=lock.locked_at,
    )
