"""A pod without a cluster: the process of its container, with directories in place of its volumes."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import aiohttp

from service.embedded.data_directory import free_port
from tests.support.generated.tools import ROOT
from tests.support.kubernetes.manifests import (
    Object,
    container_of,
    environment_of,
    label,
    mounts_of,
    pod_of,
)
from tests.support.kubernetes.secret_volume import SecretVolume
from tests.support.kubernetes.service_links import service_links

PAUSE_SECONDS: Final = 0.05
LINKED: Final = ("numbering", "numbering-web", "numbering-nats", "numbering-database", "nats")
"""Services of a namespace whose variables the container is given, as where `enableServiceLinks` is left out."""

Secrets = Mapping[str, Mapping[str, bytes]]
"""By the name of a Secret its keys and what they hold."""


@dataclass(frozen=True)
class Cluster:
    """What the manifests find in a cluster: Secrets; and by setting what of its value stands for what is here."""

    overlay: str
    directory: Path
    secrets: Secrets
    addresses: Mapping[str, tuple[re.Pattern[str], str]]


class Pod:
    """One pod of a Deployment or a Job."""

    def __init__(self, cluster: Cluster, workload: Object) -> None:
        self.role = label(workload, "component")
        self._workload = workload
        self._place = cluster.directory / self.role
        self.volumes: dict[str, SecretVolume] = {}
        self._mount(cluster)
        self.environment = self._given(cluster)
        self.log_file = cluster.directory / f"{self.role}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start its process."""
        command = self._command(container_of(self._workload)["args"])
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, cwd="/")

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return [*_as_the_service(), sys.executable, "-m", "service", *arguments]

    def run(self, *arguments: str) -> str:
        """What a command in its container prints, as `kubectl exec` does. Fails with what it said if it fails."""
        ended = subprocess.run(
            self._command(arguments), env=self.environment, capture_output=True, text=True, check=False, cwd="/"
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def ended(self) -> int:
        """Its exit status, once it has ended by itself."""
        assert self._process is not None
        return self._process.wait(timeout=60)

    def stop(self) -> int:
        """Its exit status after SIGTERM; it is killed after the time that the manifest gives it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=pod_of(self._workload)["terminationGracePeriodSeconds"])
        finally:
            self._process.kill()

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def said(self) -> str:
        """What it wrote."""
        return self.log_file.read_text()

    async def probed(self, name: str) -> None:
        """Return once this probe of the manifest succeeds; fails when the kubelet would end or give up the pod."""
        probe = container_of(self._workload)[f"{name}Probe"]
        deadline = time.monotonic() + probe["periodSeconds"] * probe["failureThreshold"]
        url = f"{self.url(probe['httpGet']['port'])}{probe['httpGet']['path']}"
        found: object = None
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(probe["timeoutSeconds"])) as session:
            while time.monotonic() < deadline:
                assert self._process is not None
                assert self._process.poll() is None, self.said()
                try:
                    async with session.get(url) as response:
                        found = f"{response.status} {await response.text()}"
                        if response.ok:
                            return
                except (aiohttp.ClientError, OSError) as error:
                    found = repr(error)
                await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError(f"{self.role}: {url} answers {found}\n{self.said()}")

    def url(self, port: str) -> str:
        """Where this named port of the container answers here."""
        variable = {"http": "NUMBERING_PORT", "metrics": "NUMBERING_METRICS_PORT"}[port]
        return f"http://127.0.0.1:{self.environment[variable]}"

    def _mount(self, cluster: Cluster) -> None:
        self._place.mkdir()
        self._place.chmod(0o755)
        for path, volume in mounts_of(self._workload):
            here = self._place / path.lstrip("/")
            if "emptyDir" in volume or "persistentVolumeClaim" in volume:
                here.mkdir(parents=True)
                here.chmod(0o777)
            else:
                self.volumes[path] = SecretVolume(
                    here, cluster.secrets[volume["secret"]["secretName"]], owner_of_secrets()
                )

    def _given(self, cluster: Cluster) -> dict[str, str]:
        given = environment_of(cluster.overlay, self._workload)
        for name, (there, here) in cluster.addresses.items():
            if name in given:
                given[name], times = there.subn(here, given[name])
                assert times == 1
        # What follows is all that differs from the container: other ports, and other directories.
        given |= {name: str(free_port()) for name in ("NUMBERING_PORT", "NUMBERING_METRICS_PORT")}
        for path, _ in mounts_of(self._workload):
            here = str(self._place / path.lstrip("/"))
            given |= {name: value.replace(path, here) for name, value in given.items() if value.startswith(path)}
        links = {name: value for service in LINKED for name, value in service_links(service).items()}
        return links | given | {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(self._place / "tmp")}


SERVICE: Final = 65532
DEMOTED: Final = (
    "setpriv",
    f"--reuid={SERVICE}",
    f"--regid={SERVICE}",
    "--clear-groups",
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search",
)
"""Run as the user of the container, which may read the interpreter wherever it lies, as in the home of root."""


@cache
def _as_the_service() -> tuple[str, ...]:
    """What runs a command as the user of the container; nothing where we may not become it."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        return ()
    trial = subprocess.run(
        [*DEMOTED, sys.executable, "-c", "import service"], cwd=ROOT, capture_output=True, check=False
    )
    return DEMOTED if trial.returncode == 0 else ()


def owner_of_secrets() -> tuple[int, int] | None:
    """Root and the group of the service, as `fsGroup` has it; none where the service runs as this user."""
    return (0, SERVICE) if _as_the_service() else None
