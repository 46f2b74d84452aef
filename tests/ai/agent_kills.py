"""Agents whose engine is killed (`kill -9`) again and again: what is recorded is asked of no model and no tool a second time.

    python -m tests.ai.agent_kills --kills 50 --agents 4

An agent asks a model 20 times, and has 40 tools called. Model and tools note by whom they were asked: each request names its execution and
its path. What was recorded stands in the next question of the same agent, so once that has come, nothing before it may come again. At the
end the model is gone, and all that was decided is decided again.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from tests import preloaded
from tests.api.conftest import Server

TURNS: Final = 20
CALLS_A_TURN: Final = 2
_PLACE: Final = re.compile(r"(.+?)/helper\[(\d+)\]/(.+)")
WITHIN_S: Final = 240.0


class World:
    """A model and a tool, and what they were asked, in its order."""

    def __init__(self) -> None:
        self.turns_asked: dict[str, list[int]] = {}
        self.tools_asked: dict[str, list[int]] = {}
        self.calls = Counter[str]()
        self.requests = 0
        self.url = ""
        self._lock = threading.Lock()

    def note(self, key: str) -> None:
        """Somebody is asked for this."""
        found = _PLACE.match(key)
        assert found is not None, f"not asked by an agent: {key}"
        execution, turn, what = found[1], int(found[2]), found[3]
        with self._lock:
            self.requests += 1
            self.calls[f"{execution}/helper[{turn}]/{what}"] += 1
            (self.turns_asked if what.startswith("model") else self.tools_asked).setdefault(execution, []).append(turn)

    @property
    def asked(self) -> int:
        """How often anybody was asked."""
        return self.requests


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    turn = sum(message["role"] == "assistant" for message in request["messages"])
    call = {"type": "function", "function": {"name": "look", "arguments": json.dumps({"turn": turn})}}
    calls = [] if turn >= TURNS - 1 else [{**call, "id": "call_1"} for _ in range(CALLS_A_TURN)]
    message = {"role": "assistant", "content": f"turn {turn}", **({"tool_calls": calls} if calls else {})}
    choice = {"index": 0, "finish_reason": "tool_calls" if calls else "stop", "message": message}
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": request["model"], "choices": [choice], "usage": usage}


@contextmanager
def running_world() -> Iterator[World]:
    """The model and the tool, over HTTP."""
    world = World()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            content = self.rfile.read(length := int(self.headers["content-length"]))
            if len(content) < length:  # whoever asked was killed while it did
                return
            request = json.loads(content)
            world.note(self.headers["idempotency-key"])
            content = json.dumps(_answer(request) if "messages" in request else {"seen": request}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        world.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield world
        finally:
            server.shutdown()
            thread.join()


def definition(url: str) -> dict[str, Any]:
    """An agent and its tool."""
    config = {"model": "openai:gpt-4o", "input": "Look.", "base_url": f"{url}/v1", "max_turns": TURNS, "stream": False}
    look = {"method": "POST", "url": f"{url}/look", "body": "{{ data }}"}
    return {
        "name": "looks",
        "nodes": [
            {"id": "helper", "type": "agent", "config": config, "retry": {"max_attempts": 5, "initial_delay": "10ms"}},
            {"id": "look", "type": "http_request", "config": look, "tool": {"parameters": {"type": "object"}}},
        ],
        "edges": [{"from": "look", "to": "helper", "type": "ai_tool"}],
    }


def campaign(data: Path, kills: int, agents: int, seed: int) -> dict[str, Any]:
    """Kill so often while so many agents run, one lot after the other; gives what was counted. Raises AssertionError."""
    chance, begun = random.Random(seed), list[str]()
    with running_world() as world:
        killed, deadline = 0, time.monotonic() + WITHIN_S * max(1, kills / 5)
        server = Server(data, "--allow-private-addresses")
        server.publish(definition(world.url))
        while killed < kills:
            assert time.monotonic() < deadline, f"{killed} of {kills} kills in time"
            if all(_has_ended(server, one) for one in begun):
                begun += [server.start("looks")["execution_id"] for _ in range(agents)]
            _wait_for(world, world.asked + chance.randrange(3, 25), server, begun)
            server.kill()
            killed += 1
            server = Server(data, "--allow-private-addresses")
        try:
            ends = [_end_of(server, one, deadline) for one in begun]
        finally:
            server.kill()
    for end in ends:
        assert (end["status"], end["output"]["turns"], end["output"]["tool_calls"]) == ("completed", TURNS, (TURNS - 1) * CALLS_A_TURN), end
    found = check(world, begun, killed, agents)
    verified = preloaded.run("verify", "--all", "--data", data, timeout=300)
    assert "0 differences" in verified.stdout, verified.stdout + verified.stderr
    return found


def check(world: World, begun: list[str], killed: int, agents: int) -> dict[str, Any]:
    """What is recorded was asked once. Raises AssertionError."""
    needed = len(begun) * (TURNS + (TURNS - 1) * CALLS_A_TURN)
    assert len(world.calls) == needed, f"{len(world.calls)} different things were asked for, and {needed} are needed"
    for asked in world.turns_asked.values():
        assert asked == sorted(asked), f"a turn was asked for again after a later one: {asked}"
    again = sum(world.calls.values()) - needed
    assert again <= killed * agents * CALLS_A_TURN, f"{again} were asked for again by {killed} kills"
    return {"kills": killed, "executions": len(begun), "asked": world.asked, "recorded": needed, "again": again}


def _has_ended(server: Server, execution: str) -> bool:
    return server.get(f"/v1/executions/{execution}").json["status"] in ("completed", "failed", "incident")


def _wait_for(world: World, asked: int, server: Server, begun: list[str]) -> None:
    """Until so much was asked, or nothing more will be."""
    while world.asked < asked and not all(_has_ended(server, one) for one in begun):
        pass  # each answer of the server took its time


def _end_of(server: Server, execution: str, deadline: float) -> Any:
    while time.monotonic() < deadline:
        found = server.get(f"/v1/executions/{execution}").json
        if found["status"] not in ("created", "running", "scheduled"):
            return found
    raise AssertionError(f"{execution} has not ended: {found}")


def main() -> None:
    """Run a campaign and tell what was counted."""
    parser = argparse.ArgumentParser(description="Kill an engine whose agents are at work.")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--agents", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(campaign(Path(folder) / "data", given.kills, given.agents, given.seed)))


if __name__ == "__main__":
    main()
