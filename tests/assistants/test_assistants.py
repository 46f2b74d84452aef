"""`refold mcp` with the official client: reading, steering and calling workflows at a real server, also one that is killed meanwhile."""

from __future__ import annotations

import asyncio
import inspect
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from api.assistants.asking import Asking
from api.assistants.offers import OFFERS, made
from api.assistants.server import make_server
from api.operations import OPERATIONS
from api.routes import SUPPLIED
from domain.definition.validate import check
from tests import preloaded
from tests.api.conftest import ROOT, Server, serve

__all__ = ["serve"]
Serve = Callable[..., Server]
Scenario = Callable[[Client], Awaitable[None]]
VALUE = {"operation": "value", "value": "Hello {{ input.name }}"}
GREET = {
    "name": "greet",
    "expose": {"mcp": {"description": "Greets somebody by name."}},
    "input": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}, "additionalProperties": False},
    "nodes": [{"id": "say", "type": "transform", "config": VALUE}],
}
PATIENT = {
    "name": "patient",
    "expose": {"mcp": {"description": "Asks a person, and gives what they say."}},
    "nodes": [{"id": "ask", "type": "human_task", "config": {"question": "Go on?"}}],
}
BAD = {
    "name": "bad",
    "expose": {"mcp": {"description": "Fails."}},
    "settings": {"on_failure": "fail"},
    "nodes": [{"id": "no", "type": "fail", "config": {"type": "no.money", "message": "there is none"}}],
}
TAKEN = {**GREET, "name": "get_task", "expose": {"mcp": {"description": "Has the name of another tool."}}}
LARGE = {"name": "large", "nodes": [{"id": "all", "type": "transform", "config": {"operation": "value", "value": ["x" * 1_000] * 100}}]}
PRIVATE = {**GREET, "name": "private", "expose": None}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("assistants") / "data")
    running.publish(GREET, PATIENT, BAD, TAKEN, LARGE, {name: one for name, one in PRIVATE.items() if one is not None})
    yield running
    running.kill()


def with_client(server: Server, scenario: Scenario, **offered: Any) -> None:
    """The official client over the server as it is, without pipes between them."""

    async def main() -> None:
        asking = Asking(server.url, person="ada", groups=["crew"])

        @asynccontextmanager
        async def client_of(context: Any) -> AsyncIterator[Asking]:
            yield asking

        async with Client(make_server(client_of, server.url, **offered)) as client:
            await scenario(client)
        asking.close()

    asyncio.run(main())


def text_of(found: CallToolResult) -> str:
    (part,) = found.content
    assert isinstance(part, TextContent)
    return part.text


async def call(client: Client, name: str, arguments: dict[str, Any] | None = None, **more: Any) -> Any:
    """What a tool gives: read where it is JSON. An error of the tool fails."""
    found = await client.call_tool(name, arguments or {}, **more)
    assert not found.is_error, found.content
    text = text_of(found)
    return json.loads(text) if text.startswith(("{", "[")) else text


async def refused(client: Client, name: str, arguments: dict[str, Any]) -> Any:
    """The problem document of a call that is an error of the tool."""
    found = await client.call_tool(name, arguments)
    assert found.is_error
    return json.loads(text_of(found))


def test_the_tools_are_made_of_the_operations() -> None:
    operations = {one.name: one for one in OPERATIONS}
    assert len({one.operation for one in OFFERS}) == len(OFFERS)
    for tool in made():
        operation = operations[tool.name]
        asked = set(inspect.signature(operation.do).parameters) - SUPPLIED - {"person", "groups", "if_match"}
        assert len(asked) <= len(tool.schema["properties"])
        assert all(f"{{{name}}}" in operation.path for name, place in tool.places.items() if place == "path")
        assert tool.reads == (operation.method == "GET" or tool.name == "validate_workflow")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"expose": {"mcp": {"description": " "}}}, [("expose.mcp.description", "empty")]),
        ({"expose": {"mcp": {"description": ""}}}, [("expose.mcp.description", "out_of_range")]),
        ({"expose": {"mcp": {}}}, [("expose.mcp.description", "missing_field")]),
        ({"expose": {"mpc": {}}}, [("expose.mpc", "unknown_field")]),
        ({"input": {"type": "array"}}, [("input.type", "no_tool")]),
        ({"input": {"type": ["object", "null"]}}, [("input.type", "no_tool")]),
        ({"input": False}, [("input", "no_tool")]),
        ({"input": True}, []),
        ({"input": {"required": ["a"]}}, []),
        ({"expose": None}, []),
        ({"expose": {}}, []),
    ],
)
def test_what_can_be_no_tool_is_a_problem_when_published(change: dict[str, Any], found: list[tuple[str, str]]) -> None:
    document = {**GREET, "nodes": [{"id": "say", "type": "noop"}], **change}
    assert [(one.path, one.rule) for one in check(document, {}, strict_kinds=False).problems] == found


def test_an_assistant_reads_publishes_starts_and_answers(server: Server) -> None:
    async def scenario(client: Client) -> None:
        asks = "{id: ask, type: human_task, config: {question: 'Well?'}}"
        text = f"name: mine\nnodes: [{{id: a, type: noop}}, {asks}]\nedges: [{{from: a, to: ask}}]"
        found = await call(client, "validate_workflow", {"definition": text.replace("to: ask}", "to: asks}")})
        assert (found["valid"], found["problems"][0]["path"]) == (False, "edges[0].to")
        assert (await call(client, "publish_workflow", {"definition": text}))["version"] == 1
        assert "config: {question: 'Well?'}" in await call(client, "get_source", {"name": "mine"})
        key = {"name": "mine", "idempotency_key": "once"}
        execution = (await call(client, "start_execution", key))["execution_id"]
        again = await call(client, "start_execution", key)
        assert again["execution_id"] == execution
        tasks = await call(client, "list_tasks", {"below": execution, "mine": True, "min_position": again["position"]})
        why = await call(client, "get_why", {"execution": execution, "node": "ask"})
        assert why["waits_for"][0]["released_by"] == "person"
        await call(client, "answer_task", {"task": tasks["tasks"][0]["task_id"], "port": "approved", "comment": "yes"})
        assert (await call(client, "get_result", {"execution_id": execution}))["output"]["answers"][0]["by"] == "ada"
        events = await call(client, "get_history", {"execution": execution, "type": ["NodeCompleted"]})
        assert [one["path"] for one in events["events"]] == ["a", "ask"]

    with_client(server, scenario)


def test_what_is_refused_is_an_error_of_the_tool_in_the_words_of_the_server(server: Server) -> None:
    async def scenario(client: Client) -> None:
        assert (await refused(client, "get_execution", {"execution": "none"}))["reason"] == "unknown_execution"
        assert (await refused(client, "get_execution", {"execution": "../workflows"}))["status"] == 404
        problem = await refused(client, "get_execution", {"exec": "none"})
        assert (problem["status"], [one["rule"] for one in problem["problems"]]) == (422, ["additionalProperties", "required"])
        assert "no tool `private`" in (await refused(client, "private", {"name": "x"}))["detail"]
        assert (await refused(client, "greet", {"name": 5}))["problems"][0]["path"] == "/name"
        assert (await refused(client, "list_workflows", {"part": "/nothing"}))["problems"][0]["rule"] == "pointer"
        assert (await refused(client, "publish_workflow", {"definition": "[" * 10_000}))["status"] == 422

    with_client(server, scenario)


def test_a_long_answer_is_cut_and_says_how_to_ask_for_the_rest(server: Server) -> None:
    async def scenario(client: Client) -> None:
        found = await call(client, "start_execution", {"name": "large", "wait": 30})
        assert found["status"] == "completed"
        assert "items are left out: part=/output start=" in found["output"][-1]
        arguments = {"execution_id": found["execution_id"], "part": "/output", "start": 98}
        assert await call(client, "get_result", arguments) == ["x" * 1_000] * 2

    with_client(server, scenario)


def test_a_workflow_that_is_exposed_is_a_tool_with_its_input_and_its_output(server: Server) -> None:
    async def scenario(client: Client) -> None:
        tools = {one.name: one for one in (await client.list_tools()).tools}
        assert {"greet", "patient", "bad", "workflow_get_task"} <= tools.keys()
        assert "private" not in tools
        assert tools["greet"].description == "Greets somebody by name."
        assert list(tools["greet"].input_schema["properties"]) == ["name", "idempotency_key"]
        assert (await call(client, "greet", {"name": "Ada"}))["output"] == "Hello Ada"
        assert (await call(client, "workflow_get_task", {"name": "Bob"}))["output"] == "Hello Bob"
        found = await client.call_tool("bad", {})
        assert (found.is_error, found.structured_content["error"]["type"]) == (True, "no.money")

    with_client(server, scenario)


@pytest.mark.parametrize("way", ["argument", "meta"])
def test_the_same_call_with_the_same_key_starts_one_execution(server: Server, way: str) -> None:
    async def scenario(client: Client) -> None:
        more: dict[str, Any] = {"meta": {"local.refold/idempotency-key": f"k-{way}"}} if way == "meta" else {}
        arguments = {"name": "Eve", **({"idempotency_key": f"k-{way}"} if way == "argument" else {})}
        found = [(await call(client, "greet", arguments, **more))["execution_id"] for _ in range(2)]
        others = [(await call(client, "greet", {"name": "Eve"}))["execution_id"] for _ in range(2)]
        assert (len(set(found)), len({*found, *others})) == (1, 3)

    with_client(server, scenario)


def test_what_takes_longer_than_a_call_is_told_by_its_id_and_waited_for_later(server: Server) -> None:
    async def scenario(client: Client) -> None:
        told: list[tuple[float, str]] = []

        async def progress(done: float, total: float | None, message: str | None) -> None:
            told.append((done, message or ""))

        found = await call(client, "patient", progress_callback=progress)
        assert (found["status"], found["waiting_for"][0]["for"]) == ("running", "task")
        assert told
        assert told[0][1] == "running: waits for task ask"
        task = found["waiting_for"][0]["task"]
        waiting = asyncio.create_task(call(client, "get_result", {"execution_id": found["execution_id"]}))
        await call(client, "answer_task", {"task": task, "port": "approved"})
        assert (await waiting)["output"]["outcome"] == "approved"

    with_client(server, scenario, wait_s=1.5)


def test_who_only_reads_is_offered_nothing_that_changes(server: Server) -> None:
    async def scenario(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert all(one.annotations is not None and one.annotations.read_only_hint for one in tools)
        assert {"start_execution", "greet"}.isdisjoint(one.name for one in tools)
        for name, arguments in [("start_execution", {"name": "greet"}), ("greet", {"name": "x"})]:
            assert "no tool" in (await refused(client, name, arguments))["detail"]

    with_client(server, scenario, only_reads=True)


def test_a_call_over_stdio_gets_its_result_though_the_server_was_killed_meanwhile(serve: Serve, tmp_path: Path) -> None:
    """The server dies with the execution in its middle, and begins anew at the same port; the call knows nothing of it."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    steps = [{"id": f"s{n}", "type": "delay", "config": {"for": "1s"}} for n in range(3)]
    edges = [{"from": "s0", "to": "s1"}, {"from": "s1", "to": "s2"}, {"from": "s2", "to": "say"}]
    nodes = [*steps, {"id": "say", "type": "transform", "config": VALUE}]
    server = serve("--port", str(port))
    server.publish({**GREET, "name": "slow", "nodes": nodes, "edges": edges})
    words = ["-m", "refold", "mcp", "--server", server.url]

    async def main() -> None:
        program = StdioServerParameters(command=sys.executable, args=words, env={"PYTHONPATH": str(ROOT)})
        begun = asyncio.Event()

        async def progress(done: float, total: float | None, message: str | None) -> None:
            begun.set()

        async with Client(stdio_client(program)) as client:
            calling = asyncio.create_task(call(client, "slow", {"name": "Ada"}, progress_callback=progress))
            await begun.wait()
            server.kill()
            await asyncio.to_thread(serve, "--port", str(port))
            result = await calling
            assert (result["status"], result["output"]) == ("completed", "Hello Ada")
            rows = await call(client, "list_executions", {"workflow": "slow"})
            assert [one["execution_id"] for one in rows["executions"]] == [result["execution_id"]]

    asyncio.run(main())


def test_over_http_each_caller_acts_in_their_own_name_and_no_other_site_asks(server: Server) -> None:
    words = ("mcp", "--http", "--port", "0", "--server", server.url, "--as", "bot")
    process = preloaded.begin(*words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().rsplit(" at ", 1)[1].strip()

        async def main() -> None:
            import httpx2

            for person, heads in (("bot", {}), ("eve", {"refold-person": "eve"})):
                async with httpx2.AsyncClient(headers=heads) as http, Client(streamable_http_client(url, http_client=http)) as client:
                    begun = await call(client, "start_execution", {"name": "patient"})
                    execution, position = begun["execution_id"], begun["position"]
                    task = (await call(client, "list_tasks", {"below": execution, "min_position": position}))["tasks"][0]["task_id"]
                    await call(client, "answer_task", {"task": task, "port": "approved"})
                    assert (await call(client, "get_result", {"execution_id": execution}))["output"]["answers"][0]["by"] == person
            async with httpx2.AsyncClient() as http:
                for heads in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
                    assert (await http.post(url, json={}, headers=heads)).status_code in (403, 421)

        asyncio.run(main())
    finally:
        process.kill()
        process.communicate()


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    async def main() -> None:
        asking = Asking("http://127.0.0.1:9")

        @asynccontextmanager
        async def client_of(context: Any) -> AsyncIterator[Asking]:
            yield asking

        async with Client(make_server(client_of, "http://127.0.0.1:9", 0.0)) as client:
            problem = await refused(client, "list_workflows", {})
            assert "http://127.0.0.1:9 cannot be reached" in problem["detail"]

    asyncio.run(main())
