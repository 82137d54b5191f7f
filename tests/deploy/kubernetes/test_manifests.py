"""The manifests for Kubernetes are valid, and say what the service is: its commands, settings, files and ports."""

import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
import yaml

from service.__main__ import numbering
from service.configuration.settings import Settings, read_settings
from service.wiring import READ_SECONDS_MAX
from tests.source.code import ROOT
from tests.support.kubernetes.manifests import (
    OVERLAYS,
    Object,
    container_of,
    environment_of,
    label,
    mounts_of,
    of_kind,
    pod_of,
    workloads,
)
from tests.support.kubernetes.rules import FILE, rules
from tests.support.kubernetes.service_links import service_links

RUNNING = {"web", "requests", "relay", "project"}
OWNERS = {"migrate", "operator"}
ROLES = RUNNING | OWNERS
pytestmark = pytest.mark.parametrize("overlay", OVERLAYS)


def running(overlay: str) -> list[Object]:
    """The Deployments whose processes answer probes."""
    return [workloads(overlay)[role] for role in sorted(RUNNING)]


def test_every_role_has_its_pods(overlay: str) -> None:
    assert set(workloads(overlay)) == ROLES
    for role in ROLES - {"operator"}:
        workload = workloads(overlay)[role]
        command = numbering.make_context("numbering", list(container_of(workload)["args"]), resilient_parsing=True)
        assert isinstance(command.command, click.Group)
        name, found, left = command.command.resolve_command(command, list(container_of(workload)["args"]))
        assert name == {"web": "serve"}.get(role, role)
        assert found is not None
        found.make_context(name or "", left)


def test_every_variable_is_a_setting_and_every_value_is_right(overlay: str, tmp_path: Path) -> None:
    present = tmp_path / "file"
    present.write_text("text")
    present.chmod(0o600)
    for workload in workloads(overlay).values():
        given = environment_of(overlay, workload)
        files = {name for name, value in given.items() if value.startswith("/etc/")}
        assert read_settings(given | dict.fromkeys(files, str(present))) != Settings()


def test_every_file_of_a_setting_is_in_a_directory_that_is_mounted(overlay: str) -> None:
    for workload in workloads(overlay).values():
        given = environment_of(overlay, workload)
        places = dict(mounts_of(workload))
        paths = [value for name, value in given.items() if name.endswith("_FILE")]
        paths += re.findall(r"sslrootcert=([^&]+)", given["NUMBERING_DATABASE_URL"])
        assert {str(Path(each).parent) for each in paths} <= set(places)
        # What is mounted is used: a Secret in a pod that does not need it is one more place to steal it from.
        used = {str(Path(each).parent) for each in paths} | {given["NUMBERING_DATA_DIR"], "/tmp"}  # noqa: S108
        assert set(places) <= used


def test_only_what_prepares_and_what_an_operator_does_has_the_login_of_the_owner(overlay: str) -> None:
    for role, workload in workloads(overlay).items():
        url = urlsplit(environment_of(overlay, workload)["NUMBERING_DATABASE_URL"])
        secret = dict(mounts_of(workload))["/etc/numbering/database"]["secret"]["secretName"]
        owner = ("numbering", "invoice-numbering-database-owner")
        assert (url.username, secret) == (
            owner if role in OWNERS else ("numbering_service", "invoice-numbering-database")
        )
        assert "password" not in str(container_of(workload)["env"]).lower()


def test_the_pods_are_of_the_strictest_kind(overlay: str) -> None:
    for workload in workloads(overlay).values():
        pod, container = pod_of(workload), container_of(workload)
        assert pod["serviceAccountName"] == "invoice-numbering"
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC", "hostAliases"} & set(pod)
        allowed = {"emptyDir", "secret", "persistentVolumeClaim"}
        assert all(set(volume) - {"name"} <= allowed for volume in pod["volumes"])
        assert pod["securityContext"] == {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "fsGroup": 65532,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"cpu", "memory"} == set(container["resources"]["requests"]) == set(container["resources"]["limits"])


def test_secrets_are_open_to_the_group_of_the_service_and_to_nobody_else(overlay: str) -> None:
    for workload in workloads(overlay).values():
        for path, volume in mounts_of(workload):
            source = volume.get("secret")
            assert (source is not None) == path.startswith("/etc/")
            assert source is None or source["defaultMode"] == 0o440


def test_the_job_is_named_after_the_release(overlay: str) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    [job] = of_kind(overlay, "Job")
    assert job["metadata"]["name"] == f"invoice-numbering-migrate-{version}"
    for workload in workloads(overlay).values():
        image, _, _digest = container_of(workload)["image"].partition("@")
        assert image.endswith(f"/invoice-numbering:{version}")
        assert label(workload, "version") == label(workload["spec"]["template"], "version") == version


def test_no_probe_that_ends_a_process_asks_what_is_outside_of_it(overlay: str) -> None:
    for workload in running(overlay):
        container = container_of(workload)
        ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
        given = environment_of(overlay, workload)
        assert ports["metrics"] == given["NUMBERING_METRICS_PORT"]
        assert ports.get("http", given["NUMBERING_PORT"]) == given["NUMBERING_PORT"]
        for probe, path in {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}.items():
            assert container[f"{probe}Probe"]["httpGet"] == {"path": path, "port": "metrics"}


def test_a_pod_has_the_time_to_answer_what_it_took(overlay: str) -> None:
    for workload in running(overlay):
        settings = environment_of(overlay, workload)
        drain = int(settings.get("NUMBERING_DRAIN_SECONDS", "0"))
        assert (drain > 0) == (label(workload, "component") == "web")
        at_most = drain + Settings().command_timeout_seconds + READ_SECONDS_MAX
        assert pod_of(workload)["terminationGracePeriodSeconds"] > at_most


def test_services_budgets_and_policies_are_about_pods_that_exist(overlay: str) -> None:
    pods = [each["spec"]["template"]["metadata"]["labels"] for each in workloads(overlay).values()]
    selectors: list[Object] = [each["spec"]["selector"] for each in of_kind(overlay, "Service")]
    selectors += [each["spec"]["selector"]["matchLabels"] for each in of_kind(overlay, "PodDisruptionBudget")]
    policies = [each["spec"]["podSelector"] for each in of_kind(overlay, "NetworkPolicy")]
    selectors += [each["matchLabels"] for each in policies if "matchLabels" in each]
    assert all(any(wanted.items() <= labels.items() for labels in pods) for wanted in selectors)
    assert {each["app.kubernetes.io/component"] for each in selectors if len(each) > 1} == RUNNING
    assert {"app.kubernetes.io/name": "invoice-numbering"} in [
        each["spec"]["podSelector"].get("matchLabels")
        for each in of_kind(overlay, "NetworkPolicy")
        if not {"ingress", "egress"} & set(each["spec"])
    ], "a policy that lets nothing through is about every pod"


def test_the_network_lets_through_what_the_settings_name(overlay: str) -> None:
    for role, workload in workloads(overlay).items():
        let_through = {
            port["port"]
            for policy in of_kind(overlay, "NetworkPolicy")
            if _is_about(policy["spec"]["podSelector"], workload["spec"]["template"]["metadata"]["labels"])
            for rule in policy["spec"].get("egress", [])
            for port in rule["ports"]
        }
        given = environment_of(overlay, workload)
        urls = [given["NUMBERING_DATABASE_URL"], *filter(None, given.get("NUMBERING_NATS_URL", "").split(","))]
        assert {urlsplit(url).port for url in urls} == let_through - {53}, role


def test_what_the_services_put_into_an_environment_is_passed_over(overlay: str) -> None:
    for service in of_kind(overlay, "Service"):
        assert not service["metadata"]["name"].startswith("numbering")
        for port in service["spec"]["ports"]:
            assert read_settings(service_links(service["metadata"]["name"], port["port"])) == Settings()


def _is_about(selector: Object, labels: Object) -> bool:
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    expressions = selector.get("matchExpressions", [])
    assert all(each["operator"] == "In" for each in expressions)
    return all(labels[each["key"]] in each["values"] for each in expressions)


def test_the_rules_for_the_operator_are_those_of_prometheus(overlay: str) -> None:
    assert FILE.read_text("utf-8") == rules(), "run: python -m tests.support.kubernetes.rules"
    found = [each["spec"] for each in of_kind(overlay, "PrometheusRule")]
    assert found == ([yaml.safe_load(rules())["spec"]] if overlay == "production" else [])
