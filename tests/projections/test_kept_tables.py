"""The rows that a replay makes are those that PostgreSQL holds, for every kind of event and at every moment."""

import random

import msgspec
import pytest

from projections.keeping.kept_tables_read import read_digests
from projections.keeping.runner import ProjectionRunner
from projections.replay.kept_rows import (
    PROJECTIONS,
    BlockRow,
    CounterRow,
    EndingRow,
    ExplanationRow,
    GapRow,
    InvoiceRow,
)
from projections.replay.kept_tables import KeptTables, Scope
from projections.replay.replay import Replay
from schemas.events import Event
from schemas.record import Record, event_tag
from schemas.values import DEFAULT_LOG
from tests.projections.conftest import WrittenLog
from tests.support.domain.random_logs import random_log


def tables_of(records: list[Record]) -> KeptTables:
    tables, replay = KeptTables(), Replay()
    for record in records:
        replay.apply(record)
        tables.apply(record)
    return tables


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_replay_and_the_tables_come_to_the_same_digests_at_every_moment(log: WrittenLog, seed: int) -> None:
    records = random_log(seed, 900)
    runner = ProjectionRunner(log.database_url, batch_size=random.Random(seed).choice([7, 50, 1000]))  # noqa: S311
    for end in (len(records) // 3, 2 * len(records) // 3, len(records)):
        await log.append(records[log.position : end])
        await runner.catch_up()
        tables = tables_of(records[:end])
        for firm_id, mode in tables.ends:
            whole = Scope(firm_id, mode)
            for scope in (whole, Scope(firm_id, mode, tuple(tables.series_of(whole)[::2]))):
                found = await read_digests(log.reader, DEFAULT_LOG, scope)
                assert found is not None
                assert found.digests == tables.digests(scope)
                assert set(found.positions.values()) == {end}


def test_the_random_logs_have_every_kind_of_event() -> None:
    tags = {event_tag(record.event) for seed in (1, 2, 3) for record in random_log(seed, 900)}
    assert tags == {each.__struct_config__.tag for each in Event.__args__}


def test_the_order_in_which_streams_come_changes_no_digest() -> None:
    """A bundle leaves out the events of others, and a stream may come to one reader later than another."""
    records = random_log(4, 400)
    whole, firm = tables_of(records), records[0].firm_id
    alone = tables_of([record for record in records if record.firm_id == firm])
    by_stream = KeptTables()
    for record in sorted(records, key=lambda each: (each.stream, each.version)):
        by_stream.apply(record)
    for partition in alone.ends:
        scope = Scope(*partition)
        assert whole.digests(scope) == alone.digests(scope) == by_stream.digests(scope)


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_a_digest_tells_one_history_from_another(projection: str) -> None:
    records = random_log(5, 400)
    scope = Scope(records[0].firm_id, records[0].mode)
    assert tables_of(records).digests(scope)[projection] != tables_of(records[:200]).digests(scope)[projection]


FROM_CONTENTS = {"client_id", "currency", "due_date", "subtotal_ron", "vat_ron", "total_ron"}
COLUMNS = """
SELECT c.column_name FROM information_schema.columns AS c WHERE c.table_schema = $1 AND c.table_name = $2
"""


@pytest.mark.parametrize(
    ("schema", "row"),
    [
        ("counters", CounterRow),
        ("gaps", GapRow),
        ("gaps", ExplanationRow),
        ("invoices", InvoiceRow),
        ("register", BlockRow),
        ("register", EndingRow),
    ],
    ids=["counter", "gap", "explanation", "invoice", "block", "ending"],
)
async def test_the_rows_have_every_column_that_no_content_gives(
    log: WrittenLog, schema: str, row: type[msgspec.Struct]
) -> None:
    await ProjectionRunner(log.database_url).catch_up()
    found = await log.reader.fetch(COLUMNS, schema, row.__struct_config__.tag)
    assert {each["column_name"] for each in found} - FROM_CONTENTS == set(row.__struct_fields__)
