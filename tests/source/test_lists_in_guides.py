"""What a guide lists by hand is all that the code has: events, codes, calls, operations and projections."""

import re
from typing import get_args

from projections.keeping.every import ALL
from schemas.api.operations import OPERATIONS
from schemas.describe.files import event_tags
from schemas.events import Event
from service.api.catalogue import ROUTES
from service.api.openapi.route_refusals import FIELD_CODES
from service.api.refusals.table import TABLE
from tests.source.code import ROOT
from tests.source.guides import block

CONTRACT = "schemas/CONTRACT.md"
DESIGN = "service/DESIGN.md"


def section(guide: str, title: str) -> str:
    """The text below one heading, up to the next heading."""
    text = (ROOT / guide).read_text("utf-8")
    _, found, rest = text.partition(f"# {title}\n")
    assert found, f"{guide} has no heading {title}"
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(guide: str, title: str) -> list[list[str]]:
    """The cells of the tables below one heading, without the heads."""
    lines = [line for line in section(guide, title).splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    is_rule = [row[0] == "---" for row in cells]
    return [row for row, *rules in zip(cells, is_rule, [*is_rule[1:], False], strict=True) if not any(rules)]


def quoted(cell: str) -> list[str]:
    """The words of a cell between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def test_the_design_says_of_every_event_what_it_means() -> None:
    names = {kind.__name__ for kind in get_args(Event)}
    assert {quoted(row[0])[0] for row in rows(DESIGN, "3. Events")} == names, f"{DESIGN} section 3, the table"
    assert f"There are {len(names)}." in section(DESIGN, "3. Events"), f"{DESIGN} section 3, how many there are"


def test_the_contract_lists_the_messages_of_every_event() -> None:
    listed = {word for row in rows(CONTRACT, "11.4 Events on NATS") for word in quoted(row[1])}
    assert listed == {tag.partition("/")[0] for tag in event_tags()}, f"{CONTRACT} section 11.4, the table"


def test_the_contract_lists_every_code_with_its_statuses() -> None:
    listed: set[tuple[str, int]] = set()
    for codes, statuses, *_ in rows(CONTRACT, "4.1 Codes"):
        numbers = [int(number) for number in re.findall(r"\b\d{3}\b", statuses)]
        names = quoted(codes)
        listed |= set(zip(names, numbers if len(numbers) > 1 else numbers * len(names), strict=True))
    sent = {(row.code, row.status) for row in TABLE.values()} | {(code, 400) for code in FIELD_CODES}
    assert listed == sent, f"{CONTRACT} section 4.1, the table"


def test_the_contract_names_the_path_of_every_call() -> None:
    text = (ROOT / CONTRACT).read_text("utf-8")
    paths = {route.path.removeprefix("/v1") for route in ROUTES if route.tag != "Aliases"}
    missing = [path for path in sorted(paths) if f"`{path}" not in text and f"`/{path.rpartition('/')[2]}`" not in text]
    assert missing == [], f"{CONTRACT} section 6, a row or a rule for each of these"


def test_the_clients_guide_shows_every_call_once() -> None:
    shown = re.findall(r"call \w+ (\w+) [\"']?([^\s\"'?)]+)", block("schemas/README.md", "sh"))
    for route in ROUTES:
        path = re.compile(re.sub(r"\{\w+\}", r"[^/]+", route.path.removeprefix("/v1/")))
        is_shown = any(method == route.method and path.fullmatch(asked) for method, asked in shown)
        assert is_shown, f'schemas/README.md, "Every endpoint once": a line that calls {route.method} {route.path}'


def test_the_contract_lists_every_operation_with_its_call() -> None:
    cells = [cell for row in rows(CONTRACT, "11.5 Requests over NATS") for cell in row]
    listed = {
        (name, method, path)
        for names, calls in zip(cells[::2], cells[1::2], strict=True)
        for name in quoted(names)
        for method, path in re.findall(r"(\w+) `(/[^`]+)`", calls)
    }
    due = set[tuple[str, str, str]]()
    for each in OPERATIONS:
        path = each.path.removeprefix("/v1")
        for variable, field in each.in_path.items():
            path = path.replace(f"{{{variable}}}", f"{{{field}}}")
        due.add((each.name, each.method, path))
    assert listed == due, f"{CONTRACT} section 11.5, the table"


def test_the_design_names_every_projection() -> None:
    _, found, rest = section(DESIGN, "5. The read path").partition("**Projections.** ")
    assert found
    listed = quoted(rest.partition(", each in a schema of its own")[0])
    assert listed == [projection.name for projection in ALL], f"{DESIGN} section 5, the projections"
