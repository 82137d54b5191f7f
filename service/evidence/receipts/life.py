"""The life of numbers in words, English and Romanian: a sentence for each event, and one for what became of them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from schemas.events import (
    DocumentChanged,
    DocumentErased,
    DocumentEvent,
    DocumentReversed,
    DocumentUnvoided,
    DocumentVoided,
    GapExplained,
    NumbersLost,
    NumbersReserved,
    NumberWithdrawn,
    ReservationConsumed,
    ReservationExpired,
    ReservationReleased,
    SeriesOpened,
)
from schemas.record import Record
from schemas.values import ActorKind, IsoDate, Mode, NumberRange, Position, UnixSeconds
from service.evidence.receipts import phrases
from service.evidence.receipts.fates import fates_of, runs_of
from service.evidence.receipts.phrases import Phrase

Language = Literal["en", "ro"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "ro")


class Teller:
    """Tells what happened to some numbers, in one language and with the times of one zone."""

    def __init__(self, numbers: NumberRange, zone: ZoneInfo, language: Language) -> None:
        self._numbers = numbers
        self._zone = zone
        self._language: Language = language

    def life(self, records: Sequence[Record], position: Position) -> list[str]:
        """A sentence for each event, and then what became of the numbers as of `position`."""
        return [*map(self.happened, records), *self.became(records, position)]

    def became(self, records: Sequence[Record], position: Position) -> list[str]:
        """What became of the numbers by these events, the last of which is not after `position`."""
        runs = runs_of(fates_of((each.event for each in records), self._numbers))
        said = [self._say(phrases.BECAME[fate][len(each) > 1], numbers=self._range(each)) for each, fate in runs]
        if records and records[0].mode is Mode.TEST:
            said.append(self._say(phrases.IS_TEST))
        return [*said, self._say(phrases.ENDS, position=position)]

    def happened(self, record: Record) -> str:
        """The sentence of an event of the numbers."""
        name, facts = self._facts(record)
        time = self._time(record.at, phrases.TIME)
        sentence = self._say(phrases.HAPPENED[name], time=time, by=self._by(record), **facts)
        return sentence[0].upper() + sentence[1:]

    def _facts(self, record: Record) -> tuple[str, dict[str, object]]:
        event = record.event
        match event:
            case SeriesOpened(name=series, start_number=start):
                documents = self._say(phrases.DOCUMENTS[event.document_type])
                return "opened", {"series": series, "documents": documents, "start": start}
            case NumbersReserved():
                return self._reserved(event)
            case ReservationConsumed(number=number, full_number=full_number, reverses=reverses):
                issued = {"full_number": full_number, "date": self._day(event.date), "number": number}
                if reverses is None:
                    return "issued", {**issued}
                return "issued.reversal", {**issued, "reverses": reverses}
            case ReservationReleased(number=number):
                return "released", {"number": number}
            case ReservationExpired(ranges=ranges):
                return self._some("expired", *ranges)
            case NumbersLost(reason=reason):
                name, facts = self._some("lost", NumberRange(event.first, event.last))
                return name, facts | {"reason": reason}
            case GapExplained(code=code, text=text):
                name, facts = self._some("explained", NumberRange(event.first, event.last))
                return name, facts | {"code": self._say(phrases.CODES[code]), "text": text}
            case DocumentEvent():
                return self._of_document(event)
            case _:
                raise ValueError(f"event {record.position} is of no number")

    def _of_document(self, event: DocumentEvent) -> tuple[str, dict[str, object]]:
        facts: dict[str, object] = {"full_number": event.full_number}
        match event:
            case DocumentVoided():
                return "voided", facts
            case DocumentUnvoided():
                return "unvoided", facts
            case NumberWithdrawn():
                return "withdrawn", facts
            case DocumentChanged(date_before=before, date=after) if before != after:
                return "changed.date", facts | {"before": self._day(before), "date": self._day(after)}
            case DocumentChanged():
                return "changed", facts
            case DocumentReversed(reversal_full_number=reversal):
                return "reversed", facts | {"reversal": reversal}
            case DocumentErased(content=left):
                return ("erased" if left is None else "erased.customer"), facts
            case _:
                raise ValueError(f"{type(event).__name__} is told by no sentence")

    def _reserved(self, event: NumbersReserved) -> tuple[str, dict[str, object]]:
        block = NumberRange(event.first, event.last)
        name, facts = self._some("reserved", block)
        if event.token_key is None:
            return "taken", facts
        ours = self._ours(block)
        with_others = "" if ours == block else self._say(phrases.BLOCK, numbers=self._range(block))
        return name, facts | {"until": self._time(event.expires_at, phrases.UNTIL), "block": with_others}

    def _some(self, name: str, *ranges: NumberRange) -> tuple[str, dict[str, object]]:
        """The form of the sentence for those of the numbers that are ours."""
        ours = [found for each in ranges if (found := self._ours(each)) is not None]
        form = "one" if sum(map(len, ours)) == 1 else "many"
        return f"{name}.{form}", {"numbers": ", ".join(map(self._range, ours))}

    def _ours(self, numbers: NumberRange) -> NumberRange | None:
        first, last = max(numbers.first, self._numbers.first), min(numbers.last, self._numbers.last)
        return NumberRange(first, last) if first <= last else None

    def _range(self, numbers: NumberRange) -> str:
        if numbers.first == numbers.last:
            return str(numbers.first)
        return self._say(phrases.RANGE, first=numbers.first, last=numbers.last)

    def _by(self, record: Record) -> str:
        actor = record.actor
        if actor.kind is ActorKind.SYSTEM:
            return self._say(phrases.BY_OPERATOR if actor.id == "operator" else phrases.BY_SERVICE)
        if record.device_id is not None:
            by = self._say(phrases.BY_DEVICE, id=record.device_id)
        else:
            by = self._say(phrases.BY_KEY if actor.kind is ActorKind.KEY else phrases.BY_SESSION, id=actor.id)
        return by if actor.user_id is None else self._say(phrases.OF_USER, by=by, user=actor.user_id)

    def _time(self, at: UnixSeconds, form: Phrase) -> str:
        """The time on the firm's clock; seconds for what no calendar has, as a forged event may."""
        try:
            time = datetime.fromtimestamp(at, self._zone)
        except (ValueError, OverflowError, OSError):
            return self._say(phrases.NO_TIME, seconds=at)
        offset = f"{time:%z}"
        shown = "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"
        return self._say(form, day=self._say_day(time), clock=f"{time:%H:%M:%S}", offset=shown)

    def _day(self, day: IsoDate) -> str:
        try:
            return self._say_day(date.fromisoformat(day))
        except ValueError:
            return day

    def _say_day(self, day: date) -> str:
        return day.strftime(getattr(phrases.DAY, self._language))

    def _say(self, phrase: Phrase, **facts: object) -> str:
        template: str = getattr(phrase, self._language)
        return template.format(**facts)
