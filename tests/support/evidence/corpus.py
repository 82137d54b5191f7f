"""Every mutation of one bundle and of some receipts, in families; made from a real log with every kind of event.

`python -m tests.support.evidence.campaign` verifies them all; the tests verify some of each family.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from projections.reports.as_of import AtPosition
from schemas.values import Mode, Position
from tests.support.domain.commands import OTHER_FIRM
from tests.support.evidence import event_mutations, line_mutations, receipt_mutations, zip_mutations
from tests.support.evidence.bundles import ToldLog, a_bundle
from tests.support.evidence.forged_logs import Forger
from tests.support.evidence.mutations import Json, Mutation, Parts, mutation
from tests.support.evidence.receipts import SealedLog

FAMILIES = (
    *("whole", "flips", "cuts", "members", "headers", "contents", "bombs", "keys", "notes", "cover", "documents"),
    *("reports", "manifest", "splices", "events", "history", "receipts"),
)


@dataclass(frozen=True)
class Corpus:
    """A bundle with all that can be taken from others, receipts, and the keys that an auditor was given."""

    whole: Parts
    others: dict[str, Parts]
    forger: Forger
    receipts: dict[str, Json]
    keys: list[str]
    receipt_keys: list[str]

    def keys_of(self, family: str) -> list[str]:
        """The keys of the log that an auditor was given for the files of this family."""
        return self.receipt_keys if family == "receipts" else self.keys

    def family(self, name: str) -> Iterator[Mutation]:
        """The mutations of a family, the same and in the same order each time."""
        whole, exported = self.whole, zip_mutations.exported(self.whole)
        match name:
            case "whole":
                return iter([mutation("packed again", whole.packed(), ""), mutation("as exported", exported, "")])
            case "flips":
                return zip_mutations.flips(exported, 600)
            case "cuts":
                return zip_mutations.cuts(exported)
            case "members":
                return zip_mutations.members(whole)
            case "headers":
                return zip_mutations.headers(whole)
            case "contents":
                return zip_mutations.contents(whole)
            case "bombs":
                return zip_mutations.too_long(whole)
            case "keys":
                return line_mutations.of_keys(whole)
            case "notes":
                return line_mutations.OfNotes(whole, self.forger).every()
            case "cover":
                return line_mutations.of_cover(whole)
            case "documents":
                return line_mutations.of_documents(whole)
            case "reports":
                return line_mutations.of_reports(whole)
            case "manifest":
                return line_mutations.of_manifest(whole)
            case "splices":
                return line_mutations.splices(whole, self.others)
            case "events":
                return event_mutations.of_events(whole)
            case "history":
                return event_mutations.of_history(whole, self.forger)
            case _:
                return self._of_receipts()

    def _of_receipts(self) -> Iterator[Mutation]:
        names = list(self.receipts)
        for name, other in zip(names, [*names[1:], names[0]], strict=True):
            yield from receipt_mutations.of_receipt(name, self.receipts[name], self.receipts[other])


async def a_corpus(told: ToldLog, life: SealedLog, directory: Path) -> Corpus:
    """The corpus of these logs."""

    async def parts(**asked: object) -> Parts:
        return Parts.of((await a_bundle(told.log, directory / "bundle.zip", **asked)).read_bytes())  # type: ignore[arg-type]

    whole = Parts.of((await parts(has_bodies=True)).forged())
    others = {
        "another firm": await parts(firm_id=OTHER_FIRM),
        "the test mode": await parts(mode=Mode.TEST),
        "an earlier time": await parts(as_of=AtPosition(Position(22))),
        "one series": await parts(series=("FACT",)),
    }
    receipts = {
        "number 1": await life.receipt(1),
        "number 11": await life.receipt(11),
        "number 13": await life.receipt(13),
        "numbers 2 to 10": await life.gap(2, 10),
        "numbers 13 to 20": await life.gap(13, 20),
    }
    forger = Forger(whole.manifest["origin"], bytes.fromhex(told.keys.ed25519), told.records)
    keys = list(map(str, told.log_keys))
    return Corpus(whole, others, forger, receipts, keys, life.trusted())
