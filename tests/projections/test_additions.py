"""Rows that a batch adds arrive as they are, whatever their texts contain."""

import asyncpg
import pytest

from projections.keeping import copies
from projections.keeping.runner import ProjectionRunner
from projections.models.counters.counters import COUNTERS
from projections.models.projection import Addition
from tests.projections.conftest import WrittenLog

COLUMNS = (
    "series_id", "log_id", "firm_id", "mode", "name", "document_type", "opened_at", "position", "start_number",
    "next_number",
)  # fmt: skip
TEXTS = {
    "plain": ["a", "Ștefan", "50%", "a,b", "null", "", " ", "'", "]", "[", "],[", "\t"],
    "quoted": ['"', '""', 'a "b", c', '"]\n["'],
    "broken": ["a\nb", "\r\n", "]\n[", "\n", "\\.", "\n\\.\n", "\u0001", "\u2028"],
    "escaped": ["\\", "\\\\", '\\"', "\\n", "c:\\new", '"\\"'],
}


@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
async def test_a_text_arrives_as_it_is(log: WrittenLog, runner: ProjectionRunner, texts: list[str]) -> None:
    await runner.catch_up()
    rows = [(f"{index}", 1, text, "live", text, "fiscal", 1, 2, 3, 3) for index, text in enumerate(texts)]
    connection = await asyncpg.connect(log.database_url, server_settings={"role": "numbering_projector"})
    try:
        await copies.add(connection, copies.live(COUNTERS), Addition("counter", COLUMNS, rows))
    finally:
        await connection.close()

    found = await log.reader.fetch("SELECT c.firm_id, c.name FROM counters.counter AS c ORDER BY c.series_id::int")
    assert [tuple(row) for row in found] == [(text, text) for text in texts]


async def test_a_null_is_no_text(log: WrittenLog, runner: ProjectionRunner) -> None:
    await runner.catch_up()
    rows = [("s", 1, None, "live", "null", "fiscal", 1, 2, 3, 3)]
    connection = await asyncpg.connect(log.database_url, server_settings={"role": "numbering_projector"})
    try:
        with pytest.raises(asyncpg.NotNullViolationError, match="firm_id"):
            await copies.add(connection, copies.live(COUNTERS), Addition("counter", COLUMNS, rows))
    finally:
        await connection.close()
