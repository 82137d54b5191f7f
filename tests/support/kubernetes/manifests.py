"""The manifests of deploy/kubernetes, as `kubectl kustomize` renders an overlay."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tests.support.generated.tools import ROOT, python_programs, run

MANIFESTS: Final = ROOT / "deploy" / "kubernetes"
OVERLAYS: Final = ("small", "production")
CONTAINER: Final = "numbering"

Object = dict[str, Any]


@cache
def programs() -> Path:
    """The folder with kubectl and kubernetes-validate; the test is skipped where they cannot be installed."""
    return python_programs(ROOT / "tests" / "deploy" / "kubernetes" / "requirements.txt", "kubernetes")


@cache
def rendered(overlay: str) -> str:
    """The manifests of this overlay as YAML."""
    return run([programs() / "kubectl", "kustomize", MANIFESTS / "overlays" / overlay])


@cache
def objects(overlay: str) -> tuple[Object, ...]:
    """The objects of this overlay."""
    return tuple(yaml.safe_load_all(rendered(overlay)))


def of_kind(overlay: str, *kinds: str) -> list[Object]:
    """The objects of these kinds."""
    return [each for each in objects(overlay) if each["kind"] in kinds]


def workloads(overlay: str) -> dict[str, Object]:
    """By role what runs pods: the Deployments, and the Job."""
    return {label(each, "component"): each for each in of_kind(overlay, "Deployment", "Job")}


def label(thing: Object, name: str) -> str:
    """One of its labels `app.kubernetes.io/...`."""
    return str(thing["metadata"]["labels"][f"app.kubernetes.io/{name}"])


def pod_of(workload: Object) -> Object:
    """The specification of its pods."""
    pod: Object = workload["spec"]["template"]["spec"]
    return pod


def container_of(workload: Object) -> Object:
    """The one container of its pods."""
    [container] = pod_of(workload)["containers"]
    assert container["name"] == CONTAINER
    found: Object = container
    return found


def environment_of(overlay: str, workload: Object) -> dict[str, str]:
    """The variables that the kubelet gives this container; later sources win, and `env` over them all."""
    maps = {each["metadata"]["name"]: each["data"] for each in of_kind(overlay, "ConfigMap")}
    found: dict[str, str] = {}
    container = container_of(workload)
    for source in container["envFrom"]:
        found |= maps[source["configMapRef"]["name"]]
    for each in container["env"]:
        # `$(NAME)` stands for the value of a variable before it.
        found[each["name"]] = re.sub(r"\$\((\w+)\)", lambda of: found[of[1]], each["value"])
    return found


def mounts_of(workload: Object) -> Iterator[tuple[str, Object]]:
    """Each directory of the container with the volume that is mounted there."""
    volumes = {each["name"]: each for each in pod_of(workload)["volumes"]}
    for mount in container_of(workload)["volumeMounts"]:
        assert "subPath" not in mount, "a running process would not see a Secret that changes"
        yield mount["mountPath"], volumes.pop(mount["name"])
    assert not volumes, "volumes that no container mounts"
