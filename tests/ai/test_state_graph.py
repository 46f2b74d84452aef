"""Definitions as graphs of LangGraph: they decide as Refold does, whatever the definition."""

from __future__ import annotations

import asyncio
import operator
import random
import zlib
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt

import refold
from contracts.errors import InvalidDefinition
from domain.definition.validate import check
from domain.langgraph.leaving import leaving
from refold.ai.langgraph import to_state_graph
from refold.errors import ExecutionFailed
from simulation.definitions import ERROR_TYPES, write_definition
from tests.domain.spec import ActivityError, World

STAYING = {"delay", "wait_signal", "wait_until", "human_task", "sub_workflow", "emit_signal", "agent"}
"""Kinds that wait for something from outside of the graph."""


class Seeded:
    """Chance from a seed, that draws nothing which cannot go into a graph."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def number(self, low: int, high: int) -> int:
        return self._chance.randint(low, high)

    def one_of(self, *options: Any) -> Any:
        return self._chance.choice([one for one in options if not (isinstance(one, str) and one in STAYING)])


def portable(value: Any) -> Any:
    """The definition without limits of time, and with work in place of agents."""
    if isinstance(value, list):
        return [portable(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "agent":
        value = {**value, "type": "work", "config": {}}
    return {name: portable(one) for name, one in value.items() if name not in ("timeouts", "timeout", "more")}


def definitions(count: int) -> list[tuple[int, dict[str, Any]]]:
    found: list[tuple[int, dict[str, Any]]] = []
    seed = 0
    while len(found) < count:
        seed += 1
        document = portable(write_definition(Seeded(seed)))
        checked = check(document, {}, strict_kinds=False)
        if checked.definition is not None and not leaving(checked.definition).stays and "type': 'work" in str(document):
            found.append((seed, document))
    return found


def drawn(path: str, attempt: int) -> int:
    return zlib.crc32(f"{path}@{attempt}".encode()) % 100


def result(path: str, attempt: int, error: type[Exception]) -> Any:
    draw = drawn(path, attempt)
    if draw < 20:
        raise error(ERROR_TYPES[draw % 3], "it failed", retryable=draw >= 5)  # type: ignore[call-arg]  # both take it
    return {"n": draw % 4, path: attempt}


@refold.activity
def work(data: Any, context: refold.ActivityContext) -> Any:
    return result(context.path, context.attempt, refold.ActivityError)


@refold.activity
def undo(data: Any, config: dict[str, Any]) -> Any:
    return config


ACTS: dict[str, Any] = {"work": work, "undo": undo}


def ended_in_graph(graph: Any) -> tuple[Any, ...]:
    try:
        found = graph.compile().invoke({"input": {"n": 1}, "execution": "x"})
    except ExecutionFailed as failed:
        error = failed.execution["error"]
        return "failed", error["type"], error.get("node"), error["message"]
    return "completed", found["outcome"], found["output"]


def ended_in_refold(document: dict[str, Any]) -> tuple[Any, ...]:
    acts = {"work": lambda call: result(call.path, call.attempt, ActivityError), "undo": lambda call: call.config}
    world = World(document, {}, acts).start({"n": 1})
    state = world.state()
    if state.status == "completed":
        return "completed", state.outcome, world.output
    failure = state.failure or next(iter(state.incidents.values())).failure
    assert failure is not None
    return "failed", failure.type, failure.as_value().get("node"), failure.message


def test_two_hundred_random_definitions_end_as_they_do_in_refold() -> None:
    endings: dict[str, int] = {}
    for seed, document in definitions(200):
        expected = ended_in_refold(document)
        assert ended_in_graph(to_state_graph(document, ACTS)) == expected, f"seed {seed}: {document}"
        endings[expected[0]] = endings.get(expected[0], 0) + 1
    assert min(endings.values()) >= 30, f"both ends are seen: {endings}"


CHAIN = {
    "name": "chain",
    "nodes": [{"id": name, "type": "note"} for name in ("a", "b", "hub", "input")],
    "edges": [{"from": "a", "to": "b"}, {"from": "b", "to": "hub"}, {"from": "hub", "to": "input"}],
}
"""Nodes may have the names that the graph itself uses."""


def test_a_graph_goes_on_from_its_checkpoint_and_from_an_older_one_in_another_process() -> None:
    ran: list[str] = []
    died: list[str] = []

    def note(data: Any, context: refold.ActivityContext) -> Any:
        ran.append(context.path)
        if context.path == "hub" and not died:
            died.append(context.path)
            raise KeyboardInterrupt
        return {"last": context.path, "key": context.idempotency_key}

    saver = InMemorySaver()
    config: Any = {"configurable": {"thread_id": "1"}}
    with pytest.raises(KeyboardInterrupt):
        to_state_graph(CHAIN, {"note": note}).compile(checkpointer=saver).invoke({"input": 1, "execution": "e1"}, config)
    again = to_state_graph(CHAIN, {"note": note}).compile(checkpointer=saver)  # with nothing folded yet
    assert again.invoke(None, config)["output"] == {"last": "input", "key": "e1/input"}
    assert ran == ["a", "b", "hub", "hub", "input"]
    before_b = next(one for one in again.get_state_history(config) if one.next == ("b",))
    assert again.invoke(None, before_b.config)["output"]["last"] == "input"
    assert ran[5:] == ["b", "hub", "input"]
    assert again.invoke({"input": 2}, config)["output"]["key"].startswith("lg-"), "what is invoked anew is another execution"
    assert ran[8:] == ["a", "b", "hub", "input"]


def test_an_activity_may_ask_somebody_by_interrupt() -> None:
    graph = to_state_graph(CHAIN, {"note": lambda data: interrupt("name?")}).compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "1"}}
    found = graph.invoke({"input": 1}, config)
    for answer in "abcd":
        assert found["__interrupt__"][0].value == "name?"
        found = graph.invoke(Command(resume=answer), config)
    assert found["output"] == "d"


def test_a_graph_runs_in_an_event_loop_and_waits_between_attempts() -> None:
    times: list[float] = []

    async def note(data: Any, context: refold.ActivityContext) -> Any:
        times.append(asyncio.get_running_loop().time())
        if context.path == "a" and context.attempt < 3:
            raise refold.ActivityError("busy", "come again")
        return {"attempt": context.attempt}

    document = {**CHAIN, "settings": {"retry": {"max_attempts": 3, "initial_delay": "40ms", "multiplier": 1, "jitter": 0}}}
    found = asyncio.run(to_state_graph(document, {"note": note}).compile().ainvoke({"input": None}))
    assert found == {"output": {"attempt": 1}, "outcome": None}
    assert len(times) == 6
    assert min(map(operator.sub, times[1:3], times[:2])) >= 0.04


def test_a_branch_that_is_not_taken_holds_no_join_up_and_losers_do_not_run() -> None:
    document = {
        "name": "w",
        "nodes": [
            {"id": "start", "type": "condition", "config": {"expression": "input.big"}},
            {"id": "big", "type": "note"},
            {"id": "small", "type": "note"},
            {"id": "joined", "type": "note"},
        ],
        "edges": [
            {"from": "start.true", "to": "big"},
            {"from": "start.false", "to": "small"},
            {"from": "big", "to": "joined"},
            {"from": "small", "to": "joined"},
        ],
    }
    ran: list[str] = []

    def note(data: Any, context: refold.ActivityContext) -> None:
        ran.append(context.path)

    graph = to_state_graph(document, {"note": note}).compile()
    graph.invoke({"input": {"big": False}})
    assert ran == ["small", "joined"]


def test_kinds_that_come_with_refold_run_as_in_its_workers() -> None:
    source = "{'sum': input['a'] + 1}"
    nodes = [
        {"id": "add", "type": "code", "config": {"language": "python", "source": source, "input": {"a": "{{ input.a }}"}}},
        {"id": "say", "type": "log", "config": {"message": "{{ data.sum }}"}},
    ]
    document = {"name": "w", "nodes": nodes, "edges": [{"from": "add", "to": "say"}]}
    with pytest.raises(ExecutionFailed) as failed:
        to_state_graph(document).compile().invoke({"input": {"a": "no number"}})
    assert failed.value.execution["error"]["node"] == "add"
    assert to_state_graph(document).compile().invoke({"input": {"a": 2}})["output"] == {"sum": 3}


@pytest.mark.parametrize("given", [10**30, 1.0, -0.0, "\u2028", {"b": 1, "a": [None]}, [[]] * 50])
def test_values_come_out_as_they_went_in(given: Any) -> None:
    found = to_state_graph(CHAIN, {"note": lambda data: data}).compile().invoke({"input": given})["output"]
    assert (repr(found), type(found)) == (repr(given), type(given))


WAIT = {"id": "d", "type": "delay", "config": {"for": "1s"}}


def test_what_cannot_go_is_listed_with_its_place_and_a_way_out() -> None:
    document = {
        "name": "w",
        "settings": {"timeout": "1h"},
        "nodes": [
            {"id": "ask", "type": "human_task", "config": {"question": "ok?", "assignees": ["ada"]}},
            {"id": "call", "type": "http_request", "timeout": "3s", "config": {"url": "http://127.0.0.1/", "credential": "main"}},
            {"id": "own", "type": "nobody_runs_this", "compensate": {"type": "sub_workflow", "config": {"workflow": "undo"}}},
            {"id": "each", "type": "for_each", "config": {"items": [], "body": {"nodes": [WAIT]}}},
        ],
    }
    with pytest.raises(InvalidDefinition) as refused:
        to_state_graph(document)
    assert {(one.path, one.rule) for one in refused.value.problems} == {
        ("settings.timeout", "stays"),
        ("nodes[0]", "stays"),
        ("nodes[1].timeout", "stays"),
        ("nodes[1].config.credential", "stays"),
        ("nodes[2].compensate", "stays"),
        ("nodes[2].type", "activity.unknown"),
        ("nodes[3].config.body.nodes[0]", "stays"),
    }
    assert all(one.fix for one in refused.value.problems)


def test_an_input_that_does_not_fit_and_a_wait_that_nothing_ends_are_told() -> None:
    document = {
        "name": "w",
        "input": {"type": "object", "required": ["a"]},
        "variables": {"v": 0},
        "nodes": [{"id": "never", "type": "wait_until", "config": {"condition": "vars.v == 1"}}],
    }
    graph = to_state_graph(document).compile()
    with pytest.raises(Exception, match='"a" is a required property'):
        graph.invoke({"input": {}})
    with pytest.raises(ExecutionFailed, match=r"langgraph\.stuck.*never"):
        graph.invoke({"input": {"a": 1}})
