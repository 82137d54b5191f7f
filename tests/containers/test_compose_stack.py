"""The image and the compose files on a container engine: everything starts, the demo plays, and each part may stop.

By hand, because it takes minutes: NUMBERING_TEST_IMAGE=1, and ENGINE, COMPOSE and the images of the compose files as
variables where they are not those of Docker. The stack has a project name of its own, and is removed with its volumes.
"""

import http.client
import json
import os
import subprocess
import threading
import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from service.embedded.data_directory import free_port
from tests.source.code import ROOT
from tests.support.service.command_line import run_apart
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(
    "NUMBERING_TEST_IMAGE" not in os.environ, reason="NUMBERING_TEST_IMAGE=1 runs it, on a container engine"
)

PROJECT: Final = "numbering-test"
FILES: Final = ("compose.yaml", "https.yaml", "watch.yaml")
PARTS: Final = ("postgres", "nats", "web", "requests", "relay", "project")
START_SECONDS_MAX: Final = 600
SECONDS_MAX: Final = 240.0
TOLD: Final = {
    "postgres": "NumberingDatabaseIsAway",
    "nats": "NumberingNatsIsAway",
    "web": "NumberingWebIsGone",
    "requests": "NumberingRequestsAreGone",
    "relay": "NumberingRelayIsGone",
    "project": "NumberingProjectIsGone",
}
"""The rule that tells of each stopped part. It is pending first, and fires when its time is over."""


@dataclass(frozen=True)
class Stack:
    """The containers of one run."""

    environment: Mapping[str, str]
    engine: str
    compose: tuple[str, ...]
    port: int
    prometheus_port: int

    def run(self, *words: str, seconds: float = SECONDS_MAX) -> str:
        """The standard output of a command that must succeed."""
        ended = subprocess.run(
            words, env=self.environment, capture_output=True, text=True, timeout=seconds, check=False, cwd=ROOT
        )
        assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def operator(self, *words: str) -> str:
        """What a command of the operator prints."""
        return self.run(*self.compose, "run", "--rm", "-T", "operator", *words)

    def container(self, part: str) -> dict[str, Any]:
        """What the engine knows of a container."""
        [found] = json.loads(self.run(self.engine, "inspect", f"{PROJECT}-{part}-1"))
        assert isinstance(found, dict)
        return found

    def pending_alerts(self) -> set[str]:
        """The names of the rules whose condition holds now."""
        _, content = exchanged(self.prometheus_port, "GET", "/api/v1/alerts")
        return {each["labels"]["alertname"] for each in json.loads(content)["data"]["alerts"]}


def exchanged(port: int, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
    """Status and body of an answer. Raises OSError and HTTPException."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def stack() -> Generator[Stack]:
    """All files, started with the one command of the guide."""
    ports = {name: str(free_port()) for name in ("HTTP_PORT", "HTTPS_PORT", "REDIRECT_PORT", "PROMETHEUS_PORT")}
    environment = os.environ | ports | {"COMPOSE_PROJECT_NAME": PROJECT, "DOMAIN": "localhost"}
    engine = environment.get("ENGINE", "docker")
    first, *more = [word for name in FILES for word in ("--file", f"deploy/compose/{name}")][1:]
    compose = (*environment.get("COMPOSE", "docker compose").split(), "--file", first, *more)
    made = Stack(
        environment,
        engine,
        compose,
        int(ports["HTTP_PORT"]),
        int(ports["PROMETHEUS_PORT"]),
    )
    with asked_how_they_are(made):
        try:
            made.run("deploy/compose/up", *more, seconds=START_SECONDS_MAX)
            yield made
        finally:
            subprocess.run((*compose, "down", "--volumes"), env=environment, check=False, cwd=ROOT, timeout=120)


class asked_how_they_are:  # noqa: N801 - used as a function
    """Run the health checks for the block where the engine does not: podman leaves that to systemd."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._ended = threading.Event()
        self._asking = threading.Thread(target=self._ask)

    def __enter__(self) -> None:
        if "podman" in self._stack.engine and not Path("/run/systemd/system").exists():
            self._asking.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._asking.is_alive():
            self._asking.join()

    def _ask(self) -> None:
        label = f"label=com.docker.compose.project={PROJECT}"
        while not self._ended.wait(2):
            ids = subprocess.run(
                (self._stack.engine, "ps", "-q", "--filter", label), capture_output=True, text=True, check=False
            ).stdout
            for each in ids.split():
                subprocess.run((self._stack.engine, "healthcheck", "run", each), capture_output=True, check=False)


@pytest.fixture(scope="module")
def demo(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The demo firm, after a day was played in a container and one from outside."""
    said = stack.operator("demo", "--make-firm", "--base-url", "http://web:8080")
    assert "The equation holds" in said
    file = tmp_path_factory.mktemp("demo") / "demo.json"
    stack.run(stack.engine, "cp", f"{PROJECT}-web-1:/var/lib/numbering/demo.json", str(file))
    address = f"http://127.0.0.1:{stack.port}"
    outside = run_apart(("demo", "--base-url", address, "--demo-file", str(file)), os.environ)
    assert "The equation holds" in outside.stdout, outside
    found: dict[str, str] = json.loads(file.read_text())
    return found


def ask(stack: Stack, key: str, path: str, body: object) -> tuple[int, Any]:
    """Status and `data` of an answer; status 0 if nobody answers."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    headers["Idempotency-Key"] = str(uuid.uuid4())
    try:
        status, content = exchanged(stack.port, "POST", path, body, **headers)
    except (OSError, http.client.HTTPException):
        return 0, None
    return status, json.loads(content).get("data")


def issued(stack: Stack, key: str, series: str) -> int:
    """The status of one more invoice in this series."""
    body = {
        "series_id": series,
        "client_data": {"type": "b2c", "name": "Walk-in customer"},
        "items": [{"description": "Coffee", "quantity": 1, "price": 9.5}],
    }
    return ask(stack, key, "/v1/invoices", body)[0]


def a_series(stack: Stack, key: str) -> str:
    name = f"C-{uuid.uuid4().hex[:6].upper()}"
    status, data = ask(stack, key, "/v1/invoice-series", {"name": name, "document_type": "fiscal"})
    assert status == 201
    return str(data["id"])


def test_the_demo_plays_inside_and_from_outside(demo: dict[str, str]) -> None:
    assert demo["firm_id"]


@pytest.mark.parametrize("part", [*PARTS, "proxy", "prometheus"])
def test_a_container_is_not_root_and_cannot_write_its_file_system(stack: Stack, part: str) -> None:
    found = stack.container(part)
    assert found["Config"]["User"].split(":")[0] not in {"", "0", "root"}
    assert found["HostConfig"]["ReadonlyRootfs"] is True
    status = Path(f"/proc/{found['State']['Pid']}/status").read_text()
    uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
    assert "0" not in uids
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status


async def test_https_answers_and_a_stranger_is_led_to_it(stack: Stack) -> None:
    port = stack.environment["HTTPS_PORT"]
    said = stack.run("curl", "--silent", "--show-error", "--insecure", f"https://localhost:{port}/healthz")
    assert json.loads(said)["data"]["status"] == "ok"
    head = stack.run("curl", "--silent", "--head", f"http://localhost:{stack.environment['REDIRECT_PORT']}/healthz")
    assert "Location: https://localhost" in head


@pytest.mark.parametrize("part", PARTS)
async def test_a_part_that_stops_is_told_and_survived(stack: Stack, demo: dict[str, str], part: str) -> None:
    key = demo["live_key"]
    series = a_series(stack, key)
    assert issued(stack, key, series) == 201

    stack.run(*stack.compose, "stop", part)
    assert stack.container(part)["State"]["ExitCode"] == 0
    status = issued(stack, key, series)
    assert status == {"web": 0, "postgres": 503}.get(part, 201)
    await until(lambda: TOLD[part] in stack.pending_alerts(), f"the alert of {part}", seconds_max=SECONDS_MAX)

    stack.run(*stack.compose, "start", part)
    await until(lambda: issued(stack, key, series) == 201, f"a number after {part}", seconds_max=SECONDS_MAX)
    await until(lambda: TOLD[part] not in stack.pending_alerts(), f"{part} is back", seconds_max=SECONDS_MAX)


async def test_all_that_was_issued_is_published_and_accounted_for(stack: Stack, demo: dict[str, str]) -> None:
    assert demo
    for source in ((), ("--stream",)):
        said = stack.operator("replay", "--quiet", *source)
        assert "Error" not in said
    stack.operator("rebuild", "all")
    stack.operator("check")
