"""What the listings about a series say above their tables."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from schemas.api.reports import GapReport, Moment, NumberRegister, Terms
from schemas.values import Fate, FirmId, Mode
from service.listings.listing import Fact, Surroundings
from service.listings.locale import full_time_text
from service.listings.words import Language, say

Report = GapReport | NumberRegister

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_STEM_MAX: Final = 80


class OfFirm(Protocol):
    """What is of a firm and mode."""

    @property
    def firm_id(self) -> FirmId:
        """The firm."""
        ...

    @property
    def mode(self) -> Mode:
        """The mode."""
        ...


def entity_of(report: OfFirm, around: Surroundings) -> str:
    """The firm, by its name if it is known, and its id, and the mode."""
    firm = f"{around.firm_name} ({report.firm_id})" if around.firm_name else report.firm_id
    mode = say(around.language, f"mode.{report.mode}")
    return say(around.language, "entity_words", firm=firm, mode=mode)


def period_of(as_of: Moment, around: Surroundings) -> str:
    """The period that was asked for; else from the first event until the moment of the report."""
    until = full_time_text(around.language, as_of.time, around.zone)
    return around.period or say(around.language, "period_until", time=until)


def facts_of_series(report: Report, around: Surroundings) -> Iterator[Fact]:
    """The series, the type of its documents, the format of its numbers, and the moment of the report."""
    language = around.language
    yield Fact(say(language, "series"), say(language, "series_words", name=report.series_name, id=report.series_id))
    yield Fact(say(language, "document_type"), say(language, f"type.{report.document_type}"))
    yield Fact(say(language, "format"), report.format)
    yield moment_of(report.as_of, around)


def moment_of(as_of: Moment, around: Surroundings) -> Fact:
    """The moment of the report."""
    time = full_time_text(around.language, as_of.time, around.zone)
    said = say(around.language, "moment_words", position=as_of.position, time=time)
    return Fact(say(around.language, "moment"), said)


def equation_of(terms: Terms, language: Language) -> str:
    """The equation in words, with every term, zeros too."""
    words = say(language, "equation_words", taken=terms.taken, **{fate: getattr(terms, fate) for fate in Fate})
    return words if terms.is_balanced else say(language, "equation_wrong", words=words)


def file_stem(kind: str, reports: Sequence[Report], as_of: Moment) -> str:
    """A name for a file, in letters that every system takes: the kind, the series if it is one, and the position."""
    of = reports[0].series_name if len(reports) == 1 else reports[0].firm_id
    return _UNSAFE.sub("_", f"{kind}-{of}-{as_of.position}")[:_STEM_MAX]
