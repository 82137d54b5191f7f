"""The change log names what an operator or a client can name, and could not before; and what is no longer there."""

import re
from fnmatch import fnmatchcase

from tests.source.code import ROOT
from tests.source.told_names import names

LOG = (ROOT / ".github/CHANGELOG.md").read_text("utf-8")
TOLD = [" ".join(word.split()) for word in re.findall(r"`([^`]+)`", LOG)]
BEFORE = set((ROOT / "tests/source/told_before.txt").read_text("utf-8").splitlines())


def test_what_is_new_or_gone_has_an_entry_in_the_change_log() -> None:
    """A setting, command, option, metric, call, operation or error code, in backquotes; `*` is allowed."""
    changed = sorted(names() ^ BEFORE)
    assert [name for name in changed if not is_told(name)] == [], "name it in .github/CHANGELOG.md"


def is_told(name: str) -> bool:
    """Whether a word of the change log is this name, or a pattern for it that is not for everything."""
    return any(fnmatchcase(name, word) for word in TOLD if not word.startswith("*"))


def test_a_name_that_nobody_wrote_is_not_told() -> None:
    assert not is_told("NUMBERING_NO_SUCH_SETTING")
    assert not is_told("numbering no-such-command")
    assert is_told("NUMBERING_METRICS_PORT")
