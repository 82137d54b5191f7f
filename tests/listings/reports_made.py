"""Gap reports and registers made by hand, of any length, with texts that mean harm."""

from typing import Final

from projections.replay.report_digest import digested
from schemas.api.reports import (
    Gap,
    GapExplanation,
    GapReport,
    Moment,
    Neighbour,
    NumberRangeRow,
    NumberRegister,
    Terms,
)
from schemas.values import (
    DeviceId,
    DocumentId,
    DocumentType,
    Fate,
    FirmId,
    GapCode,
    IsoDate,
    Mode,
    Number,
    Position,
    SeriesId,
    UnixSeconds,
)
from service.listings.listing import Surroundings
from service.listings.words import Language

AT: Final = UnixSeconds(1_795_253_965)
HOSTILE: Final = (
    '=HYPERLINK("http://evil.example","x")',
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1",
    "#strong[bold] *b* $x$ <b>bold</b> \\textbf{x} &P&D {year}",
    "a;b,c\"d'e\r\nf",
    "șțăîâ ȘȚĂÎÂ Ж Ω 中文 \u202etxt.exe",
    "x" * 255,
    "_x0041_ \x00\x1b[31m\x7f",
)


def around(language: Language = Language.ROMANIAN, period: str = "") -> Surroundings:
    """What a listing made in Bucharest says beside the report."""
    return Surroundings(
        language=language,
        zone="Europe/Bucharest",
        listed_at=AT,
        software="invoice-numbering 0.1.0",
        firm_name="Brutăria Țăranului Ștefan SRL",
        period=period,
        note=(203, "qUV5h0r2Yb4cA9x1Zz8pVb3lJw6tKQeR5yD0mN7sG2E="),
    )


def report(gaps: int, texts: tuple[str, ...] = ("Imprimanta s-a blocat la ora închiderii.",)) -> GapReport:
    """A report with this number of gaps: every third one is explained, each by one of these texts."""
    data = [_gap(place, texts[place % len(texts)]) for place in range(gaps)]
    numbers = sum(gap.count for gap in data)
    released = sum(gap.count for gap in data if gap.reason is Fate.RELEASED)
    lost = sum(gap.count for gap in data if gap.reason is Fate.LOST)
    expired = numbers - released - lost
    terms = Terms(taken=3 * gaps + 1, standing=3 * gaps + 1 - numbers, released=released, expired=expired, lost=lost)
    return digested(
        GapReport(
            series_id=SeriesId("xKwpf9jQ3a"),
            firm_id=FirmId("firm_nzrimoutto"),
            mode=Mode.LIVE,
            series_name="FACT",
            document_type=DocumentType.FISCAL,
            format="FACT-{year}-{number}",
            as_of=Moment(Position(201), AT),
            equation=terms,
            duplicates=0,
            date_inversions=0,
            data=data,
        )
    )


def _gap(place: int, text: str) -> Gap:
    first = Number(3 * place + 2)
    last = Number(first + place % 2)
    reason = (Fate.RELEASED, Fate.EXPIRED, Fate.LOST)[place % 3]
    said = GapExplanation(first, last, GapCode.PRINTER_FAILURE, text, AT, "api_key:key_7f3a", Position(190 + place % 9))
    return Gap(
        first=first,
        last=last,
        count=last - first + 1,
        printed_first=f"FACT-{{year}}-{first:05d}",
        printed_last=f"FACT-{{year}}-{last:05d}",
        reason=reason,
        device_id=None if reason is Fate.LOST else DeviceId(f"till-{place % 7}"),
        reserved_at=UnixSeconds(AT - 7200 + place),
        reserved_by="session:17",
        expires_at=None if reason is Fate.LOST else UnixSeconds(AT + 2_592_000),
        ended_at=UnixSeconds(AT - 3600 + place),
        ended_by="system:sweeper",
        positions=(Position(3 * place + 1), Position(3 * place + 3)),
        below=_document(first - 1, "2026-11-21"),
        above=_document(last + 1, "2026-11-22") if place % 5 < 4 else None,
        reason_text=text if reason is Fate.LOST else None,
        explanations=[said] if place % 3 == 1 else [],
        is_explained=place % 3 == 1,
    )


def _document(number: int, date: str) -> Neighbour:
    return Neighbour(Number(number), f"FACT-2026-{number:05d}", IsoDate(date))


def register(ranges: int) -> NumberRegister:
    """A register with this number of ranges of one number each, on documents of one day."""
    of = report(0)
    rows = [
        NumberRangeRow(
            Number(number),
            Number(number),
            f"{number:05d}",
            f"{number:05d}",
            Fate.STANDING,
            DeviceId("till-1"),
            AT,
            AT,
            DocumentId(f"inv_{number}"),
            IsoDate("2026-11-21"),
            IsoDate("2026-11-21"),
        )
        for number in range(1, ranges + 1)
    ]
    return NumberRegister(
        of.series_id,
        of.firm_id,
        of.mode,
        of.series_name,
        of.document_type,
        "{number}",
        of.as_of,
        Terms(taken=ranges, standing=ranges),
        rows,
        has_more=False,
    )
