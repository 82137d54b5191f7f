"""The verifier in one page: its script under node, over real bundles and receipts; and the page itself in a browser."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Page

from projections.reports.as_of import AtPosition
from schemas.values import Mode, Position
from service.evidence.signatures import LogSigner
from tests.support.domain.commands import OTHER_FIRM
from tests.support.evidence.browser import a_browser
from tests.support.evidence.bundles import ToldLog, a_bundle, a_told_log
from tests.support.evidence.page import PAGE, verify_with_node, with_digests
from tests.support.evidence.receipts import GAPS, LIVES, a_sealed_life
from tests.support.evidence.rezipped import with_member

SCRIPT = '<img src=x onerror="document.title=1">.txt'


@pytest_asyncio.fixture
async def told(database_url: str, tmp_path: Path) -> AsyncIterator[ToldLog]:
    """The log with every kind of event."""
    async with a_told_log(database_url, tmp_path) as made:
        yield made


def test_the_page_runs_no_script_and_loads_nothing_but_its_own() -> None:
    page = PAGE.read_text("utf-8")
    assert page == with_digests(page), "run `python -m tests.support.evidence.page`"
    assert "default-src 'none'" in page
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|https?://", page)


def test_the_page_says_everything_in_both_languages() -> None:
    page = PAGE.read_text("utf-8")
    written = re.findall(r'^  "?[\w-]+"?: (\["(?:[^"\\]|\\.)*",\s+"(?:[^"\\]|\\.)*"\]),$', page, re.MULTILINE)
    for english, romanian in map(json.loads, written):
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", romanian)), english
        assert not set("şţŞŢ") & set(romanian), romanian
    codes = re.findall(r'(?:Fault|refuseEvent)\("([a-z-]+)"', page)
    texts = page[page.index("const FAULTS") : page.index("const LANGUAGES")]
    assert [code for code in codes if f'"{code}": [' not in texts] == []


async def test_node_verifies_bundles_of_every_kind(told: ToldLog, tmp_path: Path) -> None:
    kinds: list[dict[str, Any]] = [
        {},
        {"has_bodies": True},
        {"series": ("FACT",)},
        {"firm_id": OTHER_FIRM},
        {"mode": Mode.TEST},
        *({"as_of": AtPosition(Position(position))} for position in (0, 1, 21, 22)),
    ]
    files = [await a_bundle(told.log, tmp_path / f"{i}.zip", **asked) for i, asked in enumerate(kinds)]
    trusted, others = tmp_path / "trusted", tmp_path / "others"
    trusted.write_text(f"{told.log_keys[0]}\n{told.witness_keys[0]}\n")
    others.write_text(f"{LogSigner(told.log_keys[0].name, bytes(32)).verifier_key}\n")

    assert [found["fault"] for found in verify_with_node(files, trusted)] == [None] * len(files)
    (found,) = verify_with_node(files[:1])
    assert "whether the keys are those of the log: they are from the file itself" in found["not_checked"]
    (found,) = verify_with_node(files[:1], others)
    assert (found["fault"]["code"], found["fault"]["place"]) == ("key-chain", {"member": "keys.txt", "line": 1})
    others.write_text("no key\n")
    assert verify_with_node(files[:1], others) == [{"error": "bad-keys"}]


async def test_node_verifies_receipts_of_every_life(database_url: str, tmp_path: Path) -> None:
    async with a_sealed_life(database_url, tmp_path) as life:
        made = [await life.receipt(number) for number in LIVES.values()]
        made += [await life.gap(*numbers) for numbers in GAPS.values()]
        trusted = tmp_path / "trusted"
        trusted.write_text("\n".join(life.trusted()))
    made[-1]["events"][1]["record"] = made[-1]["events"][1]["record"].replace(":18", ":17", 1)
    files = [tmp_path / f"{i}.json" for i in range(len(made))]
    for file, receipt in zip(files, made, strict=True):
        file.write_text(json.dumps(receipt))

    *found, changed = verify_with_node(files, trusted)
    assert [each["fault"] for each in found] == [None] * len(found)
    assert changed["fault"]["code"] in {"event-order", "proof"}


async def test_a_browser_shows_what_it_verified_and_what_is_wrong(told: ToldLog, tmp_path: Path) -> None:
    right = await a_bundle(told.log, tmp_path / "right.zip")
    wrong = with_member(
        right, tmp_path / "wrong.zip", "events.jsonl", lambda old: old.replace(b'"last":10', b'"last":11')
    )
    hostile = with_member(right, tmp_path / "hostile.zip", SCRIPT, lambda _: b"")
    async with a_browser() as browser:
        page = await (await browser.new_context(locale="en-GB")).new_page()
        asked = list[str]()
        page.on("request", lambda request: asked.append(request.url))

        assert "The file agrees with itself" in await verdict_of(page, right)
        assert "SHA256:" in await page.inner_text("#found")
        assert "Verified" in await verdict_of(page, right, f"{told.log_keys[0]}\n{told.witness_keys[0]}")
        assert "21 taken = 3 on documents that count" in await page.inner_text("#found")
        await page.click("#to-ro")
        assert "Verificat" in await page.inner_text("#verdict")
        assert "21 luate = 3 pe documente valabile" in await page.inner_text("#found")

        assert "notes.jsonl, line 5" in await verdict_of(page, wrong)
        assert await page.inner_text("#found") == ""
        assert SCRIPT in await verdict_of(page, hostile)
        assert await page.title() == "Verify a bundle or a receipt"
        assert set(asked) == {PAGE.as_uri()}


async def verdict_of(page: Page, file: Path, keys: str = "") -> str:
    """What the page says of this file, opened anew from disk."""
    await page.goto(PAGE.as_uri())
    await page.fill("#keys", keys)
    await page.set_input_files("#file", file)
    await page.wait_for_selector("#verdict h2")
    return await page.inner_text("#verdict")
