"""What docs/kubernetes.yaml asks for is what the container and the commands have; no test asks a cluster."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from dashboard import start

yaml = pytest.importorskip("yaml", reason="PyYAML comes with Dask: requirements-cluster.txt")

REPOSITORY = Path(__file__).resolve().parents[2]
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
OBJECTS = list(yaml.safe_load_all((REPOSITORY / "docs" / "kubernetes.yaml").read_text(encoding="utf-8")))


def named(kind: str, name: str) -> dict:
    (found,) = [one for one in OBJECTS if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return found["spec"]


def pods() -> dict[str, dict]:
    return {one["metadata"]["name"]: one["spec"]["template"] for one in OBJECTS if one["kind"] == "Deployment"}


def container(name: str) -> dict:
    (one,) = pods()[name]["spec"]["containers"]
    return one


def test_every_pod_runs_the_container_as_its_user_and_may_ask_the_cluster_nothing():
    assert set(pods()) == {"lightbox", "lightbox-scheduler", "lightbox-worker"}
    (uid,) = re.findall(r"--uid (\d+)", DOCKERFILE)
    assert len({container(name)["image"] for name in pods()}) == 1
    for name, pod in pods().items():
        assert pod["spec"]["securityContext"]["runAsUser"] == int(uid)
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert container(name)["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_the_app_is_started_with_options_that_it_has_at_the_port_that_is_asked_for_its_health():
    app = container("lightbox")
    parser = argparse.ArgumentParser()
    start.add_arguments(parser)
    command, *words = app["args"]
    options = parser.parse_args(words)
    (port,) = re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)
    assert (command, options.port, options.library, options.address) == ("lightbox", int(port), "/library", "0.0.0.0")
    assert [mount["mountPath"] for mount in app["volumeMounts"]] == [options.library]
    assert app["ports"] == [{"containerPort": options.port}] and named("Service", "lightbox")["ports"] == [
        {"port": options.port}
    ]
    for probe in ("readinessProbe", "livenessProbe"):
        asked = app[probe]["httpGet"]
        assert asked["port"] == options.port and f"{asked['path']}'" in DOCKERFILE
    assert [one["name"] for one in app["env"]] == ["LIGHTBOX_OWNER_KEY"]
    (rule,) = named("Ingress", "lightbox")["rules"]
    assert options.host == [rule["host"]]


def test_workers_have_the_library_where_the_app_has_it_and_all_meet_at_the_scheduler():
    from distributed.cli.dask_scheduler import main as scheduler
    from distributed.cli.dask_worker import main as worker

    (port,) = [one["containerPort"] for one in container("lightbox-scheduler")["ports"]]
    address = f"tcp://lightbox-scheduler:{port}"
    assert named("Service", "lightbox-scheduler")["ports"] == [{"port": port}]
    assert f"--scheduler={address}" in container("lightbox")["args"]
    for name, command in {"lightbox-scheduler": scheduler, "lightbox-worker": worker}.items():
        dask, kind, *words = container(name)["args"]
        assert (dask, kind) == ("dask", name.removeprefix("lightbox-"))
        asked = command.make_context(kind, words).params  # refuses what the command does not know
        assert asked["dashboard"] is False
        if command is worker:
            assert asked["scheduler"] == address
    assert container("lightbox-worker")["volumeMounts"] == [
        {"name": "library", "mountPath": "/library", "readOnly": True}
    ]


def test_only_pods_of_the_cluster_speak_to_the_scheduler_and_none_speaks_to_the_world():
    ours = [{"podSelector": {"matchExpressions": [{"key": "dask", "operator": "Exists"}]}}]
    (at_dask,) = named("NetworkPolicy", "lightbox-dask")["podSelector"]["matchExpressions"]
    labels = {name: pod["metadata"]["labels"]["dask"] for name, pod in pods().items()}
    assert {name for name, label in labels.items() if label in at_dask["values"]} == set(pods()) - {"lightbox"}
    assert named("NetworkPolicy", "lightbox-dask")["ingress"] == [{"from": ours}]
    for name in ("lightbox", "lightbox-dask"):
        inside, names = named("NetworkPolicy", name)["egress"]
        assert inside == {"to": ours}
        assert {one["port"] for one in names["ports"]} == {53}
