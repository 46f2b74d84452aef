"""The example of a consumer of public events: on a real broker, killed and begun again, it tells what the read model tells."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contracts.times import rfc3339
from tests.api.conftest import HELLO, WAITS, Server
from tests.kafka.played_engine import ROOT, until
from tests.kafka.test_cluster import Engines
from tests.kafka.test_publishing import PUBLISHES, until_published

EXAMPLE = ROOT / "examples" / "event_windows"
MEASURES = ("started", "retries", "incidents", "ended", "outcomes", "duration", "waiting", "resolving")
STUCK: dict[str, Any] = {
    "name": "stuck",
    "nodes": [{"id": "odd", "type": "transform", "config": {"operation": "value", "value": "{{ input.missing.field }}"}}],
}


@pytest.fixture(scope="module")
def python() -> Path:
    """The example's own environment."""
    subprocess.run(["make", "event-windows"], cwd=ROOT, check=True, capture_output=True, timeout=300)
    return EXAMPLE / ".venv" / "bin" / "python"


def told_by(out: Path) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The last word about each window; a line may be half written."""
    lines = [json.loads(line) for line in out.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return {(rfc3339(one["hour"]), one["workflow"], one["version"], one["node"]): {name: one[name] for name in MEASURES} for one in lines}


def read_model(server: Server) -> dict[tuple[Any, ...], dict[str, Any]]:
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for group in ("workflow,version", "workflow,version,node"):
        windows = server.get(f"/v1/analytics?by=hour&group={group}").json["windows"]
        for one in windows:
            found[one["at"], one["workflow"], one["version"], one["node"] or ""] = {name: one[name] for name in MEASURES}
    return found


def work(server: Server) -> list[str]:
    """Executions that end well and otherwise, and wait."""
    started = [server.start("hello", {"name": str(number)}, wait=30)["execution_id"] for number in range(3)]
    started += [server.start("stuck", {})["execution_id"] for _ in range(3)]
    waiting = [server.start("waits", {"order": 1})["execution_id"] for _ in range(3)]
    for execution in waiting[:2]:
        assert server.post(f"/v1/executions/{execution}/signals/approved", {}).status == 200
    return [*started, *waiting]


def until_same(out: Path, server: Server) -> None:
    """Wait until the consumer has told what the read model tells."""

    def is_same() -> bool:
        return told_by(out) == read_model(server) != {}

    try:
        until(is_same, "the figures differ")
    except AssertionError:
        assert told_by(out) == read_model(server)
        raise


def test_its_figures_are_those_of_the_read_model(engines: Engines, python: Path, tmp_path: Path) -> None:
    server = engines.start("a", *PUBLISHES)
    for definition in (HELLO, WAITS, STUCK):
        server.publish(definition)
    executions = work(server)
    until_published(engines.address, server, executions)
    command = [str(python), str(EXAMPLE / "windows.py"), ",".join(engines.address.servers), engines.address.topic("events")]
    for turn in range(2):
        out = tmp_path / f"windows-{turn}.jsonl"
        with (
            out.open("wb") as file,
            subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL, cwd=tmp_path) as consumer,
        ):
            try:
                until_same(out, server)
            finally:
                consumer.kill()
        executions = work(server)
        until_published(engines.address, server, executions)
