"""Random logs with every kind of event, decided by the core, of several firms, modes, series and drafts."""

from functools import cache
from random import Random

from schemas.record import Record
from tests.support.domain.commands import NOW
from tests.support.domain.history import History
from tests.support.domain.scripts import Script


@cache
def random_log(seed: int, events: int) -> list[Record]:
    """At least so many events, the same for the same seed; they name contents that no log keeps."""
    chance = Random(seed)  # noqa: S311 - a test that can be repeated, not a secret
    script, history, now = Script(chance), History(), int(NOW)
    while len(history.records) < events:
        now += chance.choice([0, 0, 1, 5, 40])
        before = len(history.records)
        command, caller = script.draw(history.state)
        history.attempt(command, caller, now)
        script.learn(history.records[before:])
    return history.records
