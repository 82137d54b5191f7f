"""What we rely on inside asyncpg, which its documentation does not promise."""

import inspect
import re
from pathlib import Path

import asyncpg
import pytest
from asyncpg import connect_utils

from service.configuration.libpq import LIBPQ
from service.configuration.settings import forget_libpq


def test_a_connection_is_made_of_a_protocol_and_its_transport() -> None:
    assert list(inspect.signature(asyncpg.Connection.__init__).parameters)[:3] == ["self", "protocol", "transport"]


def test_we_know_every_variable_that_asyncpg_reads() -> None:
    source = Path(connect_utils.__file__).read_text("utf-8")
    asked = re.findall(r"""(?:os\.getenv\(|os\.environ\.get\(|os\.environ\[)\s*["'](\w+)["']""", source)
    assert {name for name in asked if name.startswith("PG")} == LIBPQ


def test_variables_of_libpq_are_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LIBPQ:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PGSSLMODE", "disable")
    monkeypatch.setenv("PGPASSWORD", "")
    assert forget_libpq() == ["PGPASSWORD", "PGSSLMODE"]
    assert forget_libpq() == []
