"""MCP servers that an agent is offered: their tools are listed once, recorded, named apart, approved, and called by their node."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import commands as c
from contracts import events as e
from contracts import values
from contracts.person import Person
from contracts.server_tools import OFFERED_MAX
from domain.definition.validate import check
from tests.domain.nodes.test_agent import Model, answer, call
from tests.domain.spec import Called, World, document_of, fails, redecide

SERVERS = """
nodes:
  - {id: helper, type: agent, config: {model: "openai:gpt-4o", input: hi, %s}}
  - {id: docs, type: mcp, config: {server: docs%s}%s}
  - {id: wiki, type: mcp, config: {server: wiki}}
  - {id: look, type: look}
edges:
  - {from: docs, to: helper, type: ai_tool}
  - {from: wiki, to: helper, type: ai_tool}
  - {from: look, to: helper, type: ai_tool}
"""
QUERY = {"type": "object", "required": ["q"], "properties": {"q": {"type": "string"}}}


def tool(name: str, parameters: Any = QUERY) -> dict[str, Any]:
    return {"name": name, "description": f"{name} of it", "parameters": parameters}


class Servers:
    """What both servers have, and what they were asked."""

    def __init__(self, *docs: Any, wiki: Any = ()) -> None:
        self.lists = {"docs": {"tools": list(docs)}, "wiki": {"tools": list(wiki)}}
        self.listed: list[str] = []
        self.called: list[Any] = []

    def __call__(self, called: Called) -> Any:
        server = called.config["server"]
        if called.input == {"tools": True}:
            self.listed.append(called.path)
            return self.lists[server]
        self.called.append((called.path, called.input))
        return {"text": f"found by {server}"}


def agent(model: Any, servers: Any, config: str = "", docs: str = "", more: str = "", **limits: Any) -> World:
    return World(SERVERS % (config, docs, more), None, {"llm": model, "mcp": servers}, **limits).start()


def told(model: Model, turn: int = -1) -> list[str]:
    return [one["name"] for server in model.asked[turn].input["servers"] for one in server["list"]["tools"]]


def test_the_tools_of_a_server_are_listed_once_and_each_call_is_a_run_of_its_node() -> None:
    servers = Servers(tool("search"), tool("read.page"), wiki=[tool("edit", {})])
    model = Model(answer(call("search", {"q": "a"}), call("read_page", {"q": "b"})), answer(call("edit", {})), answer("done"))
    world = agent(model, servers)
    assert world.status == "completed"
    assert sorted(servers.listed) == ["helper.docs/tools", "helper.wiki/tools"]
    assert servers.called == [
        ("helper[0]/call[0]/docs", {"tool": "search", "arguments": {"q": "a"}}),
        ("helper[0]/call[1]/docs", {"tool": "read.page", "arguments": {"q": "b"}}),
        ("helper[1]/call[0]/wiki", {"tool": "edit", "arguments": {}}),
    ]
    assert model.results(1) == [{"ok": {"text": "found by wiki"}}]
    assert told(model, 0) == told(model) == ["search", "read.page", "edit"]


def test_the_agent_keeps_the_list_that_it_began_with() -> None:
    servers = Servers(tool("search"))
    model = Model(answer(call("search", {"q": "a"})), answer(call("search", {"q": "b"})), answer("done"))

    def changing(called: Called) -> Any:
        found = servers(called)
        servers.lists["docs"] = {"tools": []}
        return found

    world = agent(model, changing)
    assert (world.status, len(servers.called), len(servers.listed)) == ("completed", 2, 2)


def test_a_list_stands_once_in_the_journal_and_replay_asks_no_server() -> None:
    servers = Servers({**tool("search"), "description": "x" * 500})
    model = Model(*(answer(call("search", {"q": f"question {n}"})) for n in range(4)), answer("done"))
    world = agent(model, servers)
    subject = world.subjects["x"]
    written = "".join(map(repr, subject.decisions))
    assert (written.count("x" * 500), written.count("question 2")) == (1, 1)
    asked = len(servers.called) + len(servers.listed)
    subject.verify()
    redecide(subject.graph, subject.decisions, world.blobs)
    assert len(servers.called) + len(servers.listed) == asked


def test_names_that_clash_stand_behind_the_name_of_the_node() -> None:
    servers = Servers(tool("look"), tool("search"), wiki=[tool("search"), tool("none"), tool("docs_look")])
    asks = ("docs_look", "docs_search", "wiki_search", "wiki_none", "docs_look_2", "search")
    model = Model(answer(*(call(name, {"q": "a"}) for name in asks), call("look", {})), answer("done"))
    agent(model, servers)
    assert [(path.rpartition("/")[2], given["tool"]) for path, given in servers.called] == [
        ("docs", "look"), ("docs", "search"), ("wiki", "search"), ("wiki", "none"), ("wiki", "docs_look"),
    ]  # fmt: skip
    assert model.results(0)[5]["error"]["type"] == "ai.tool_unknown"
    assert model.results(0)[6] == {"ok": {}}


@pytest.mark.parametrize(("schema", "reaches"), [(QUERY, False), ({"type": "wrong"}, True), ({"$ref": "https://x.example/s"}, True)])
def test_arguments_are_held_to_the_schema_of_the_server_where_that_can_be_used(schema: Any, reaches: bool) -> None:
    servers = Servers(tool("search", schema))
    model = Model(answer(call("search", {"q": 5})), answer("done"))
    assert agent(model, servers).status == "completed"
    assert bool(servers.called) == reaches
    assert ("ai.arguments" in str(model.results(0))) != reaches


def test_a_call_that_fails_is_told_and_the_next_one_is_made() -> None:
    servers = Servers(tool("search"))
    dies = fails("mcp.lost", times=1, then={"text": "found"})
    model = Model(answer(call("search", {"q": "a"})), answer(call("search", {"q": "b"})), answer("done"))
    flaky = fails("mcp.lost", times=1)

    def acts(called: Called) -> Any:
        return servers(called) if called.input == {"tools": True} else (flaky if called.path.startswith("helper[0]") else dies)(called)

    world = agent(model, acts, more=", retry: {max_attempts: 1}")
    assert model.results(0) == [{"error": {"type": "mcp.lost", "message": "it failed"}}]
    assert world.error is None


def test_a_server_that_cannot_be_listed_is_the_agents_failure_after_the_attempts_of_its_node() -> None:
    servers = Servers(tool("search"))
    flaky = fails("mcp.lost", times=1, then={"tools": []})
    world = agent(
        Model(answer("done")), lambda called: (flaky if "docs" in called.path else servers)(called), more=", retry: {max_attempts: 2}"
    )
    assert [path for path in world.ran if "docs" in path] == ["helper.docs/tools", "helper.docs/tools@2"]
    assert world.status == "completed"
    world = agent(Model(answer("done")), fails("mcp.lost"))
    assert (world.status, world.error) == ("incident", "mcp.lost")


@pytest.mark.parametrize("name", ["search", "docs", "docs_search"])
def test_a_rule_of_approval_means_a_tool_by_any_of_its_names(name: str) -> None:
    servers = Servers(tool("search"), wiki=[tool("search")])
    model = Model(answer(call("docs_search", {"q": "a"})), answer("done"))
    world = agent(model, servers, f"approval: [{{tools: [{name}], when: \"args.q != 'b'\", assignees: [lead]}}]")
    assert world.waits == ["task helper[0]/call[0]/approval"]
    assert values.decode(world.events(e.TaskCreated)[0].content) == {"q": "a"}
    world.send(c.AnswerTask("helper[0]/call[0]/approval", 1, "approved", Person("lead"), None, "", values.encode({"q": "c"})))
    assert servers.called == [("helper[0]/call[0]/docs", {"tool": "search", "arguments": {"q": "c"}})]
    assert world.status == "completed"


def test_a_call_that_somebody_denies_reaches_no_server() -> None:
    servers = Servers(tool("search"))
    model = Model(answer(call("search", {"q": "a"})), answer("done"))
    world = agent(model, servers, "approval: [{tools: [search], assignees: [lead]}]")
    world.send(c.AnswerTask("helper[0]/call[0]/approval", 1, "denied", Person("lead"), None, "no", None))
    assert (servers.called, model.results(0)[0]["error"]["type"]) == ([], "ai.denied")
    assert "`search` was not called: denied by lead: no" in model.results(0)[0]["error"]["message"]


@pytest.mark.parametrize("config", ["approval: [{tools: [delte]}]", "tools: [serch]"])
def test_a_name_that_means_no_tool_once_all_are_known_ends_the_agent_before_any_call(config: str) -> None:
    model = Model(answer("done"))
    world = agent(model, Servers(tool("search")), config)
    assert (world.status, world.error, model.asked) == ("incident", "ai.tool_unknown", [])
    assert world.failure is not None
    assert "there are: look, search" in world.failure.message


def test_of_the_tools_those_that_are_named_are_offered() -> None:
    servers = Servers(tool("search"), tool("drop"))
    model = Model(answer(call("drop", {"q": "a"}), call("search", {"q": "b"})), answer("done"))
    agent(model, servers, "tools: [search]")
    assert [given["tool"] for _, given in servers.called] == ["search"]
    assert model.asked[0].input["wanted"] == ["search"]


@pytest.mark.parametrize(("count", "error"), [(OFFERED_MAX - 1, None), (OFFERED_MAX, "ai.too_many_tools")])
def test_so_many_tools_are_offered_and_no_more(count: int, error: str | None) -> None:
    world = agent(Model(answer("done")), Servers(*(tool(f"t{n}") for n in range(count))))
    assert world.error == error


def test_a_server_is_called_no_more_often_than_its_node_says() -> None:
    servers = Servers(tool("search"), tool("read"))
    model = Model(answer(call("search", {"q": "a"}), call("read", {"q": "b"})), answer("done"))
    agent(model, servers, more=", tool: {max_calls: 1}")
    assert [given["tool"] for _, given in servers.called] == ["search"]
    assert "`docs` may be called 1 times, and was" in model.results(0)[1]["error"]["message"]


def test_lists_and_arguments_that_are_blobs_are_read_all_the_same() -> None:
    servers = Servers({**tool("search"), "description": "x" * 5_000})
    model = Model(answer("z" * 5_000, call("search", {"q": "y" * 2_000})), answer("done"))
    world = agent(model, servers, blob_bytes_min=1_000)
    assert servers.called == [("helper[0]/call[0]/docs", {"tool": "search", "arguments": {"q": "y" * 2_000}})]
    assert values.is_reference(model.asked[0].input["servers"][0]["list_blob"].encode())
    assert world.status == "completed"


@pytest.mark.parametrize("odd", [None, 5, [], {"tools": 5}, {"tools": [1, {}, {"name": 5}, {"name": ""}, {"name": "x" * 5_000}]}])
def test_whatever_stands_in_the_place_of_a_list_the_agent_goes_on(odd: Any) -> None:
    model = Model(answer(call("search", {"q": "a"})), answer("done"))
    world = agent(model, lambda called: odd)
    assert (world.status, model.results(0)[0]["error"]["type"]) == ("completed", "ai.tool_unknown")


def test_the_same_over_crashes_and_doubled_messages() -> None:
    servers = Servers(tool("search"), wiki=[tool("edit")])
    model = Model(answer(call("search", {"q": "a"}), call("edit", {"q": "b"})), answer("done"))
    text = SERVERS % ("", "", "")
    world = World(text, None, {"llm": model, "mcp": servers}, twice=lambda: True, restart=lambda: True).start()
    assert (world.status, world.output["tool_calls"]) == ("completed", 2)


# Publishing


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("approval: [{tools: [delte]}]", ", allow: [delete]"), None),  # the other server may have it
        (("from: wiki, to: helper, type: ai_tool", "from: wiki, to: helper"), ("nodes[2].config.tool", "missing")),
        (("wiki}}", "wiki, arguments: {}}}"), ("nodes[2].config.arguments", "no_tool")),
        (("wiki}}", "wiki}, tool: {parameters: {}}}"), ("nodes[2].tool.parameters", "no_tool")),
        (("wiki}}", "wiki}, tool: {name: docs}}"), ("nodes[2].tool.name", "doubled_tool")),
        (("server: wiki", "server: wiki, tool: edit"), None),
    ],
)
def test_what_can_be_known_of_servers_is_known_at_publish(change: tuple[str, str], problem: tuple[str, str] | None) -> None:
    text = SERVERS % (*change, "") if problem is None and "approval" in change[0] else (SERVERS % ("", "", "")).replace(*change)
    found = [(one.path, one.rule) for one in check(document_of(text), {}, strict_kinds=False).problems]
    assert found == ([] if problem is None else [problem])


@pytest.mark.parametrize(
    ("config", "is_known"),
    [("tools: [search]", True), ("tools: [docs_search, docs]", True), ("approval: [{tools: [serch]}]", False), ("tools: [wiki]", False)],
)
def test_where_all_servers_say_what_is_allowed_other_names_are_problems(config: str, is_known: bool) -> None:
    text = SERVERS % (config, ", allow: [search]", "")
    alone = text.replace("  - {from: wiki, to: helper, type: ai_tool}\n", "").replace(
        "  - {id: wiki, type: mcp, config: {server: wiki}}\n", ""
    )
    found = [one.rule for one in check(document_of(alone), {}, strict_kinds=False).problems]
    assert found == ([] if is_known else ["unknown_tool"])
