"""`agent` in a real engine: killed in its middle, approved after a restart, as an example, and small in the journal."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from contracts.codec import encode_decision
from tests import preloaded
from tests.ai.agent_kills import campaign
from tests.ai.fake import Call, Fake, Reply, running_fake
from tests.api.conftest import Server, serve
from tests.domain.nodes.test_agent import AGENT, Model, answer, call
from tests.domain.spec import World, gives

__all__ = ["serve"]
LATE_S = 90
"""After so long nothing comes any more; a busy machine takes some of it."""
Serve = Callable[..., Server]
TOOL = {"tool": {"parameters": {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}}}}}


@pytest.fixture
def fake() -> Any:
    with running_fake() as running:
        yield running


def pays(fake: Fake, **config: Any) -> dict[str, Any]:
    given = {"model": "openai:gpt-4o", "input": "Pay it back.", "base_url": fake.base("openai"), **config}
    nodes = [{"id": "helper", "type": "agent", "config": given}, {"id": "refund", "type": "noop", **TOOL}]
    return {"name": "pays", "nodes": nodes, "edges": [{"from": "refund", "to": "helper", "type": "ai_tool"}]}


def test_what_is_recorded_is_asked_once_over_kills(tmp_path: Path) -> None:
    found = campaign(tmp_path / "data", kills=2, agents=2, seed=1)
    assert found["asked"] == found["recorded"] + found["again"]


def test_an_approval_waits_over_a_restart_and_counts_after_it(serve: Serve, fake: Fake, tmp_path: Path) -> None:
    fake.replies = [Reply(texts=(), calls=(Call("refund", '{"amount": 200}'),)), Reply(texts=("It is paid.",))]
    server = serve("--allow-private-addresses")
    server.publish(pays(fake, approval=[{"tools": ["refund"], "when": "args.amount > 100", "assignees": ["lead"]}]))
    execution = server.start("pays")["execution_id"]
    until(lambda: task_of(server, execution))
    server.kill()
    server = serve("--allow-private-addresses")
    until(lambda: task_of(server, execution))
    answered = server.post(
        f"/v1/tasks/{execution}~helper(0):call(0):approval@1/answer", {"port": "approved", "content": {"amount": 150}}, refold_person="lead"
    )
    assert answered.status < 300, answered.content
    end = until(lambda: ended(server, execution))
    assert (end["status"], end["output"]["text"]) == ("completed", "It is paid.")
    told = json.dumps(fake.asked[-1].body["messages"][-1])
    assert "150" in told
    assert len(fake.asked) == 2
    server.kill()
    verified = preloaded.run("verify", "--all", "--data", tmp_path / "data", timeout=120)
    assert "0 differences" in verified.stdout
    assert len(fake.asked) == 2


def test_the_example_answers_a_mail_without_a_key(fake: Fake, tmp_path: Path) -> None:
    calls = [Call("order", '{"number": 2}'), Call("refund", '{"number": 2, "amount": 80}')]
    fake.replies = [*(Reply(texts=(), calls=(one,)) for one in calls), Reply(texts=("You have it back.",))]
    environment = {**os.environ, "REFOLD_DATA": str(tmp_path / "data"), "OLLAMA_BASE_URL": fake.base("ollama")}
    words = ("run", "examples/support_agent.yaml", "--json", "--input", json.dumps({"mail": "Order 2 came broken."}))
    done = preloaded.run(*words, cwd=preloaded.ROOT, env=environment, timeout=120)
    result = json.loads(done.stdout)
    assert (result["status"], result["outcome"], result["output"]) == ("completed", "answered", "You have it back.")
    assert "80" in json.dumps(fake.asked[1].body["messages"][-1])
    assert "0 differences" in preloaded.run("verify", "--all", cwd=preloaded.ROOT, env=environment, timeout=120).stdout
    assert len(fake.asked) == 3


MCP_SERVER = {"command": sys.executable, "args": [str(Path(__file__).parent / "mcp_server_program.py")]}


def test_an_agent_uses_a_server_that_dies_and_replay_asks_neither(
    serve: Serve, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": {"things": MCP_SERVER}}))
    asks = [("add", '{"a": 1, "b": 2}'), ("die", "{}"), ("count", "{}")]
    fake.replies = [*(Reply(texts=(), calls=(Call(*one),)) for one in asks), Reply(texts=("It is 3.",))]
    monkeypatch.setenv("REFOLD_MCP_SERVERS", str(tmp_path / "mcp.json"))
    server = serve("--allow-private-addresses")
    config = {"model": "openai:gpt-4o", "input": "Add.", "base_url": fake.base("openai"), "approval": [{"tools": ["env"]}]}
    nodes = [
        {"id": "helper", "type": "agent", "config": config},
        {"id": "things", "type": "mcp", "config": {"server": "things"}},
    ]
    server.publish({"name": "sums", "nodes": nodes, "edges": [{"from": "things", "to": "helper", "type": "ai_tool"}]})
    end = server.start("sums", wait=60)
    assert (end["status"], end["output"]["text"], end["output"]["tool_calls"]) == ("completed", "It is 3.", 3)
    named = [one["function"]["name"] for one in fake.asked[0].body["tools"]]
    assert {"add", "die", "env"} <= set(named)
    told = [json.loads(one["content"]) for one in fake.asked[-1].body["messages"] if one["role"] == "tool"]
    assert (told[0]["text"], "mcp.lost" in json.dumps(told[1])) == ("3", True), told
    assert told[2]["text"].startswith("1 "), "another one was started for the next call"
    there = f"/v1/executions/{end['execution_id']}"
    listing, called = "helper.things/tools", "helper[0]/call[0]/things"
    nodes_shown = {one["path"]: one for one in server.get(f"{there}/nodes").json["nodes"]}
    assert nodes_shown[called]["input"] == {"tool": "add", "arguments": {"a": 1, "b": 2}}
    assert nodes_shown[listing]["status"] == "completed"
    for path in (listing, called):
        assert server.get(f"{there}/why?node={quote(path)}").json["path"] == path
    assert server.get(f"{there}/trace").status == 200
    server.kill()
    (tmp_path / "mcp.json").write_text('{"mcpServers": {}}')
    verified = preloaded.run("verify", "--all", "--data", tmp_path / "data", timeout=120)
    assert "0 differences" in verified.stdout
    assert len(fake.asked) == 4


def until(look: Callable[[], Any]) -> Any:
    """What is there at last; each look takes the time that the server takes to answer."""
    deadline = time.monotonic() + LATE_S
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
    raise AssertionError("it never came")


def task_of(server: Server, execution: str) -> Any:
    found = server.get(f"/v1/tasks/{execution}~helper(0):call(0):approval@1")
    return found.json if found.status == 200 else None


def ended(server: Server, execution: str) -> Any:
    found = server.get(f"/v1/executions/{execution}").json
    return found if found["status"] in ("completed", "failed", "incident") else None


def test_a_hundred_calls_of_five_kilobytes_are_small_in_the_journal() -> None:
    """Of rule 2: at most 1.6 MB; what is said takes 0.5 MB of them."""
    model = Model(*(answer(f"turn {turn}", call("look", {"n": turn})) for turn in range(100)), answer("done"))
    world = World(AGENT % ("max_turns: 200", "parameters: {}"), None, {"llm": model, "look": gives("x" * 5_000)}).start({"q": "What?"})
    size = sum(len(encode_decision(one, b"nonce", b"")[0]) for one in world.subjects["x"].decisions)
    assert world.output["tool_calls"] == 100
    assert size <= 1_600_000
