"""What if: another version decides over a recorded history, with what came of it then."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import commands as c
from domain.execution.evolve import initial
from domain.replay.rerun import Version
from domain.replay.tape import Call, Tape
from domain.replay.what_if import Comparison, what_if
from tests.domain.spec import After, Called, World, fails, gives, graph_of, never, signal

ORDER = """
nodes:
  - {id: check, type: condition, config: {expression: "input.amount > 100.0"}}
  - {id: score, type: work, config: {who: "{{ input.who }}"}}
  - {id: wait, type: delay, config: {for: 1h}}
  - {id: done, type: end, config: {outcome: paid, output: {points: "{{ nodes.score.output.points }}"}}}
  - {id: refuse, type: end, config: {outcome: refused}}
edges:
  [{from: check.true, to: refuse}, {from: check.false, to: score}, {from: score, to: wait}, {from: wait, to: done}]
"""
GIVEN = {"amount": 50.0, "who": "ada"}


def compared(world: World, other: str) -> Comparison:
    subject = world.subjects["x"]
    tape = Tape(subject.graph, initial("x"), subject.decisions)
    return what_if(tape, Version(graph_of(other), "w", 2, "h"), world.blobs.__getitem__)


def ran(text: str, acts: Any = None, given: Any = GIVEN, **later: Any) -> World:
    return World(text, None, acts or {"work": gives({"points": 3})}).start(given)


def test_what_is_worded_otherwise_and_means_the_same_changes_nothing() -> None:
    found = compared(ran(ORDER), ORDER.replace("input.amount > 100.0", "100.0 < input.amount"))
    assert (found.verdict, found.first, found.new, found.vanished) == ("unchanged", None, (), ())


def test_another_branch_is_another_outcome_and_names_the_node_and_the_call_that_vanishes() -> None:
    found = compared(ran(ORDER), ORDER.replace("> 100.0", "> 10.0"))
    assert found.verdict == "outcome"
    assert (str(found.before), str(found.after)) == ("completed paid", "completed refused")
    assert found.first is not None
    assert found.first.path == "check"
    assert (found.first.before and found.first.before.ports, found.first.after and found.first.after.ports) == (("false",), ("true",))
    assert found.vanished == (Call("activity", "score", 1, "work"),)


def test_another_output_of_the_same_outcome_is_told_apart() -> None:
    found = compared(ran(ORDER), ORDER.replace("{points:", "{score:"))
    assert (found.verdict, found.first) == ("output", None)


def test_a_call_in_other_words_stops_there_as_nobody_knows_its_answer() -> None:
    found = compared(ran(ORDER), ORDER.replace("{who:", "{name:"))
    assert found.verdict == "new_calls"
    assert [(one.call.path, one.why) for one in found.new] == [("score", "asked_otherwise")]
    assert found.vanished == ()


def test_a_call_that_was_never_made_stops_its_branch_alone() -> None:
    more = ORDER.replace("edges:\n  [", "  - {id: tell, type: work, config: {to: crm}}\nedges:\n  [{from: check.false, to: tell}, ")
    found = compared(ran(ORDER), more)
    assert found.verdict == "new_calls"
    assert [(one.call.path, one.why) for one in found.new] == [("tell", "never_asked")]
    assert found.after is not None
    assert (found.after.status, found.first) == ("running", None)  # the other branch has gone on to its end


def test_a_shorter_wait_fires_at_its_own_time() -> None:
    assert compared(ran(ORDER), ORDER.replace("1h", "5m")).verdict == "unchanged"
    assert compared(ran(ORDER), ORDER.replace("1h", "3d")).verdict == "unchanged"


def test_an_answer_counts_once_somebody_asks_for_it() -> None:
    order = ORDER.replace("type: work,", "type: work, input: '{{ input.who }}',")
    later = order.replace("{from: check.false, to: score}", "{from: check.false, to: first}, {from: first, to: score}")
    later = later.replace("edges:", "  - {id: first, type: delay, config: {for: 2h}}\nedges:")
    found = compared(ran(order), later)
    assert (found.verdict, found.new) == ("path", ())


def test_a_result_that_came_late_comes_late_again() -> None:
    limited = ORDER.replace(
        'type: work, config: {who: "{{ input.who }}"}', 'type: work, config: {who: "{{ input.who }}"}, timeouts: {schedule_to_close: 1s}'
    )
    found = compared(ran(ORDER, {"work": lambda call: After(5_000, {"points": 3})}), limited)
    assert found.verdict == "outcome"
    assert found.after is not None
    assert found.after.error == "timeout.schedule_to_close"


def test_a_further_attempt_has_no_recorded_answer() -> None:
    order = "settings: {on_failure: fail}" + ORDER
    patient = order.replace('{who: "{{ input.who }}"}}', '{who: "{{ input.who }}"}, retry: {max_attempts: 9}}')
    found = compared(ran(order, {"work": fails("boom")}), patient)
    assert [(one.call.path, one.call.attempt, one.why) for one in found.new] == [("score", 2, "never_asked")]


def test_what_nobody_answered_because_it_was_cancelled_stays_unknown() -> None:
    race = ORDER.replace("{from: wait, to: done}", "{from: wait, to: done}, {from: check.false, to: other}").replace(
        "edges:", "  - {id: other, type: work, config: {to: crm}}\nedges:"
    )

    def act(call: Called) -> Any:
        return {"points": 3} if call.path == "score" else never(call)

    world = ran(race, {"work": act})
    world.send(c.CancelExecution("enough"))
    found = compared(world, race)
    assert found.verdict == "unchanged"


def test_a_signal_comes_when_it_came_and_one_that_nobody_takes_changes_nothing() -> None:
    asks = ORDER.replace("type: delay, config: {for: 1h}", "type: wait_signal, config: {name: go}")
    asks = asks.replace("from: wait,", "from: wait.received,")
    world = ran(asks).send(signal("go"))
    assert compared(world, asks).verdict == "unchanged"
    found = compared(world, ORDER)
    assert (found.verdict, found.refused) == ("path", ())  # it waits by a clock, and leaves by another port


def test_an_input_that_the_version_does_not_take_is_told() -> None:
    found = compared(ran(ORDER), "input: {type: object, required: [currency]}" + ORDER)
    assert found.verdict == "not_decided"
    assert "currency" in found.reason


def test_an_open_execution_is_compared_as_far_as_it_is() -> None:
    world = World(ORDER, None, {"work": gives({"points": 3})}).start_paused_in_time(1_000, GIVEN)
    assert str(compared(world, ORDER).before) == "running"
    assert compared(world, ORDER).verdict == "unchanged"
    assert compared(world, ORDER.replace("> 100.0", "> 10.0")).verdict == "outcome"


@pytest.mark.parametrize("attempts", [1, 3])
def test_children_are_known_by_what_they_were_given(attempts: int) -> None:
    parent = "nodes: [{id: c, type: sub_workflow, config: {workflow: child, input: {n: '{{ input.amount }}'}}}]"
    child = "nodes: [{id: w, type: work}, {id: e, type: end, config: {output: '{{ input.n }}'}}]\nedges: [{from: w, to: e}]"
    world = World(parent, {"child": child}, {"work": gives({"points": attempts})}).start(GIVEN)
    assert compared(world, parent).verdict == "unchanged"
    found = compared(world, parent.replace("{n:", "{m:"))
    assert [(one.call.sort, one.call.path, one.why) for one in found.new] == [("child", "c", "asked_otherwise")]
