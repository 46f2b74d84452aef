"""A graph of LangGraph that asks: its attempt ends, people or a signal answer, and the next attempt has the answers."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.errors import InvalidDefinition
from contracts.failure import Failure
from contracts.person import Person
from contracts.values import decode
from domain.definition.validate import check, publishable
from domain.execution.liveness import waits_of
from tests.domain.spec import Called, World, document_of, never, signal

BY_SIGNAL = "nodes: [{id: trip, type: langgraph, config: {graph: 'm:g', ask: {signal: go, %s}}, %s}]"
BY_PEOPLE = "nodes: [{id: trip, type: langgraph, config: {graph: 'm:g', ask: {assignees: [ada, bob]%s}}}]"


class Interrupted(Exception):
    error_type, retryable, retry_after_ms = "langgraph.interrupted", False, 0

    def __init__(self, *names: str, value: Any = "may I?") -> None:
        super().__init__("the graph asks something")
        self.details = [{"ask": name, "value": value} for name in names]


def asking(*rounds: tuple[str, ...], value: Any = "may I?", then: Any = None) -> Any:
    """An activity that asks these, one round after the other, until all of them are among its steps; it gives the answers."""

    def act(call: Called) -> Any:
        known = dict(call.effect.steps)
        for names in rounds:
            if missing := [name for name in names if name not in known]:
                raise Interrupted(*missing, value=value)
        if isinstance(then, Exception) and call.attempt < 4:
            raise then
        return {name: decode(known[name]) for names in rounds for name in names}

    return act


def world(definition: str, act: Any) -> World:
    return World(definition, acts={"langgraph": act})


def waits(found: World) -> list[str]:
    return waits_of(found.subjects["x"].graph, found.state())


def test_a_signal_answers_and_the_next_attempt_has_the_answer() -> None:
    found = world(BY_SIGNAL % ("", ""), asking(("ask a",))).start()
    assert (found.status, waits(found)) == ("running", ["signal trip[0]/ask"])
    found.send(signal("go", {"yes": True}))
    assert found.output == {"ask a": {"yes": True}}
    assert [call.attempt for call in found.runs] == [1, 2]


def test_several_questions_at_once_and_one_after_the_other_wait_for_all_and_none_is_asked_twice() -> None:
    found = world(BY_SIGNAL % ("", ""), asking(("a", "b"), ("c",))).start()
    assert waits(found) == ["signal trip[0]/ask", "signal trip[1]/ask"]
    found.send(signal("go", 1))
    assert (waits(found), len(found.runs)) == (["signal trip[1]/ask"], 1)
    found.send(signal("go", 2))
    assert (waits(found), len(found.runs)) == (["signal trip[2]/ask"], 2)
    found.send(signal("go", 3))
    assert found.output == {"a": 1, "b": 2, "c": 3}
    paths = [
        event.owner + f"[{event.index}]"
        for one in found.subjects["x"].decisions
        for event in one.events
        if isinstance(event, e.ScopeEntered)
    ]
    assert paths == ["trip[0]", "trip[1]", "trip[2]"]


def test_a_signal_may_name_its_question() -> None:
    found = world(BY_SIGNAL % ("filter: 'signal.to == data.ask'", ""), asking(("a", "b"))).start()
    found.send(signal("go", {"to": "b"})).send(signal("go", {"to": "a"}))
    assert found.output == {"a": {"to": "a"}, "b": {"to": "b"}}


def test_people_are_asked_by_a_task_with_the_question() -> None:
    value = {"question": "Book it?", "price": 7}
    found = world(BY_PEOPLE % "", asking(("a",), value=value)).start()
    task = next(event for one in found.subjects["x"].decisions for event in one.events if isinstance(event, e.TaskCreated))
    assert (task.path, task.question, task.assignees) == ("trip[0]/ask", "Book it?", ("ada", "bob"))
    found.send(c.AnswerTask("trip[0]/ask", 1, "approved", Person("ada"), None, "fine"))
    answer = found.output["a"]
    assert (answer["outcome"], answer["comment"], answer["answers"][0]["by"]) == ("approved", "fine", "ada")


def test_to_ask_is_no_failure_of_an_attempt() -> None:
    failing = asking(("a",), ("b",), then=Interrupted())
    failing_later = "retry: {max_attempts: 2, initial_delay: 10ms, retry_on: ['*']}"
    found = world(BY_SIGNAL % ("", failing_later), failing).at(1, signal("go", 1, "1"), signal("go", 2, "2")).start()
    assert [call.attempt for call in found.runs] == [1, 2, 3]
    assert found.status == "incident", "what is not retryable is not tried again"
    boom = asking(("a",), ("b",), then=type("Boom", (Exception,), {"error_type": "boom", "retryable": True, "retry_after_ms": 0})())
    found = world(BY_SIGNAL % ("", failing_later), boom).at(1, signal("go", 1, "1"), signal("go", 2, "2")).start()
    assert [call.attempt for call in found.runs] == [1, 2, 3, 4]
    assert found.output == {"a": 1, "b": 2}


def test_a_question_that_nobody_answers_in_time_fails_the_node_and_limits_of_an_attempt_do_not_count_meanwhile() -> None:
    definition = BY_SIGNAL % ("timeout: 1h", "timeouts: {start_to_close: 5s, heartbeat: 5s}, on_error: continue")
    found = world(definition, asking(("a",))).start()
    assert (found.status, found.output["error"]["type"], found.now) == ("completed", "signal.timeout", 1_000_000 + 3_600_000)


def test_a_cancel_ends_the_questions_and_a_late_report_changes_nothing() -> None:
    found = world(BY_PEOPLE % "", asking(("a",))).start()
    version = found.state().version
    found.send(c.CompleteActivity("trip", 1, b"1"), c.RecordStep("trip", 1, "late", b"1"))
    assert found.state().version == version
    found.send(c.CancelExecution("enough"))
    assert found.status == "cancelled"


def test_without_a_word_of_who_answers_a_question_is_a_failure() -> None:
    found = world("nodes: [{id: trip, type: langgraph, config: {graph: 'm:g'}}]", asking(("a",))).start()
    assert found.status == "incident"


@pytest.mark.parametrize(
    "details", [None, [], "a text", [{"ask": ""}], [{"ask": 7}], [{}], [{"ask": "a" * 201}], [{"ask": str(n)} for n in range(101)]]
)
def test_what_is_no_question_is_a_failure(details: Any) -> None:
    failure = c.FailActivity("trip", 1, Failure("langgraph.interrupted", "asks", details), False)
    found = world(BY_SIGNAL % ("", ""), never).start().send(failure)
    assert found.status == "incident"


@pytest.mark.parametrize(
    ("ask", "path"),
    [
        ("7", "nodes[0].config.ask"),
        ("{signal: ''}", "nodes[0].config.ask.signal"),
        ("{signal: go, assignees: [ada]}", "nodes[0].config.ask.assignees"),
        ("{asignees: [ada]}", "nodes[0].config.ask.asignees"),
        ("{assignees: [ada], kind: decision}", "nodes[0].config.ask"),
    ],
)
def test_who_cannot_be_asked_is_a_problem(ask: str, path: str) -> None:
    document = document_of(f"nodes: [{{id: trip, type: langgraph, config: {{graph: 'm:g', ask: {ask}}}}}]")
    found = check(document, {}, strict_kinds=False).problems
    assert path in [one.path for one in found], found
    with pytest.raises(InvalidDefinition):
        publishable(document, {}, strict_kinds=False)
