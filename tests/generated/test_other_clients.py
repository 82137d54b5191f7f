"""Clients in other languages: made without a warning, and compiled where this machine has the compiler."""

import re
from pathlib import Path

from tests.support.generated.tools import LANGUAGES, run, tool_chain


def test_openapi_generator_makes_every_client_without_a_warning(openapi_generator: Path) -> None:
    log = (openapi_generator / "log").read_text()

    assert [line for line in log.splitlines() if "WARN" in line or "ERROR" in line] == []
    assert all((openapi_generator / name / ".openapi-generator" / "FILES").exists() for name in LANGUAGES)


def test_the_go_client_compiles(openapi_generator: Path) -> None:
    go, made = tool_chain("go"), openapi_generator / "go"
    (made / "go.mod").write_text("module numbering\n\ngo 1.18\n")  # its tests need more, which come from the network
    for test in made.glob("test/*"):
        test.unlink()

    run([go, "build", "./..."], made, environment={"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local"})


def test_every_file_of_the_php_client_is_php(openapi_generator: Path) -> None:
    php = tool_chain("php")
    for file in (openapi_generator / "php" / "lib").rglob("*.php"):
        run([php, "-l", file])


def test_no_client_keeps_numbers_in_32_bits(openapi_generator: Path) -> None:
    """The largest number and the largest amount need 53 bits."""
    go = [*(openapi_generator / "go").glob("model_*.go"), *(openapi_generator / "go").glob("api_*.go")]
    java = list((openapi_generator / "java" / "src" / "main").rglob("model/*.java"))

    assert len(go) > 50
    assert len(java) > 50
    assert [file.name for file in go if re.search(r"\b(int32|float32)\b", file.read_text())] == []
    assert [file.name for file in java if re.search(r"\b(private|public) (Integer|Float)\b", file.read_text())] == []
