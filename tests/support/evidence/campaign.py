"""Verifies every mutation there is, and prints what was caught: python -m tests.support.evidence.campaign URL URL.

The addresses are of two empty, migrated databases. It takes some minutes.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from service.evidence.verifying.verify import parse_key, verify
from tests.support.evidence.bundles import a_told_log
from tests.support.evidence.corpus import FAMILIES, Corpus, a_corpus
from tests.support.evidence.mutations import Mutation
from tests.support.evidence.receipts import a_sealed_life


async def a_corpus_of_logs(told_url: str, life_url: str, directory: Path) -> Corpus:
    """The corpus of two logs, which are written into these empty databases."""
    for name in ("told", "life"):
        (directory / name).mkdir()
    async with a_told_log(told_url, directory / "told") as told, a_sealed_life(life_url, directory / "life") as life:
        return await a_corpus(told, life, directory)


def verified(mutation: Mutation, keys: list[str], directory: Path) -> dict[str, Any]:
    """What verify.py finds of a mutation, with these keys of the log."""
    file = directory / "mutation"
    file.write_bytes(mutation.file)
    return verify(file, list(map(parse_key, keys)), []).as_json()


def is_expected(mutation: Mutation, result: dict[str, Any]) -> bool:
    """Whether the verifier found what is wrong, where it is."""
    fault = result["fault"]
    if fault is None or not mutation.codes:
        return fault is None and not mutation.codes
    return fault["code"] in mutation.codes and mutation.place in (None, fault["place"])


def main(told_url: str, life_url: str) -> None:
    """Verify all of them."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        corpus = asyncio.run(a_corpus_of_logs(told_url, life_url, directory))
        for family in FAMILIES:
            count = harmless = wrong = 0
            for mutation in corpus.family(family):
                result = verified(mutation, corpus.keys_of(family), directory)
                count, harmless = count + 1, harmless + (not mutation.codes)
                if not is_expected(mutation, result):
                    wrong += 1
                    print(f"  {mutation.name}: {result['fault']}, not {sorted(mutation.codes)} at {mutation.place}")
            print(f"{family}: {count} mutations, {harmless} of them harmless, {wrong} not as expected")


if __name__ == "__main__":
    main(*sys.argv[1:])
