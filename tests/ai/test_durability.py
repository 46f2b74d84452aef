"""Agents of pydantic-ai on recorded steps: no model is asked twice, whoever is killed, and outside of an activity nothing changes."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import refold
from contracts.commands import RecordStep
from refold.worker.activities import within
from refold.worker.steps import Step
from tests.ai.agent import support
from tests.ai.model_server import ModelServer, model_server
from tests.protocol.conformance import running
from tests.protocol.host import Host
from tests.sdk.working import working


@pytest.fixture
def provider() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(lease_ms=500) as host:
        yield host


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "notes").touch()
    return tmp_path / "notes"


def given(provider: ModelServer, notes: Path, prompt: str, **more: Any) -> dict[str, Any]:
    return {"url": provider.url, "file": str(notes), "prompt": prompt, **more}


@pytest.mark.parametrize(("prompt", "requests"), [("one by one", 3), ("both at once", 2)])
def test_an_agent_whose_process_is_killed_in_its_second_tool_asks_no_model_twice(
    host: Host, provider: ModelServer, notes: Path, tmp_path: Path, prompt: str, requests: int
) -> None:
    command = [sys.executable, "-m", "refold", "worker", "tests.ai.agent", "--processes", "2"]  # who dies is replaced
    with running(command, host):
        execution = host.run("support", given(provider, notes, prompt, dies=str(tmp_path / "died")))
        output = host.output_of(execution)
    assert output == {"text": f"{prompt}: one, two", "requests": requests}
    assert len(provider.asked) == requests, "a model was asked again"
    assert sorted(notes.read_text().split())[-2:] == ["second", "second"], "what was in flight runs again, and it alone"
    assert notes.read_text().split().count("first") <= (2 if prompt == "both at once" else 1)
    host.verify()


def test_what_a_model_refuses_is_tried_again_by_the_node_alone(host: Host, provider: ModelServer, notes: Path) -> None:
    provider.statuses += [500]
    with working(host, support):
        execution = host.run("support", given(provider, notes, "one by one"), retry={"max_attempts": 2})
        assert host.output_of(execution)["text"] == "one by one: one, two"
    assert len(provider.asked) == 4, "the client has tried by itself again"
    assert notes.read_text().split() == ["first", "second"]


def test_a_tool_is_known_by_the_id_of_its_call(host: Host, provider: ModelServer, notes: Path) -> None:
    with working(host, support):
        execution = host.run("support", given(provider, notes, "both at once"))
        host.output_of(execution)
    names = [one.name for one in host.commands(execution) if isinstance(one, RecordStep)]
    assert {name.rpartition(" ")[2] for name in names if "call_tool" in name} == {"call_0", "call_1"}  # at once, so in any order
    assert len(set(names)) == len(names) == 4


def test_outside_of_an_activity_an_agent_runs_as_without(provider: ModelServer, notes: Path) -> None:
    output = asyncio.run(support.function(given(provider, notes, "both")))
    assert output == {"text": "both: one, two", "requests": 2}


def test_two_runs_of_an_agent_in_one_activity_are_told_apart_in_each_attempt(provider: ModelServer, notes: Path) -> None:
    recorded: dict[str, Any] = {}

    async def attempt() -> list[dict[str, Any]]:
        def record(task: str, step: Step) -> None:
            assert step.name not in recorded
            recorded[step.name] = json.loads(step.text)
            step.settle()

        task = {
            "task": "e/n@1", "execution": "e", "workflow": "w", "path": "n", "attempt": 1, "kind": "support", "idempotency_key": "e/n",
            "steps": dict(recorded),
        }  # fmt: skip
        with within(refold.ActivityContext(task, lambda task, progress, detail: None, None, record, True)):
            return [await support.function(given(provider, notes, prompt)) for prompt in ("both", "one by one")]

    first = asyncio.run(attempt())
    assert len(provider.asked) == 5
    assert asyncio.run(attempt()) == first
    assert len(provider.asked) == 5
