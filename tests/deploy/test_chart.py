"""The Helm chart: what it makes of values is valid to Kubernetes, and all that it says to Refold is known to Refold."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.sites import Sites
from infra.settings.model import ServerSettings
from infra.settings.sources import read_settings
from refold import __version__
from refold.worker.worker import STOP_GRACE_S
from tests.api.conftest import Server
from tests.deploy.conftest import CHART, KUBE_VERSION, Render, run
from tests.deploy.product import check_command, check_environment

Validate = Callable[[list[dict[str, Any]]], subprocess.CompletedProcess[str]]
Template = Callable[..., subprocess.CompletedProcess[str]]

SECURE: dict[str, Any] = {
    "security": "SASL_SSL",
    "mechanism": "SCRAM-SHA-512",
    "bootstrapServers": ["kafka-0.kafka:9092", "kafka-1.kafka:9092"],
    "sasl": {"existingSecret": "kafka-user"},
    "tls": {"existingSecret": "kafka-tls", "certKey": "tls.crt", "keyKey": "tls.key"},
}
WORKER: dict[str, Any] = {"enabled": True, "module": "shop", "queues": ["default", "heavy"]}
ALL: dict[str, Any] = {
    "kafka": SECURE,
    "readModels": {"existingSecret": "refold-postgres"},
    "engine": {"settings": {"concurrency": 64}, "roles": ["api", "owner"], "persistence": {"storageClass": "fast"}},
    "worker": {**WORKER, "autoscaling": {"by": "lag"}},
    "ingress": {"enabled": True, "hosts": ["refold.example"], "className": "nginx"},
    "networkPolicy": {"enabled": True, "from": [{"namespaceSelector": {"matchLabels": {"team": "shop"}}}]},
    "serviceMonitor": {"enabled": True},
    "alerts": {"enabled": True, "labels": {"release": "prometheus"}},
    "imagePullSecrets": [{"name": "registry"}],
}
CASES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "all": ALL,
    "cpu": {"worker": {**WORKER, "autoscaling": {"by": "cpu"}}, "engine": {"persistence": {"enabled": False}}},
    "fixed": {"worker": WORKER, "init": {"enabled": False}, "engine": {"spread": False}},
}
OF_OTHERS = ("keda.sh", "monitoring.coreos.com")
"""Their schemas are not Kubernetes' own."""


def of_kind(manifests: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = [one for one in manifests if one["kind"] == kind]
    return found


def pods(manifests: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in manifests:
        if one["kind"] in ("StatefulSet", "Deployment", "Job"):
            yield one["spec"]["template"]["spec"]


def container(workload: dict[str, Any]) -> dict[str, Any]:
    (found,) = workload["spec"]["template"]["spec"]["containers"]
    return dict(found)


def variables(workload: dict[str, Any]) -> dict[str, str]:
    """Name and value; of what comes from elsewhere a value that would do."""
    made_up = {"REFOLD_READ_MODELS": "postgresql://refold:secret@postgres:5432/refold"}
    return {one["name"]: one.get("value", made_up.get(one["name"], "made-up")) for one in container(workload)["env"]}


# Of the right form.


def test_the_chart_has_no_faults(helm: Path, tmp_path: Path) -> None:
    values = tmp_path / "values.yaml"
    for case in CASES.values():
        values.write_text(yaml.safe_dump(case))
        done = run(helm, "lint", "--strict", CHART, "--kube-version", KUBE_VERSION, "--values", values)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES)
def test_what_it_makes_is_valid_to_kubernetes(case: str, render: Render, validate: Validate) -> None:
    manifests = [one for one in render(**CASES[case]) if not one["apiVersion"].startswith(OF_OTHERS)]
    done = validate(manifests)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_field_is_noticed(render: Render, validate: Validate) -> None:
    manifests = render()
    of_kind(manifests, "StatefulSet")["spec"]["podManagement"] = "Parallel"
    assert validate(manifests).returncode != 0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"engines": {}}, "engines"),
        ({"kafka": {"bootstrapServers": ["kafka://broker"]}}, "bootstrapServers"),
        ({"engine": {"roles": ["projektor"]}}, "roles"),
        ({"engine": {"settings": {"Stop-S": 3}}}, "Stop-S"),
        ({"worker": {"enabled": True}}, "worker.module"),
        ({"kafka": {"security": "SASL_SSL"}}, "kafka.sasl.existingSecret"),
        ({"worker": {**WORKER, "terminationSeconds": 10}}, "terminationSeconds"),
    ],
)
def test_values_that_cannot_be_meant_are_refused_by_name(values: dict[str, Any], said: str, template: Template) -> None:
    done = template(**values)
    assert done.returncode != 0
    assert said in done.stderr


# What Refold is told.


@pytest.mark.parametrize("case", ["defaults", "all"])
def test_init_is_told_what_it_knows(case: str, render: Render) -> None:
    job = of_kind(render(**CASES[case]), "Job")
    check_command(container(job)["args"])
    check_environment(variables(job), "kafka")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


@pytest.mark.parametrize("case", ["defaults", "all"])
def test_an_engine_is_told_what_it_knows(case: str, render: Render) -> None:
    engine = of_kind(render(**CASES[case]), "StatefulSet")
    check_command(container(engine)["args"])
    check_environment(variables(engine), "serve")


@pytest.mark.parametrize("case", ["all", "cpu"])
def test_a_worker_is_told_what_it_knows(case: str, render: Render) -> None:
    worker = of_kind(render(**CASES[case]), "Deployment")
    check_command(container(worker)["args"])
    check_environment(variables(worker), "worker")


def test_a_setting_that_refold_does_not_know_would_be_found(render: Render) -> None:
    engine = of_kind(render(engine={"settings": {"concurency": 64}}), "StatefulSet")
    with pytest.raises(Exception, match="REFOLD_CONCURENCY"):
        check_environment(variables(engine), "serve")


def test_engines_are_asked_by_the_names_of_their_services_and_of_the_ingress(render: Render) -> None:
    engine = of_kind(render(ingress=ALL["ingress"], engine={"hosts": ["more.example"]}), "StatefulSet")
    settings = read_settings({}, {"REFOLD_HOSTS": variables(engine)["REFOLD_HOSTS"]}).server
    sites = Sites(settings.host, settings.host_names)
    name, namespace = engine["spec"]["serviceName"].removesuffix("-engines"), "default"
    asked = [name, f"{name}.{namespace}", f"{name}.{namespace}.svc.cluster.local:8080", "refold.example", "more.example"]
    asked += [f"{name}-engine-0.{name}-engines.{namespace}.svc:8080"]
    assert all(sites.is_ours(host.encode()) for host in asked)
    assert not sites.is_ours(b"evil.example")


def test_no_service_makes_variables_that_refold_would_take_for_settings(render: Render) -> None:
    """Kubernetes gives each pod `REFOLD_PORT=tcp://…` where a service is called refold."""
    assert [pod["enableServiceLinks"] for pod in pods(render(**ALL))] == [False] * 3


def test_passwords_come_from_secrets_only(render: Render) -> None:
    for one in render(**ALL):
        if one["kind"] in ("StatefulSet", "Deployment", "Job"):
            for variable in container(one)["env"]:
                if variable["name"].endswith(("PASSWORD", "READ_MODELS")):
                    assert "secretKeyRef" in variable["valueFrom"]


# How it lives.


def test_an_engine_has_a_name_that_lasts_and_a_volume_of_its_own(render: Render) -> None:
    engine = of_kind(render(), "StatefulSet")
    assert "--node=$(POD_NAME)" in container(engine)["args"]
    assert {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}} in container(engine)["env"]
    assert engine["spec"]["volumeClaimTemplates"][0]["metadata"]["name"] == "data"


@pytest.mark.parametrize("seconds", [0, 10, 120])
def test_an_engine_is_given_longer_than_it_takes_to_stop(seconds: int, render: Render) -> None:
    engine = of_kind(render(engine={"stopSeconds": seconds}), "StatefulSet")
    read = ServerSettings(stop_s=float(variables(engine)["REFOLD_STOP_S"]))
    drain = int(container(engine)["lifecycle"]["preStop"]["exec"]["command"][1])
    assert engine["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= read.stop_s + drain + 15


def test_a_worker_is_given_longer_than_it_waits_for_what_runs(render: Render) -> None:
    worker = of_kind(render(worker=WORKER), "Deployment")
    assert worker["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > STOP_GRACE_S


def test_no_pod_runs_as_root_or_writes_outside_of_its_volumes(render: Render) -> None:
    for pod in pods(render(**ALL)):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        (one,) = pod["containers"]
        assert one["securityContext"]["readOnlyRootFilesystem"] is True
        assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert {volume["name"] for volume in one["volumeMounts"]} >= {"tmp"}


def test_the_number_of_workers_is_left_to_whoever_scales_them(render: Render) -> None:
    assert "replicas" not in of_kind(render(worker={**WORKER, "autoscaling": {"by": "lag"}}), "Deployment")["spec"]
    assert of_kind(render(worker=WORKER), "Deployment")["spec"]["replicas"] == 2


def test_workers_are_scaled_by_the_lag_of_their_group(render: Render) -> None:
    manifests = render(**ALL)
    (trigger,) = of_kind(manifests, "ScaledObject")["spec"]["triggers"]
    assert trigger["metadata"]["consumerGroup"] == "refold.workers"
    assert (trigger["metadata"]["sasl"], trigger["metadata"]["tls"]) == ("scram_sha512", "enable")
    secrets = {one["parameter"]: one["name"] for one in of_kind(manifests, "TriggerAuthentication")["spec"]["secretTargetRef"]}
    assert secrets == {"username": "kafka-user", "password": "kafka-user", "ca": "kafka-tls", "cert": "kafka-tls", "key": "kafka-tls"}


def test_services_and_budgets_choose_the_pods_they_are_meant_for(render: Render) -> None:
    manifests = render(**ALL)
    engine = of_kind(manifests, "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    worker = of_kind(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"]
    for one in manifests:
        if one["kind"] == "Service":
            assert one["spec"]["selector"].items() <= engine.items()
            assert not one["spec"]["selector"].items() <= worker.items()
        if one["kind"] == "PodDisruptionBudget":
            chosen = engine if one["metadata"]["name"].endswith("engine") else worker
            assert one["spec"]["selector"]["matchLabels"].items() <= chosen.items()


def test_each_probe_asks_what_a_server_answers(render: Render, tmp_path: Path) -> None:
    asked = container(of_kind(render(), "StatefulSet"))
    server = Server(tmp_path / "data")
    try:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert server.get(asked[probe]["httpGet"]["path"]).status == 200
        monitor = of_kind(render(serviceMonitor={"enabled": True}), "ServiceMonitor")
        assert server.get(monitor["spec"]["endpoints"][0]["path"]).status == 200
    finally:
        server.kill()


def test_the_version_is_that_of_the_project() -> None:
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == __version__
