"""Explanations of gaps: what an event says, and which gaps it is about."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from projections.replay.words import actor_text
from schemas.api.reports import Gap, GapExplanation
from schemas.events import GapExplained
from schemas.record import Record


def explanation_of(record: Record, event: GapExplained) -> GapExplanation:
    """The explanation that this event gives."""
    return GapExplanation(
        first=event.first,
        last=event.last,
        code=event.code,
        text=event.text,
        explained_at=record.at,
        explained_by=actor_text(record.actor),
        position=record.position,
    )


def with_explanations(gaps: Iterable[Gap], explanations: Sequence[GapExplanation]) -> list[Gap]:
    """The gaps in the order of their numbers, each with every explanation of any of its numbers, the oldest first."""
    ordered = sorted(gaps, key=lambda gap: gap.first)
    if not explanations:
        return ordered
    waiting = sorted(explanations, key=lambda each: -each.first)
    about: list[GapExplanation] = []
    found: list[Gap] = []
    for gap in ordered:
        while waiting and waiting[-1].first <= gap.last:
            about.append(waiting.pop())
        about = [each for each in about if each.last >= gap.first]
        mine = sorted(about, key=lambda each: each.position)
        found.append(replace(gap, explanations=mine, is_explained=_covers(mine, gap)) if mine else gap)
    return found


def _covers(explanations: Iterable[GapExplanation], gap: Gap) -> bool:
    """Whether every number of the gap is explained."""
    number = gap.first
    for each in sorted(explanations, key=lambda each: each.first):
        if each.first > number:
            return False
        number = max(number, type(number)(each.last + 1))
    return number > gap.last
