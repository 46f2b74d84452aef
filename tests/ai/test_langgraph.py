"""Graphs of LangGraph on recorded steps: a node that has ended does not run again, and no checkpointer is needed for that."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import refold
from contracts.commands import RecordStep
from refold.ai.langgraph import langgraph, run_recorded
from refold.worker.steps import Step
from tests.ai import graphs
from tests.api.conftest import Server
from tests.protocol.conformance import running
from tests.protocol.host import Host
from tests.sdk.working import working

STEPS = 100


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(lease_ms=500) as made:
        yield made


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "notes").touch()
    return tmp_path / "notes"


def run_graph(host: Host, graph: str, given: dict[str, Any], **config: Any) -> str:
    return host.run("langgraph", None, {"graph": f"tests.ai.graphs:{graph}", "input": given, **config})


def test_a_graph_that_is_killed_in_a_node_runs_on_from_there_and_takes_little_of_the_log(host: Host, notes: Path, tmp_path: Path) -> None:
    given = {"file": str(notes), "steps": STEPS, "dies_at": 60, "died": str(tmp_path / "died")}
    with running([sys.executable, "-m", "refold", "worker", "refold.ai.langgraph", "--processes", "2"], host):
        execution = run_graph(host, "WALK", given)
        state = host.end_of(execution, 60)
    assert state.status == "completed", state.failure
    numbers = [int(line) for line in notes.read_text().split()]
    assert numbers == [*range(61), *range(60, STEPS)]
    assert sum(isinstance(one, RecordStep) for one in host.commands(execution)) == STEPS
    records = [len(content) for _, content in host.log.read("journal", 0)]
    output = len(state.output or b"")
    assert sum(records) - output < 100_000, "100 messages of 500 bytes; the output holds all of them once more"
    host.verify()


def test_what_was_sent_to_a_node_is_a_step_each(host: Host, notes: Path) -> None:
    with working(host, langgraph):
        execution = run_graph(host, "SPREAD", {"file": str(notes)})
        assert host.output_of(execution)["log"] == ["A", "B", "C"]
    names = [one.name for one in host.commands(execution) if isinstance(one, RecordStep)]
    assert sorted(names) == ["leaf 1 0", "leaf 1 1", "leaf 1 2"]


def test_what_is_no_json_comes_back_as_it_was() -> None:
    recorded: dict[str, Any] = {}

    def attempt() -> Any:
        def record(task: str, step: Step) -> None:
            recorded[step.name] = json.loads(step.text)
            step.settle()

        task = {
            "task": "e/n@1", "execution": "e", "workflow": "w", "path": "n", "attempt": 1, "kind": "langgraph", "idempotency_key": "e/n",
            "steps": dict(recorded),
        }  # fmt: skip
        context = refold.ActivityContext(task, lambda task, progress, detail: None, None, record, True)
        return asyncio.run(run_recorded(graphs.TALK, {"messages": []}, context))

    first = attempt()
    assert list(recorded) == ["say 1"]
    assert "typed" in recorded["say 1"]
    assert attempt() == first
    assert type(first["messages"][0]).__name__ == "AIMessage"


def test_what_a_graph_says_while_it_runs_goes_to_those_who_look_on(host: Host, notes: Path) -> None:
    with working(host, langgraph):
        execution = run_graph(host, "WALK", {"file": str(notes), "steps": 2}, stream=["custom", "updates"])
        host.output_of(execution)
    lines = [line for result in host.results() for line in result.get("log", [])]
    assert [line["fields"]["said"] for line in lines if line["message"] == "custom"] == [{"at": 0}, {"at": 1}]
    assert [line["fields"]["node"] for line in lines if line["message"] == "updates"] == ["walk", "walk"]


BOOKING = {
    "name": "booking",
    "nodes": [{"id": "trip", "type": "langgraph", "config": {"graph": "tests.ai.graphs:BOOK", "ask": {"timeout": "1h"}}}],
}


@contextmanager
def engine(folder: Path) -> Iterator[refold.Client]:
    """A server and a worker, both killed in the end."""
    server = Server(folder)
    command = [sys.executable, "-m", "refold", "worker", "refold.ai.langgraph", "--processes", "2", "--server", server.url]
    worker = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    try:
        yield refold.Client(server.url)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.communicate()
        server.kill()


def open_tasks(client: refold.Client, count: int) -> dict[str, str]:
    """The tasks by their questions, when there are so many."""
    deadline = time.monotonic() + 60
    while len(found := client.tasks()) != count:
        assert time.monotonic() < deadline, found
    return {one["question"]: one["task_id"] for one in found}


def test_people_answer_what_a_graph_asks_over_the_death_of_engine_and_worker(tmp_path: Path, notes: Path) -> None:
    """Two nodes ask at once, one of them once more when it has its answer; the worker dies in the node behind them, too."""
    with engine(tmp_path / "data") as client:
        client.publish(BOOKING)
        client.start("booking", {"file": str(notes)}, execution_id="trip-1")
        assert open_tasks(client, 2).keys() == {"Which flight?", "Which hotel?"}
    with engine(tmp_path / "data") as client:
        asked = open_tasks(client, 2)
        for question, comment in (("Which hotel?", "Ritz"), ("Which flight?", "LH1")):
            client.answer_task(asked[question], "approved", comment=comment)
        (question, task) = open_tasks(client, 1).popitem()
        assert question == "Which seat in LH1?"
        client.answer_task(task, "approved", comment="3A")
        assert client.wait("trip-1", timeout_s=60)["output"]["said"] == ["LH1", "3A", "Ritz", "paid"]
    ran = notes.read_text().split()
    assert ran.count("pay") == 2, "it was killed in it once"
    assert (ran.count("flight"), ran.count("hotel")) == (6, 3), (
        "from its first line for each answer in each attempt, no more when it has ended"
    )
    assert subprocess.run([sys.executable, "-m", "refold", "verify", "--data", str(tmp_path / "data")], check=False).returncode == 0


def test_messages_go_to_those_who_look_on_as_their_text(host: Host) -> None:
    with working(host, langgraph):
        execution = run_graph(host, "TALK", {"messages": []}, stream=["messages"])
        host.output_of(execution)
    lines = [line for result in host.results() for line in result.get("log", [])]
    assert [(line["message"], line["fields"]["node"], line["fields"]["said"]) for line in lines] == [("messages", "say", "hello")]


@pytest.mark.parametrize(
    ("error_type", "graph", "config"),
    [
        ("langgraph.invalid", "tests.ai.graphs:NO", {}),
        ("langgraph.invalid", "tests.ai.no_module:NO", {}),
        ("langgraph.invalid", "tests.ai.graphs:NOTHING", {}),
        ("langgraph.invalid", "WALK", {}),
        ("langgraph.invalid", "tests.ai.graphs:TALK", {"stream": ["values"]}),
        ("langgraph.interrupted", "tests.ai.graphs:ASK", {}),
        ("langgraph.invalid", "tests.ai.graphs:TOO_LONG", {"ask": {"assignees": ["ada"]}}),
    ],
)
def test_what_cannot_be_run_says_so_and_is_not_tried_again(host: Host, error_type: str, graph: str, config: dict[str, Any]) -> None:
    with working(host, langgraph):
        execution = host.run("langgraph", None, {"graph": graph, "input": {"messages": []}, **config}, retry={"max_attempts": 3})
        failure = host.end_of(execution).failure
        assert failure is not None
        assert (failure.type, failure.attempt) == (error_type, 1)
