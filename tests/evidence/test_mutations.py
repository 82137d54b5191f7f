"""Every way to tamper with a bundle or a receipt is caught, with the right code and in the right place.

The tests verify some of each family; `python -m tests.support.evidence.campaign` verifies all of them.
"""

from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from tests.support.evidence.campaign import a_corpus_of_logs, is_expected, verified
from tests.support.evidence.corpus import FAMILIES, Corpus
from tests.support.evidence.mutations import Json, Mutation
from tests.support.evidence.page import verify_with_node
from tests.support.servers.databases import database, with_database
from tests.support.servers.parts import Parts as Servers

STEPS = {"flips": 6, "notes": 4, "documents": 4, "reports": 8, "events": 31, "history": 5, "receipts": 13, "headers": 2}
"""Of a long family only one mutation in so many is verified here."""

TO_BOTH = 9
"""One in so many of these goes to the page too."""


@pytest_asyncio.fixture(scope="session")
async def corpus(
    parts: Servers,
    database_admin: asyncpg.Connection,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Corpus]:
    """The mutations of real logs, which two databases hold while they are made."""
    async with (
        database(database_admin, "mutations_told", template_database) as told,
        database(database_admin, "mutations_life", template_database) as life,
    ):
        urls = (with_database(parts.postgres_url, told), with_database(parts.postgres_url, life))
        yield await a_corpus_of_logs(*urls, tmp_path_factory.mktemp("mutations"))


def some_of(corpus: Corpus, family: str, step: int = 1) -> list[Mutation]:
    """Some mutations of a family, the same ones each time."""
    return list(islice(corpus.family(family), 0, None, STEPS.get(family, 1) * step))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_mutation_is_caught_and_named(corpus: Corpus, tmp_path: Path, family: str) -> None:
    tried = some_of(corpus, family)
    found = [verified(mutation, corpus.keys_of(family), tmp_path) for mutation in tried]
    wrong = [
        (each.name, result["fault"]) for each, result in zip(tried, found, strict=True) if not is_expected(each, result)
    ]
    assert tried
    assert wrong == []


def test_both_verifiers_name_the_same_fault_in_the_same_place(corpus: Corpus, tmp_path: Path) -> None:
    for is_of_receipts in (False, True):
        families = [name for name in FAMILIES if (name == "receipts") is is_of_receipts and name != "bombs"]
        tried = [mutation for name in families for mutation in some_of(corpus, name, TO_BOTH)]
        keys = corpus.keys_of(families[0])
        files = [tmp_path / f"{is_of_receipts}-{number}" for number in range(len(tried))]
        for file, mutation in zip(files, tried, strict=True):
            file.write_bytes(mutation.file)
        given = tmp_path / "keys.txt"
        given.write_text("".join(f"{key}\n" for key in keys), "utf-8")
        ours = [verdict(verified(mutation, keys, tmp_path)) for mutation in tried]
        theirs = [verdict(found) for found in verify_with_node(files, given)]
        assert [
            (mutation.name, one, other)
            for mutation, one, other in zip(tried, ours, theirs, strict=True)
            if one != other
        ] == []


def verdict(result: dict[str, Any]) -> tuple[Any, ...]:
    """What two verifiers agree in."""
    fault: Json = result["fault"] or {}
    return result["result"], result["kind"], fault.get("code"), fault.get("place")
