"""The gate of the examples, as pipelines run it: what is broken, fails tests, or would have ended orders otherwise is not published."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from tests.api.conftest import Server
from tests.kafka.played_engine import until

EXAMPLES = Path(__file__).parents[2] / "examples"
Gate = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "served")
    yield made
    made.kill()


@pytest.fixture
def gate(server: Server, tmp_path: Path) -> Gate:
    """Runs the script on a copy of the order, in which a text may be replaced by another one."""
    for name in ("order_fulfilment.yaml", "order_fulfilment.test.yaml"):
        shutil.copy(EXAMPLES / name, tmp_path)
    shutil.copytree(EXAMPLES / "data", tmp_path / "data")
    environment = {**os.environ, "REFOLD_SERVER": server.url, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def run(*words: str, old: str = "", new: str = "") -> subprocess.CompletedProcess[str]:
        text = (EXAMPLES / "order_fulfilment.yaml").read_text()
        assert old in text
        (tmp_path / "order_fulfilment.yaml").write_text(text.replace(old, new))
        command = [str(EXAMPLES / "deploy_gate" / "gate.sh"), "order_fulfilment.yaml", *words]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)

    return run


def versions(server: Server) -> int:
    answer = server.get("/v1/workflows/order_fulfilment/versions")
    return len(answer.json["versions"]) if answer.status == 200 else 0


def test_a_pipeline_publishes_what_keeps_the_outcomes_and_nothing_else(gate: Gate, server: Server, tmp_path: Path) -> None:
    first = gate()
    assert (first.returncode, versions(server)) == (1, 0), "without any execution there is nothing to compare"
    assert (gate("first").returncode, versions(server)) == (0, 1)
    assert server.start("order_fulfilment", {"order_id": "A-1", "amount": 40000}, execution_id="big")["status"] == "running"
    assert server.start("order_fulfilment", {"order_id": "A-2", "amount": 100}, wait=30)["output"]["tracking"] == "trk-A-2"
    server.post("/v1/executions/big/signals/approved", {"order_id": "A-1", "by": "Ada"})
    until(lambda: server.get("/v1/executions/big").json["status"] == "completed", "the big order does not end")

    invalid = gate(old="{from: charge, to: prepare}", new="{from: charge, to: prepair}")
    assert (invalid.returncode, "prepair" in invalid.stdout + invalid.stderr) == (2, True)
    failing = gate(old="> 10000.0", new="> 100.0")
    assert (failing.returncode, "a small order is shipped" in failing.stdout) == (1, True)
    suites = ElementTree.parse(tmp_path / "gate-tests.xml").getroot()
    assert suites.findall(".//failure")

    unlike = gate(old="< 0.9", new="< 0.3")
    assert unlike.returncode == 1
    assert "big: stops at prepare.stock/reserve.compensate, which was never asked" in unlike.stdout, "it would be undone"
    (changed,) = ElementTree.parse(tmp_path / "gate-executions.xml").getroot().findall(".//testcase[failure]")
    assert changed.get("name") == "big"
    assert versions(server) == 1

    alike = gate(old="name: Charge the card", new="name: Charge it")
    assert (alike.returncode, versions(server)) == (0, 2), alike.stdout + alike.stderr


def test_the_pipeline_names_what_the_examples_have() -> None:
    steps = yaml.safe_load((EXAMPLES / "deploy_gate" / "deploy.yml").read_text())["jobs"]["gate"]["steps"]
    (command,) = [step["run"] for step in steps if "gate.sh" in step.get("run", "")]
    assert command.split()[:2] == ["sh", "gate.sh"]
    assert (EXAMPLES / Path(command.split()[2]).name).exists()
