"""The statement of the operator's guide that erases the content of a document."""

import asyncpg

from tests.source.guides import block
from tests.support.service.client import Api


async def test_the_statement_of_the_guide_erases_one_document_and_no_other(api: Api, database_url: str) -> None:
    statement = block("deploy/guide/evidence.md", "sql")
    await api.a_series()
    erased, kept = [(await api.issue(notes="secret")).data["id"] for _ in range(2)]
    await api.ask("PUT", f"/invoices/{erased}", json={"notes": "secret still"})
    await api.post(f"/invoices/{erased}/void", {"reason": "secret too"})
    number = (await api.get(f"/invoices/{erased}")).data["full_number"]

    owner = await asyncpg.connect(database_url, server_settings={"role": "numbering_owner"})
    try:
        assert await owner.execute(statement.replace("inv_...", erased)) == "DELETE 3"
    finally:
        await owner.close()

    found = (await api.get(f"/invoices/{erased}")).data
    assert (found["full_number"], found["notes"], found["void_reason"], found["client"]) == (number, None, None, None)
    assert (await api.get(f"/invoices/{kept}")).data["notes"] == "secret"
