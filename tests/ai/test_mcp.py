"""`mcp`: tools of real servers of the official library, over stdio and HTTP, and what becomes of a call where a server fails."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import InvalidSettings
from contracts.server_tools import LIST_WANTED
from infra.settings.mcp_servers import mcp_servers_in
from tests.ai.conftest import an_attempt
from workers.running.activities.mcp import Mcp
from workers.running.activity_error import ActivityError
from workers.running.activity_settings import ActivitySettings
from workers.running.ai.process import AiProcess
from workers.running.ai.wire import ANSWER_BYTES_MAX, McpServer

PROGRAM = Path(__file__).parent / "mcp_server_program.py"
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def http() -> Iterator[str]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with subprocess.Popen([sys.executable, str(PROGRAM), str(port)], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        assert any("running on" in line for line in server.stderr)
        threading.Thread(target=server.stderr.read, daemon=True).start()
        yield f"http://127.0.0.1:{port}/mcp"
        server.kill()


@pytest.fixture
def run(process: AiProcess, http: str) -> Run:
    servers = {
        "pipe": McpServer(name="pipe", command=(sys.executable, str(PROGRAM)), env=(("CRM_TOKEN", "abc"),)),
        "web": McpServer(name="web", url=http),
        "many": McpServer(name="many", command=(sys.executable, str(PROGRAM), "many")),
        "gone": McpServer(name="gone", url="http://127.0.0.1:9/mcp"),
        "none": McpServer(name="none", command=("/no/such/program",)),
        "noise": McpServer(name="noise", command=(sys.executable, "-c", "import sys\nwhile True: sys.stdout.write('x' * 65536)")),
    }
    kind = Mcp(ActivitySettings(allow_private_addresses=True, ai=process, mcp_servers=servers))

    def asked(server: str, tool: str | None, arguments: Any = None, data: Any = None, **more: Any) -> Any:
        named = {} if tool is None else {"tool": tool, "arguments": arguments or {}}
        return kind.run(an_attempt(), {"server": server, **named, **more}, data)

    return asked


def failure(run: Run, *words: Any, **more: Any) -> ActivityError:
    with pytest.raises(ActivityError) as caught:
        run(*words, **more)
    return caught.value


@pytest.mark.parametrize("server", ["pipe", "web"])
def test_a_tool_gives_its_text_and_its_value(run: Run, server: str) -> None:
    found = run(server, "add", {"a": 1, "b": 2})
    assert (found["text"], found["value"]) == ("3", {"result": 3})


def test_a_server_that_was_started_is_kept_and_sees_the_variables_that_it_is_given_alone(run: Run) -> None:
    first, second = (run("pipe", "count")["text"].split() for _ in range(2))
    assert (int(second[0]), second[1]) == (int(first[0]) + 1, first[1])
    assert run("pipe", "env", {"name": "CRM_TOKEN"})["text"] == "abc"
    assert run("pipe", "env", {"name": "OPENAI_API_KEY"})["text"] == "None"


def test_a_server_that_dies_fails_its_call_and_the_next_one_starts_it_anew(run: Run) -> None:
    before = run("pipe", "count")["text"].split()[1]
    lost = failure(run, "pipe", "die")
    assert (lost.error_type, lost.retryable) == ("mcp.lost", True)
    assert run("pipe", "count")["text"].split()[1] != before


def test_a_server_that_was_killed_costs_one_call_at_most(run: Run) -> None:
    before = run("pipe", "count")["text"].split()[1]
    os.kill(int(before), signal.SIGKILL)
    told = []
    for _ in range(2):
        try:
            told.append(run("pipe", "count")["text"].split()[1])
        except ActivityError as error:
            told.append(error.error_type)
    assert told[0] == "mcp.lost" or told[0] == told[1]
    assert told[1] not in ("mcp.lost", before)


@pytest.mark.parametrize("server", ["pipe", "web"])
@pytest.mark.parametrize(
    ("tool", "arguments", "type_"),
    [
        ("boom", {}, "mcp.tool_failed"),
        ("nope", {}, "mcp.tool_failed"),
        ("add", {"a": "x", "b": None}, "mcp.tool_failed"),
        ("book", {}, "mcp.refused"),
        ("large", {"size": ANSWER_BYTES_MAX}, "mcp.too_large"),
    ],
)
def test_what_a_tool_cannot_do_is_a_failure(run: Run, server: str, tool: str, arguments: Any, type_: str) -> None:
    assert failure(run, server, tool, arguments).error_type == type_
    assert run(server, "add", {"a": 1, "b": 1})["text"] == "2"


def test_what_takes_too_long_is_given_up(run: Run, tmp_path: Path) -> None:
    assert failure(run, "pipe", "wait", {"mark": str(tmp_path / "mark")}, timeout="500ms").error_type == "mcp.timeout"
    assert run("pipe", "add", {"a": 1, "b": 1})["text"] == "2"


@pytest.mark.parametrize(
    ("server", "type_"), [("gone", "mcp.lost"), ("none", "mcp.not_started"), ("noise", "mcp.too_large"), ("other", "mcp.unknown_server")]
)
def test_a_server_that_is_none_is_a_failure(run: Run, server: str, type_: str) -> None:
    assert failure(run, server, "add").error_type == type_


def test_a_tool_that_is_not_allowed_is_not_asked_for(run: Run) -> None:
    refused = failure(run, "pipe", "count", allow=["add"])
    assert (refused.error_type, "`count` is not among" in str(refused)) == ("input.invalid", True)


# Tools for an agent.


def listed(run: Run, server: str, **config: Any) -> Any:
    """What the node of a whole server gives that is to list its tools."""
    return run(server, None, None, data=LIST_WANTED, **config)


@pytest.mark.parametrize("server", ["pipe", "web"])
def test_a_server_tells_its_tools_with_the_schemas_of_their_arguments(run: Run, server: str) -> None:
    tools = {one["name"]: one for one in listed(run, server)["tools"]}
    assert {"add", "count", "die"} <= tools.keys()
    assert tools["add"]["description"] == "Adds two numbers."
    assert tools["add"]["parameters"]["required"] == ["a", "b"]


def test_of_the_tools_those_are_told_that_are_allowed(run: Run) -> None:
    assert [one["name"] for one in listed(run, "pipe", allow=["add", "env"])["tools"]] == ["add", "env"]
    found = failure(run, "pipe", None, None, data=LIST_WANTED, allow=["add", "ad"])
    assert (found.error_type, "has no tool `ad`; it has: add, count" in str(found)) == ("mcp.unknown_tool", True)


def test_the_node_of_a_server_runs_the_tool_that_it_is_given(run: Run) -> None:
    assert run("pipe", None, None, data={"tool": "add", "arguments": {"a": 1, "b": 2}})["text"] == "3"
    assert failure(run, "pipe", None, None, data={"tool": "add", "arguments": {}}, allow=["env"]).error_type == "input.invalid"


@pytest.mark.parametrize(
    "data", [None, 5, {}, {"tool": "add"}, {"tool": 5, "arguments": {}}, {"tool": "add", "arguments": None}, {"tools": 1.5}]
)
def test_data_that_name_no_tool_are_refused(run: Run, data: Any) -> None:
    assert failure(run, "pipe", None, None, data=data).error_type == "input.invalid"


def test_a_list_that_no_agent_can_be_told_is_refused(run: Run) -> None:
    assert "129 tools, an agent is offered 128 at most (OFFERED_MAX)" in str(failure(run, "many", None, None, data=LIST_WANTED))
    long = failure(run, "many", None, None, data=LIST_WANTED, allow=["long"])
    assert (long.error_type, "262,144 at most (LIST_BYTES_MAX)" in str(long)) == ("mcp.too_large", True)
    assert len(listed(run, "many", allow=["t1", "t2"])["tools"]) == 2


# The file.


def test_the_file_says_how_each_is_started_and_takes_variables(tmp_path: Path) -> None:
    servers = {"a": {"command": "x", "args": ["y"], "env": {"T": "${TOKEN}"}}, "b": {"url": "https://x.example/mcp"}}
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": servers}))
    found = mcp_servers_in(tmp_path / "mcp.json", {"TOKEN": "abc"})
    assert (found["a"].command, found["a"].env, found["b"].url) == (("x", "y"), (("T", "abc"),), "https://x.example/mcp")
    with pytest.raises(InvalidSettings, match="server a needs the variable TOKEN"):
        mcp_servers_in(tmp_path / "mcp.json", {})


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"mcpServers": {"a": {}}}', '{"mcpServers": {"a": {"command": "x", "url": "https://x"}}}', "\ud800"]
)
def test_a_file_that_says_something_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "mcp.json").write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(InvalidSettings, match="mcp_servers"):
        mcp_servers_in(tmp_path / "mcp.json")


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert mcp_servers_in(None) == {}
    with pytest.raises(InvalidSettings, match="cannot be read"):
        mcp_servers_in(tmp_path / "missing.json")
