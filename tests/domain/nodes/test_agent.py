"""`agent`: a model is asked, its tools run, and it is asked again; each message once, each call with a result."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts import commands as c
from contracts import events as e
from contracts import values
from contracts.conversation import CALLS_MAX, calls_in
from contracts.person import Person
from contracts.usage import COUNT_MAX
from domain.definition.validate import check
from tests.domain.spec import Called, World, document_of, fails, gives, never, slow

AGENT = """
nodes:
  - {id: first, type: noop}
  - {id: helper, type: agent, config: {model: "openai:gpt-4o", system: You help., input: "{{ input.q }}", %s}}
  - {id: add, type: add, description: Adds, tool: {%s}}
  - {id: look, type: look}
edges:
  - {from: first, to: helper}
  - {from: add, to: helper, type: ai_tool}
  - {from: look, to: helper, type: ai_tool}
"""
OFFER = "{from: look, to: helper, type: ai_tool}"
NUMBERS = "parameters: {type: object, required: [a], properties: {a: {type: integer}}}"
ASKED = 'approval: [{tools: [add], when: "args.a > 10", assignees: [lead], timeout: 1h}]'


def call(name: str, arguments: Any) -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"type": "tool_call", "id": "", "name": name, "arguments": text}


def answer(*parts: Any) -> dict[str, Any]:
    """What a model call gives: texts, and calls of tools."""
    said = [{"type": "text", "text": one} if isinstance(one, str) else one for one in parts]
    usage = {"input_tokens": 10, "output_tokens": 2, "measured": True}
    return {"message": {"role": "assistant", "parts": said}, "model": "openai:gpt-4o", "usage": usage}


class Model:
    """Gives these answers, one a turn, and keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = answers, list[Called]()

    def __call__(self, called: Called) -> Any:
        self.asked.append(called)
        return self.answers[int(called.path.partition("[")[2].partition("]")[0])]

    def results(self, turn: int) -> list[Any]:
        """What the model was told of the calls of a turn."""
        found: list[Any] = self.asked[-1].input["turns"][turn]["results"]
        return found


def agent(model: Any, config: str = "", tool: str = NUMBERS, acts: Any = None, **more: Any) -> World:
    world = World(AGENT % (config, tool), None, {"llm": model, "add": lambda call: call.input["a"] + 1, **(acts or {})}, **more)
    return world.start({"q": "What?"})


def test_an_agent_runs_what_the_model_asks_for_and_gives_its_last_answer() -> None:
    model = Model(answer("let me see", call("add", {"a": 1}), call("look", {})), answer("It is 2."))
    world = agent(model, acts={"look": gives("far")})
    assert world.ran == ["first", "helper[0]/model", "helper[0]/call[0]/add", "helper[0]/call[1]/look", "helper[1]/model"]
    assert world.status == "completed"
    assert (world.output["text"], world.output["turns"], world.output["tool_calls"]) == ("It is 2.", 2, 2)
    assert world.output["usage"] == {"input_tokens": 20, "output_tokens": 4, "measured": True}
    assert model.results(0) == [{"ok": 2}, {"ok": "far"}]


@pytest.mark.parametrize(
    ("odd", "text", "usage"),
    [
        ({"usage": {"input_tokens": None, "output_tokens": "x", "measured": [1]}}, "It is 2.", {"input_tokens": 10, "output_tokens": 2}),
        ({"usage": {"input_tokens": 2**64 - 1, "output_tokens": -5}}, "It is 2.", {"input_tokens": COUNT_MAX, "output_tokens": 2}),
        ({"usage": [1]}, "It is 2.", {"input_tokens": 10, "output_tokens": 2}),
        ({"message": "so"}, "", {"input_tokens": 20, "output_tokens": 4}),
        ({"message": {"parts": 5}}, "", {"input_tokens": 20, "output_tokens": 4}),
        ({"message": {"parts": [1, {"type": "text", "text": 5}, {"type": "text", "text": "b"}]}}, "b", {"input_tokens": 20}),
    ],
)
def test_whatever_stands_in_the_place_of_an_answer_the_agent_gives_something(odd: Any, text: str, usage: dict[str, int]) -> None:
    world = agent(Model(answer(call("add", {"a": 1})), {**answer("It is 2."), **odd}))
    assert (world.status, world.output["text"]) == ("completed", text)
    assert usage.items() <= world.output["usage"].items()


def test_a_model_call_is_given_the_config_as_it_was_filled_in_and_the_tools() -> None:
    model = Model(answer("done"))
    agent(model)
    assert model.asked[0].config == {"agent": {"model": "openai:gpt-4o", "system": "You help.", "input": "What?"}}
    assert [(tool["name"], tool["description"]) for tool in model.asked[0].input["tools"]] == [("add", "Adds"), ("look", "look")]


def test_a_tool_runs_neither_at_the_start_nor_is_it_skipped() -> None:
    world = agent(Model(answer("done")))
    assert world.ran == ["first", "helper[0]/model"]
    assert world.paths(e.NodeSkipped) == []


def test_what_is_said_stands_once_in_the_journal() -> None:
    long = "x" * 500
    answers = [answer(f"turn {turn}", call("look", {"n": turn})) for turn in range(5)]
    world = agent(Model(*answers, answer("end")), acts={"look": gives(long)})
    written = "".join(map(repr, world.subjects["x"].decisions))
    assert written.count(long) == 5
    assert all(written.count(f"turn {turn}") == 1 for turn in range(5))


@pytest.mark.parametrize(
    ("asked", "type_", "said"),
    [
        (call("ad", {"a": 1}), "ai.tool_unknown", "there is no tool 'ad'; there are: add, look"),
        (call("add", '{"a": 1'), "ai.arguments", "not JSON"),
        (call("add", {"a": "one"}), "ai.arguments", "/a"),
        (call("add", "[1]"), "ai.arguments", "expected an object"),
        (call("add", '{"a": 1e400}'), "ai.arguments", ""),
        (call("add", '{"a": "\\ud800"}'), "ai.arguments", ""),
        (call("look", "[" * 10_000), "ai.arguments", ""),
        (call("look", '{"a":' * 300 + "1" + "}" * 300), "ai.arguments", "deep"),
    ],
)
def test_what_cannot_run_reaches_no_tool_and_is_told_to_the_model(asked: Any, type_: str, said: str) -> None:
    model = Model(answer(asked), answer("sorry"))
    world = agent(model)
    assert world.ran == ["first", "helper[0]/model", "helper[1]/model"]
    (result,) = model.results(0)
    assert result["error"]["type"] == type_
    assert said in result["error"]["message"]


def test_a_tool_is_called_no_more_often_than_it_may_be() -> None:
    model = Model(answer(call("add", {"a": 1}), call("add", {"a": 2})), answer(call("add", {"a": 3})), answer("done"))
    world = agent(model, tool=f"{NUMBERS}, max_calls: 1")
    assert [path for path in world.ran if path.endswith("add")] == ["helper[0]/call[0]/add"]
    assert [one["error"]["type"] for one in [*model.results(0)[1:], *model.results(1)]] == ["ai.tool_limit"] * 2


def test_a_failure_of_a_tool_is_told_after_its_own_attempts() -> None:
    model = Model(answer(call("look", {})), answer("done"))
    world = World(AGENT.replace("type: look}", "type: bad, retry: {max_attempts: 3}}") % ("", NUMBERS), None, {"llm": model})
    world.start({"q": "What?"})
    assert [path for path in world.ran if "look" in path] == [f"helper[0]/call[0]/look{again}" for again in ("", "@2", "@3")]
    assert model.results(0) == [{"error": {"type": "boom", "message": "it failed"}}]


def test_with_fail_a_failure_of_a_tool_is_the_agents_own() -> None:
    world = agent(Model(answer(call("look", {}), call("add", {"a": 1})), None), "on_tool_error: fail", acts={"look": fails(), "add": never})
    assert (world.status, world.error) == ("incident", "boom")


def test_calls_run_side_by_side_but_not_more_than_may() -> None:
    model = Model(answer(*(call("look", {"n": n}) for n in range(5))), answer("done"))
    world = agent(model, "parallel: 2", acts={"look": slow(10)})
    assert [world.times_of(f"helper[0]/call[{n}]/look")[0] for n in range(5)] == [0, 0, 10, 10, 20]


def test_one_more_turn_than_may_be_is_a_failure() -> None:
    asks = answer(call("look", {}))
    world = agent(Model(asks, asks, asks), "max_turns: 2", acts={"look": gives(1)})
    assert (world.error, world.ran[-1]) == ("loop.limit", "helper[1]/call[0]/look")


@pytest.mark.parametrize("count", [CALLS_MAX, CALLS_MAX + 1])
def test_so_many_calls_in_one_answer_and_no_more(count: int) -> None:
    world = agent(Model(answer(*(call("look", {}) for _ in range(count))), answer("done")), acts={"look": gives(1)})
    assert world.error == (None if count == CALLS_MAX else "ai.too_many_calls")


def test_a_model_call_is_tried_again_as_the_agent_says_and_no_tool_runs_again() -> None:
    flaky = fails(times=1, then=answer("done"))
    model = Model(answer(call("look", {})), None)
    world = World(
        AGENT.replace("input.q }}\", %s}", "input.q }}\", %s}, retry: {max_attempts: 2}") % ("", NUMBERS),
        None, {"llm": lambda called: model(called) if called.path == "helper[0]/model" else flaky(called), "look": gives(1)},
    ).start({"q": "What?"})  # fmt: skip
    assert world.ran[1:] == ["helper[0]/model", "helper[0]/call[0]/look", "helper[1]/model", "helper[1]/model@2"]
    assert world.status == "completed"


def test_large_results_are_named_and_not_said_again() -> None:
    large = "y" * 200_000
    model = Model(answer(call("look", {})), answer("done"))
    world = agent(model, acts={"look": gives(large)}, blob_bytes_min=1_000)
    (result,) = model.asked[-1].input["turns"][0]["results"]
    assert values.is_reference(result["ok_blob"].encode())
    assert world.output["text"] == "done"


def test_an_answer_that_is_a_blob_is_read_all_the_same() -> None:
    model = Model(answer("z" * 5_000, call("add", {"a": 41})), answer("done"))
    world = agent(model, blob_bytes_min=1_000)
    assert world.runs[2].input == {"a": 41}
    assert model.results(0) == [{"ok": 42}]


def test_names_of_the_turns_hide_no_names_of_the_definition() -> None:
    text = """
    nodes:
      - {id: model, type: model}
      - {id: each, type: for_each, config: {items: [7], body: {
          nodes: [{id: helper, type: agent, config: {model: "openai:gpt-4o", input: hi}},
                  {id: look, type: look, config: {seen: "{{ [nodes.model.output, iteration.item, data.n] }}"}}],
          edges: [{from: look, to: helper, type: ai_tool}]}}}
    edges: [{from: model, to: each}]
    """
    answers = [answer(call("look", {"n": 3})), answer("done")]
    world = World(text, None, {"llm": lambda called: answers[int(called.path[-8])], "model": gives("m")}).start()
    assert next(call.config for call in world.runs if call.kind == "look") == {"seen": ["m", 7, 3]}


def test_a_tool_may_be_a_workflow() -> None:
    text = """
    nodes:
      - {id: helper, type: agent, config: {model: "openai:gpt-4o", input: hi}}
      - {id: sub, type: sub_workflow, config: {workflow: child}}
    edges: [{from: sub, to: helper, type: ai_tool}]
    """
    model = Model(answer(call("sub", {"n": 3})), answer("done"))
    world = World(text, {"child": {"nodes": [{"id": "c", "type": "noop"}]}}, {"llm": model}).start()
    assert (world.output["text"], model.results(0)) == ("done", [{"ok": {"n": 3}}])


# Approval


LIMITED = ASKED.replace(", timeout: 1h", "")


def decide(world: World, port: str, content: Any = None, comment: str = "") -> World:
    edited = None if content is None else values.encode(content)
    return world.send(c.AnswerTask("helper[0]/call[0]/approval", 1, port, Person("lead"), None, comment, edited))


def test_a_call_that_people_are_asked_about_waits_and_the_others_go_on() -> None:
    model = Model(answer(call("add", {"a": 11}), call("add", {"a": 1})), answer("done"))
    world = agent(model, LIMITED)
    assert world.waits == ["task helper[0]/call[0]/approval"]
    assert world.ran[2:] == ["helper[0]/call[1]/add"]
    decide(world, "approved")
    assert world.ran[3:] == ["helper[0]/call[0]/add", "helper[1]/model"]
    assert model.results(0) == [{"ok": 12}, {"ok": 2}]
    assert world.status == "completed"


def test_whoever_approves_may_edit_the_arguments_and_both_are_recorded() -> None:
    model = Model(answer(call("add", {"a": 11})), answer("done"))
    world = decide(agent(model, LIMITED), "approved", {"a": 20})
    assert model.results(0) == [{"ok": 21}]
    (task,) = world.events(e.TaskCreated)
    assert values.decode(task.content) == {"a": 11}


def test_edited_arguments_are_held_to_the_schema_too() -> None:
    model = Model(answer(call("add", {"a": 11})), answer("done"))
    world = decide(agent(model, LIMITED), "approved", {"b": 20})
    assert [path for path in world.ran if path.endswith("add")] == []
    assert model.results(0)[0]["error"]["type"] == "ai.denied"


@pytest.mark.parametrize("port", ["denied", "changes_requested"])
@pytest.mark.parametrize("more", ["", ", on_tool_error: fail"])
def test_of_what_is_denied_the_model_is_told(port: str, more: str) -> None:
    model = Model(answer(call("add", {"a": 11})), answer("done"))
    world = decide(agent(model, LIMITED + more), port, comment="too much")
    assert model.results(0) == [{"error": {"type": "ai.denied", "message": "`add` was not called: denied by lead: too much"}}]
    assert world.status == "completed"


def test_without_an_answer_in_time_a_call_is_denied() -> None:
    model = Model(answer(call("add", {"a": 11})), answer("done"))
    world = agent(model, ASKED)
    assert "nobody has answered in time" in model.results(0)[0]["error"]["message"]
    assert world.took_ms == 3_600_000


def test_a_rule_that_cannot_be_asked_denies() -> None:
    model = Model(answer(call("add", {"a": 11})), answer("done"))
    agent(model, 'approval: [{tools: [add], when: "args.b > 10"}]')
    assert model.results(0)[0]["error"]["type"] == "ai.denied"


@pytest.mark.parametrize(
    ("action", "result"), [("skip", {"ok": None}), ("fail", {"error": {"type": "boom", "message": "it failed"}}), ("retry", {"ok": "ok"})]
)
def test_a_tool_that_is_an_incident_waits_for_a_person_whose_word_is_a_result(action: Any, result: Any) -> None:
    model = Model(answer(call("look", {}), call("add", {"a": 1})), answer("done"))
    text = AGENT.replace("type: look}", "type: look, on_error: incident}") % ("", NUMBERS)
    world = World(text, None, {"llm": model, "look": fails(times=1), "add": gives(2)}).start({"q": "What?"})
    assert (world.status, len(model.asked)) == ("incident", 1)
    world.send(c.ResolveIncident("1", action))
    assert (world.status, model.results(0)) == ("completed", [result, {"ok": 2}])


def test_a_tool_that_is_skipped_after_somebody_has_approved_it_has_not_run() -> None:
    model = Model(answer(call("add", {"a": 11})), answer("done"))
    world = World(AGENT.replace("type: add, desc", "type: add, when: 'false', desc") % (LIMITED, NUMBERS), None, {"llm": model})
    decide(world.start({"q": "What?"}), "approved")
    assert model.results(0)[0]["error"]["type"] == "cancelled"


def test_a_tool_whose_when_does_not_hold_is_told_as_skipped() -> None:
    model = Model(answer(call("look", {})), answer("done"))
    World(AGENT.replace("type: look}", "type: look, when: 'false'}") % ("", NUMBERS), None, {"llm": model}).start({"q": "What?"})
    assert model.results(0)[0]["error"]["type"] == "cancelled"


def test_a_cancelled_execution_takes_its_agent_along() -> None:
    model = Model(answer(call("look", {})), answer("done"))
    world = World(AGENT % ("", NUMBERS), None, {"llm": model, "look": never}).at(5, c.CancelExecution()).start({"q": "What?"})
    assert (world.status, [one.path for one in world.cancelled]) == ("cancelled", ["helper[0]/call[0]/look"])


def test_what_a_tool_has_done_is_undone_as_of_any_node() -> None:
    model = Model(answer(call("look", {})), answer("done"))
    text = AGENT.replace("type: look}", "type: look, compensate: {type: undo, config: {}}}") % ("", NUMBERS)
    text = text.replace("edges:", "  - {id: last, type: never}\nedges:\n  - {from: helper, to: last}")
    world = World(text, None, {"llm": model, "look": gives(1)}).at(5, c.CancelExecution()).start({"q": "What?"})
    assert "helper[0]/call[0]/look.compensate" in world.ran


def test_deciding_again_and_a_restart_at_each_step_change_nothing() -> None:
    model = Model(*(answer(call("add", {"a": n}), call("look", {})) for n in range(3)), answer("done"))
    world = agent(model, acts={"look": gives(1)}, twice=lambda: True, restart=lambda: True)
    assert (world.status, world.output["tool_calls"]) == ("completed", 6)


# Publishing


def problems(text: str) -> list[tuple[str, str]]:
    return [(one.path, one.rule) for one in check(document_of(text), {}, strict_kinds=False).problems]


@pytest.mark.parametrize(
    ("config", "path", "rule"),
    [
        ("tools: [nobody]", "config.tools[0]", "unknown_tool"),
        ("tools: [add, add]", "config.tools[1]", "doubled_tool"),
        ("approval: [{tools: [nobody]}]", "config.approval[0].tools[0]", "unknown_tool"),
        ("approval: [{tools: [add], on_timeout: approve}]", "config.approval[0].on_timeout", "config"),
        ("approval: [{tools: [add], timeout: 1h, on_timeout: escalate}]", "config.approval[0].on_timeout", "config"),
        ("approval: [{tools: [add], assignees: ['']}]", "config.approval[0].assignees[0]", "name"),
        ("approval: [{tools: [add], when: 'arg.a > 1'}]", "config.approval[0].when", "expression"),
        ("schema: {type: objekt}", "config.schema.type", "input_schema"),
        ("max_turns: 0", "config.max_turns", "out_of_range"),
        ("prompt: too", "config", "config"),
    ],
)
def test_what_no_agent_could_do_is_a_problem_when_published(config: str, path: str, rule: str) -> None:
    assert problems(AGENT % (config, NUMBERS)) == [(f"nodes[1].{path}", rule)]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ((OFFER, "{from: first, to: add}"), [("edges[2]", "only_asked")]),
        ((OFFER, "{from: look, to: helper, type: ai_memory}"), [("edges[2]", "wrong_end")]),
        ((OFFER, "{from: look, to: helper, type: ai_tool, when: 'true'}"), [("edges[2].when", "no_way")]),
        (("type: look}", "type: delay, config: {for: 1s}}"), [("edges[2]", "wrong_end")]),
        (("type: look}", "type: look, tool: {name: add}}"), [("nodes[3].tool.name", "doubled_tool")]),
        (("type: look}", "type: look, tool: {name: 'a b'}}"), [("nodes[3].tool.name", "pattern")]),
        (("type: look}", "type: look, tool: {parameters: {type: objekt}}}"), [("nodes[3].tool.parameters.type", "input_schema")]),
        (("id: first, type: noop", "id: first, type: noop, tool: {}"), [("nodes[0].tool", "offered_to_nobody")]),
    ],
)
def test_what_nobody_can_be_offered_is_a_problem_when_published(change: tuple[str, str], found: list[tuple[str, str]]) -> None:
    assert problems(AGENT.replace(*change) % ("", NUMBERS)) == found


def test_a_tool_that_has_a_way_in_the_flow_too_runs_there_and_is_offered() -> None:
    text = AGENT.replace("{from: look, to: helper, type: ai_tool}", "{from: look, to: helper, type: ai_tool}\n  - {from: look, to: last}")
    text = text.replace("edges:", "  - {id: last, type: noop}\nedges:") % ("", NUMBERS)
    model = Model(answer(call("look", {})), answer("done"))
    world = World(text, None, {"llm": model, "look": gives(1)}).start({"q": "What?"})
    assert {"look", "last", "helper[0]/call[0]/look"} <= set(world.ran)


def test_calls_are_read_of_answers_alone() -> None:
    assert calls_in(b"[1]") == calls_in(b"{}") == calls_in(b'"text"') == ()
