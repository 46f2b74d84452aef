"""A real, small model on one thread: what it says is checked, shown while it says it, and it is asked no more than its budget lets.

`make test-ai` runs this; `make test` does not, as it takes half a minute of a core.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.definition.document import parse_document
from tests.api.conftest import Server
from tests.api.reading import Stream

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[2] / "examples" / "support_agent.yaml"
CALLS = 5
MAIL = "Order 7 came broken. I want my money back."


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    """Where the model is, as a base URL."""
    with subprocess.Popen(
        [HERE / ".venv/bin/python", HERE / "program.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), "it says where it serves"
        yield f"{url}/v1"
        process.kill()


@pytest.fixture
def server(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("OLLAMA_BASE_URL", model)
    made = Server(tmp_path / "data", "--allow-private-addresses")
    try:
        yield made
    finally:
        made.kill()


def test_an_answer_matches_its_schema_and_is_seen_while_it_comes(server: Server) -> None:
    schema = {
        "type": "object",
        "required": ["kind", "urgent"],
        "properties": {"kind": {"enum": ["refund", "other"]}, "urgent": {"type": "boolean"}},
        "additionalProperties": False,
    }
    config = {
        "model": "ollama:smollm2",
        "prompt": "Order 7 came broken. I want my money back.",
        "schema": schema,
        "temperature": 0,
        "max_tokens": 40,
    }
    server.publish({"name": "sort", "nodes": [{"id": "n", "type": "llm", "config": config}]})
    server.start("sort", execution_id="e")
    said = ""
    for block in Stream(server, "/v1/executions/e/text").rest():
        if block.event == "text" and "gone" not in block.data:
            said = block.data["text"] if block.data.get("reset") else said + block.data["text"]
    output = server.get("/v1/executions/e").json["output"]
    assert set(output["value"]) == {"kind", "urgent"}
    assert output["usage"]["output_tokens"] > 0
    assert json.loads(said) == output["value"]


def test_the_agent_of_the_example_calls_a_tool_again_and_again_until_its_budget_stops_it(server: Server) -> None:
    """Once it has called a tool, told that the arguments do not fit, the model calls it again."""
    server.publish(bounded())
    server.start("support_agent", {"mail": MAIL}, execution_id="e")
    Stream(server, "/v1/executions/e/events?from=0").rest()
    end = server.get("/v1/executions/e").json
    assert (end["status"], end["error"]["type"]) == ("failed", "ai.budget")
    assert end["error"]["details"]["limit"] == CALLS
    assert end["error"]["details"]["spent"] == CALLS
    history = server.get("/v1/executions/e/history").json["events"]
    assert sum(event["type"] == "UsageCounted" for event in history) == CALLS
    assert {event["path"] for event in history if event["type"] == "ScopeEntered"} == {f"helper[{turn}]" for turn in range(CALLS + 1)}
    server.stop()
    verified = subprocess.run(["refold", "verify", "--all", "--data", server.data], capture_output=True, text=True, check=False)
    assert "0 differences" in verified.stdout


def bounded() -> dict[str, Any]:
    """The example on the small model, with a tool to be called first, calls as JSON, and a budget."""
    document = parse_document(EXAMPLE.read_bytes(), "yaml")
    document["nodes"][0]["config"] |= {"tool_mode": "schema", "must_call": True, "max_tokens": 60}
    document["settings"]["models"]["careful"]["use"] = "ollama:smollm2"
    document["settings"]["budget"] = {"model_calls": CALLS}
    return document
