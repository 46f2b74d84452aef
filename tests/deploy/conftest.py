"""The tools that check, and what the chart makes of values."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import missing
from tests.deploy.tools import COMPOSE, HELM, KUBERNETES, VALIDATE, NoTool, Tool, find

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "infra" / "deploy"
CHART = DEPLOY / "chart"
KUBE_VERSION = "1.32.0"
Render = Callable[..., list[dict[str, Any]]]


def run(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **more)


def found(tool: Tool) -> Path:
    try:
        return find(tool)
    except NoTool as error:
        missing("DEPLOYMENT", tool.name, error, fails_in_ci=False)  # minutes of building, and Go, are not to be had everywhere


@pytest.fixture(scope="session")
def helm() -> Path:
    return found(HELM)


@pytest.fixture(scope="session")
def composer() -> Path:
    return found(COMPOSE)


@pytest.fixture
def validate(tmp_path: Path) -> Callable[[list[dict[str, Any]]], subprocess.CompletedProcess[str]]:
    """Holds manifests against the schemas of Kubernetes itself."""
    tool = found(VALIDATE)

    def check(manifests: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "manifests.yaml"
        file.write_text(yaml.safe_dump_all(manifests))
        return run(tool, "--version", KUBERNETES, file)

    return check


@pytest.fixture
def template(helm: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`helm template` with some values."""

    def make(**values: Any) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "values.json"
        file.write_text(json.dumps(values))
        return run(helm, "template", "shop", CHART, "--kube-version", KUBE_VERSION, "--values", file)

    return make


@pytest.fixture
def render(template: Callable[..., subprocess.CompletedProcess[str]]) -> Render:
    """The manifests that the chart makes of some values."""

    def make(**values: Any) -> list[dict[str, Any]]:
        done = template(**values)
        assert done.returncode == 0, done.stderr
        return [one for one in yaml.safe_load_all(done.stdout) if one]

    return make
