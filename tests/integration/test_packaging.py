# SPDX-License-Identifier: Apache-2.0
"""The files of packaging/ and compose.yml say what freshet understands. No container engine is needed."""

import json
import pathlib
import re

import yaml

from freshet_process import ROOT, run

PACKAGING = ROOT / "packaging"


def accepted(variables):
    """freshet takes all of them, with those of the image."""
    lines = re.search(r"^ENV (.*)$", (PACKAGING / "Containerfile").read_text(), re.MULTILINE)[1]
    image = dict(word.split("=", 1) for word in lines.split())
    ours = {name: value for name, value in variables.items() if name.startswith("FRESHET_")}
    return run("config", "print", **{**image, **ours}).stdout


def test_the_service_of_the_compose_file():
    compose = yaml.safe_load((ROOT / "compose.yml").read_text())
    service = compose["services"]["freshet"]
    printed = accepted(service["environment"])
    assert "kind = 'kafka'" in printed and "brokers = 'kafka:19092'" in printed and "allow_public = true" in printed
    target = yaml.safe_load((PACKAGING / "prometheus.yml").read_text())["scrape_configs"][0]["static_configs"][0]["targets"][0]
    assert target == "freshet:8080" and "hosts = ['freshet']" in printed, "Prometheus is answered"
    assert all(port.startswith("127.0.0.1:") for one in compose["services"].values() for port in one["ports"])
    for one in compose["services"].values():
        for volume in one["volumes"]:
            source = volume.split(":")[0]
            assert (ROOT / source).is_file() if source.startswith("./") else source in compose["volumes"]
    assert (ROOT / service["build"]["dockerfile"]).is_file()
    assert yaml.safe_load((PACKAGING / "grafana/source.yml").read_text())["datasources"][0]["url"] == "http://prometheus:9090"


def test_the_dashboard_shows_metrics_that_exist():
    documented = (ROOT / "docs/metrics.md").read_text()
    panels = json.loads((PACKAGING / "grafana/freshet.json").read_text())["panels"]
    shown = re.findall(r"freshet_\w+", " ".join(target["expr"] for panel in panels for target in panel["targets"]))
    assert len(shown) == len(panels) and all(f"| `{name.removesuffix('_bucket')}` |" in documented for name in shown)


def test_the_manifests_for_kubernetes():
    manifests = {one["kind"]: one for one in yaml.safe_load_all((PACKAGING / "kubernetes/freshet.yml").read_text())}
    assert set(manifests) == {"Service", "StatefulSet", "PodDisruptionBudget"}
    pod = manifests["StatefulSet"]["spec"]["template"]
    labels = pod["metadata"]["labels"]
    assert manifests["Service"]["spec"]["selector"] == labels
    assert manifests["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    container = pod["spec"]["containers"][0]
    environment = {one["name"]: one["value"] for one in container["env"]}
    printed = accepted(environment)
    mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
    for option in ("FRESHET_SERVE_KEYS_FILE", "FRESHET_STORE_DIRECTORY"):
        assert any(pathlib.PurePath(environment[option]).is_relative_to(mount) for mount in mounts)
    assert f"port = {container['ports'][0]['containerPort']}\n" in printed
    probes = {name: container[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert probes == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    assert pod["spec"]["enableServiceLinks"] is False
