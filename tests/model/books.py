"""What the model keeps: partitions, series, slots, documents, and how a reply shows each (CONTRACT.md section 5)."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

Partition = tuple[str, str]


@dataclass
class Document:
    """An invoice, or a draft, which has no number."""

    handle: str
    partition: Partition
    document_type: str
    date: date
    created_at: int
    series: "Series | None" = None
    number: int | None = None
    storno_for: "Document | None" = None
    voided_at: int | None = None
    void_reason: str | None = None
    is_deleted: bool = False
    has_other_notes: bool = False
    vat_rate: int = 19
    reversals: list["Document"] = field(default_factory=list["Document"])
    story: list[str] = field(default_factory=lambda: ["create"])
    """The types of its history, in order."""

    @property
    def is_void(self) -> bool:
        """Whether it no longer counts."""
        return self.voided_at is not None

    @property
    def is_draft(self) -> bool:
        """Whether it has no number."""
        return self.number is None

    @property
    def status(self) -> str:
        """The word of D27; nothing is paid or due here."""
        return "voided" if self.is_void else "draft" if self.is_draft else "issued"

    @property
    def total(self) -> float:
        """What it comes to: one line of 21.00 and its VAT; a reversal mirrors its source (D92)."""
        if self.storno_for is not None:
            return -self.storno_for.total
        return round(21 + 21 * self.vat_rate / 100, 2)

    @property
    def standing_reversal(self) -> "Document | None":
        """The document that reverses this one, unless it was voided or deleted (D83)."""
        return next((each for each in self.reversals if not each.is_void and not each.is_deleted), None)

    @property
    def is_owed(self) -> bool:
        """Whether somebody owes it (D80, D93)."""
        is_plain = not self.is_draft and not self.is_void and self.storno_for is None
        return is_plain and self.standing_reversal is None

    @property
    def full_number(self) -> str | None:
        """As the series' format renders it (D17 to D19, D23)."""
        if self.series is None or self.number is None:
            return None
        return self.series.format.replace("{year}", str(self.date.year)).replace("{number}", f"{self.number:05}")

    @property
    def stands(self) -> bool:
        """Whether it bounds the dates of others (D88)."""
        return not self.is_void and not self.is_deleted

    def view(self) -> dict[str, Any]:
        """What a reply says of it."""
        return {
            "object": "invoice",
            "id": self.handle,
            "series": None if self.series is None else self.series.name,
            "series_id": None if self.series is None else self.series.handle,
            "number": None if self.number is None else f"{self.number:05}",
            "number_idx": self.number,
            "full_number": self.full_number,
            "date": self.date.isoformat(),
            "document_type": self.document_type,
            "status": self.status,
            "is_draft": self.is_draft,
            "is_void": self.is_void,
            "is_voided": self.is_void,
            "voided_at": None if self.voided_at is None else iso(self.voided_at),
            "void_reason": self.void_reason,
            "is_storno": self.storno_for is not None,
            "storno_for": None if self.storno_for is None else self.storno_for.handle,
            "total": self.total,
            "created_at": iso(self.created_at),
        }


@dataclass
class Slot:
    """One number that was taken: by a reservation of a device, or by issuing a document if there is no device."""

    number: int
    reserved_at: int
    device: str | None = None
    expires_at: int = 0
    status: str = "pending"
    document: Document | None = None
    consumed_at: int | None = None
    client_local_uuid: str | None = None

    def status_at(self, now: int) -> str:
        """The effective status: a pending slot past its time is expired, whether it was swept or not (D43, D45)."""
        return "expired" if self.status == "pending" and now >= self.expires_at else self.status

    @property
    def fate(self) -> str:
        """The word of the accounting equation; only the sweep makes a slot `expired`, time alone does not."""
        if self.document is None:
            return self.status
        if self.document.is_deleted:
            return "withdrawn"
        return "voided" if self.document.is_void else "standing"


@dataclass
class Series:
    """A counter, and every number that it gave."""

    handle: str
    partition: Partition
    name: str
    document_type: str
    format: str
    start_number: int
    next_number: int
    is_primary: bool
    created_at: int
    description: str | None = None
    is_used: bool = False
    holder: str | None = None
    locked_at: int | None = None
    slots: dict[int, Slot] = field(default_factory=dict[int, Slot])

    def view(self) -> dict[str, Any]:
        """What a reply says of it."""
        return {
            "object": "invoice_series",
            "id": self.handle,
            "name": self.name,
            "document_type": self.document_type,
            "description": self.description,
            "start_number": self.start_number,
            "next_number": self.next_number,
            "format": self.format,
            "is_primary": self.is_primary,
            "is_used": self.is_used,
            "is_locked": self.holder is not None,
            "lock": None if self.holder is None else {"device_id": self.holder, "locked_at": self.locked_at},
            "created_at": self.created_at,
        }

    def token(self, slot: Slot) -> str:
        """The handle of the slot's token."""
        return f"{self.handle} #{slot.number}"

    def slot_view(self, slot: Slot, status: str) -> dict[str, Any]:
        """What a reply says of a reservation."""
        return {
            "object": "number_reservation",
            "token": self.token(slot),
            "series_id": self.handle,
            "number": slot.number,
            "status": status,
            "device_id": slot.device,
            "reserved_at": slot.reserved_at,
            "expires_at": slot.expires_at,
            "consumed_at": slot.consumed_at,
            "client_local_uuid": slot.client_local_uuid,
            "invoice_id": None if slot.document is None else slot.document.handle,
        }

    def fates(self) -> dict[int, str]:
        """What became of every number taken, ascending."""
        return {number: self.slots[number].fate for number in sorted(self.slots)}

    def equation(self) -> dict[str, int]:
        """The accounting equation, without the terms that are 0."""
        counts = dict(Counter(slot.fate for slot in self.slots.values()))
        taken = self.next_number - self.start_number
        assert sum(counts.values()) == taken, "the model itself accounts for every number"
        return counts | ({"taken": taken} if taken else {})

    def latest_date(self) -> date | None:
        """The latest date of its standing documents (D59, D88)."""
        return max((date for _, date in self.standing_dates()), default=None)

    def standing_dates(self) -> list[tuple[int, date]]:
        """The number and the date of every standing document, ascending."""
        documents = [(number, self.slots[number].document) for number in sorted(self.slots)]
        return [(number, each.date) for number, each in documents if each is not None and each.stands]


def iso(seconds: int) -> str:
    """A time as invoices show it (D4)."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
