"""Forks of sources of all sorts: what waits, what is set aside, what counts by a budget, what a test run was given."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from contracts import commands as c
from contracts.errors import InvalidInput, Rejected
from contracts.failure import Failure
from contracts.ids import ID_LENGTH_MAX, activity_key
from contracts.pins import Pin, Plan
from contracts.usage import Allowance, Amount, ModelCall, Price, Rates
from domain.execution.facts.execution import request_of
from domain.execution.forked import past_in
from domain.replay.edits import Edit
from domain.replay.forking import Made, Wish, fork, retry
from domain.replay.rerun import Version
from tests.domain.spec import NEVER, Act, Subject, Told, World, gives, graph_of
from tests.laws.test_forks import Recorded

PRICES = (Price("openai:m", Rates(1_000_000, 10_000_000, 100_000, 1_000_000)),)
CALL = ModelCall("openai:m", 30, 20)
NEVER_ENDS = "nodes: [{id: a, type: never, retry: {max_attempts: 3, initial_delay: 1h, jitter: 0}}]"
WAITS = "nodes: [{id: w, type: wait_signal, config: {name: s}}]"


def made_of(world: World, source: str = "x", at: int | None = None, **more: Any) -> Made:
    return fork(Recorded(world), Wish(source, at, **more), world.blobs.__getitem__)


def forked(world: World, name: str = "f", source: str = "x", at: int | None = None, **more: Any) -> World:
    return world.send(made_of(world, source, at, **more).creation, execution=name)


def ask(id_: str, **config: Any) -> dict[str, Any]:
    return {"id": id_, "type": "llm", "config": {"model": "openai:m", "prompt": "hi", "max_tokens": 100, **config}}


def answers_but(*silent: str) -> Act:
    """A model that gives no answer where it is asked at these places, as `execution:path`."""
    return lambda call: NEVER if f"{call.execution}:{call.path}" in silent else Told("ok", (CALL,))


def test_an_attempt_of_a_fork_has_an_idempotency_key_of_its_own_whichever_it_is() -> None:
    world = forked(forked(World(NEVER_ENDS).start()), "g", "f")
    world.send(c.FailActivity("a", 1, Failure("boom", "no")), execution="f")
    keys = [activity_key(one.execution, one.path, one.attempt) for one in world.runs]
    assert keys == ["x/a@1", "f/a@1", "g/a@1", "f/a@2"]


def test_what_waits_to_be_tried_again_waits_as_long_as_it_still_had_to() -> None:
    world = World(NEVER_ENDS).at(5, c.FailActivity("a", 1, Failure("boom", "no"))).start_paused_in_time(10)
    due = world.state().timers["a:retry"]
    world.at(1_000, made_of(world).creation, execution="f").go_on(2_000)
    (other,) = world.state("f").timers.values()
    assert other - due == 1_000 - 5  # its clock stood still at the last event
    assert (world.state("f").runs["a"].status, world.ran) == ("retrying", ["a"])


def test_a_fork_of_what_is_paused_is_paused_with_what_came_in_the_pause() -> None:
    world = World(NEVER_ENDS).at(1, c.PauseExecution()).at(2, c.CompleteActivity("a", 1, b'"late"')).start()
    forked(world)
    assert (world.state("f").status, world.state("f").held, world.ran) == ("paused", world.state().held, ["a"])
    world.send(c.ResumeExecution(), execution="f")
    assert (world.output_of("f"), world.status) == ("late", "paused")


def test_a_fork_of_what_was_quarantined_ends_so_and_one_from_before_goes_on() -> None:
    world = World(NEVER_ENDS).start()
    before = world.state().version
    forked(world.send(c.QuarantineExecution("why")))
    assert (world.state("f").status, world.state("f").reason) == ("quarantined", "why")
    assert world.ran == ["a"]
    forked(world, "g", at=before)
    assert (world.state("g").status, world.ran) == ("running", ["a", "g:a"])


def test_a_fork_of_a_test_run_is_one_with_the_same_results() -> None:
    plan = Plan({"a": (Pin(b"1"),), "c": (Pin(b"3"),)}, ("b",), "waits")
    text = (
        "nodes: [{id: a, type: a}, {id: b, type: delay, config: {for: 1h}}, {id: c, type: c}]\nedges: [{from: a, to: b}, {from: b, to: c}]"
    )
    world = forked(World(text).start(None, test=plan))
    assert (world.state("f").status, world.waits) == ("paused", ["pause", "resumption b"])
    world.send(c.ResumeExecution(), execution="f")
    assert (world.output_of("f"), world.ran, world.state("f").test is not None) == (3, [], True)
    forked(world, "g", "f")
    assert world.output_of("g") == 3


def test_what_is_not_there_of_a_source_is_refused_by_name() -> None:
    world = World(NEVER_ENDS).start()
    with pytest.raises(Rejected, match="only what has failed is retried"):
        retry(Recorded(world), Wish("x"), world.blobs.__getitem__)


# Children.

CHILD = {"settings": {"on_failure": "fail"}, "nodes": [{"id": "a", "type": "work"}, {"id": "b", "type": "bad"}]}
CHILD["edges"] = [{"from": "a", "to": "b"}]
PARENT = {"settings": {"on_failure": "fail"}, "nodes": [{"id": "s", "type": "sub_workflow", "config": {"workflow": "child"}}]}


def test_a_failed_child_is_retried_in_turn_and_keeps_its_results() -> None:
    world = World(PARENT, {"child": CHILD}).start()
    assert (world.status, world.ran) == ("failed", ["x~s:a", "x~s:b"])
    world.acts["bad"] = gives("well")
    made = retry(Recorded(world), Wish("x"), world.blobs.__getitem__)
    assert made.forked == ("x~s",)
    world.send(made.creation, execution="r")
    assert (world.output_of("r"), world.ran[2:]) == ("well", ["r~s:b"])
    assert (world.status, world.state("x~s").status) == ("failed", "failed")


def test_what_failed_by_its_past_alone_names_what_to_retry() -> None:
    world = forked(World(CHILD).start())
    with pytest.raises(Rejected, match="retry x, which it was forked from"):
        retry(Recorded(world), Wish("f"), world.blobs.__getitem__)


def test_a_fork_whose_children_could_not_be_named_is_refused() -> None:
    waits = {"nodes": [{"id": "w", "type": "wait_signal", "config": {"name": "s"}}]}
    world = World(PARENT, {"child": waits}).start()
    longest = "f" * (ID_LENGTH_MAX - len("~s"))
    assert forked(world, longest).state(f"{longest}~s").status == "running"
    with pytest.raises(Rejected, match="401 characters, 400 is the limit"):
        Subject(world.graphs["w"], f"{longest}f").ask(made_of(world).creation, world.now)


def test_without_an_event_the_same_request_is_the_same_though_its_source_went_on() -> None:
    world = World(WAITS).start()
    first, named = made_of(world).creation, made_of(world, at=1).creation
    world.send(c.SendSignal("1", "other", b"1"))
    again = made_of(world).creation
    assert again.fork is not None
    assert first.fork is not None
    assert again.fork.version > first.fork.version
    assert request_of(first) == request_of(again) != request_of(named)
    assert request_of(made_of(world, at=1).creation) == request_of(named)
    assert request_of(made_of(world, at=again.fork.version).creation) != request_of(named)


# Budgets.

ROW: dict[str, Any] = {"nodes": [ask("a"), ask("b"), ask("c")], "edges": [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}]}


def test_what_a_source_used_counts_in_a_fork_and_what_is_open_stays_set_aside() -> None:
    world = World({"settings": {"budget": {"model_calls": 2}}, **ROW}, acts={"llm": answers_but("x:b", "f:b")}).start(prices=PRICES)
    forked(world)
    source, spending = world.state().spending, world.state("f").spending
    assert source is not None
    assert spending is not None
    assert (spending.used, spending.reserved, spending.aside) == (source.used, source.reserved, source.aside)
    world.send(c.CompleteActivity("b", 1, b"1", calls=(CALL,)), execution="f")
    assert (world.state("f").status, world.ran) == ("incident", ["a", "b", "f:b"])
    assert spending.used.model_calls == 2


def test_prices_that_a_source_knew_a_fork_knows() -> None:
    world = World({"settings": {"budget": {"usd": 1}}, **ROW}, acts={"llm": answers_but("x:b")}).start(prices=PRICES)
    assert forked(world).state("f").status == "completed"


def test_of_a_child_that_is_forked_with_it_what_is_set_aside_is_by_its_new_name() -> None:
    nodes = [{"id": "s", "type": "sub_workflow", "config": {"workflow": "child"}}, ask("z")]
    parent = {"settings": {"budget": {"model_calls": 4}}, "nodes": nodes, "edges": [{"from": "s", "to": "z"}]}
    world = World(parent, {"child": ROW}, {"llm": answers_but("x~s:b", "f~s:c")}).start(prices=PRICES)
    forked(world)
    spending, child = world.state("f").spending, world.state("f~s").spending
    assert spending is not None
    assert child is not None
    assert (list(spending.reserved), spending.aside.model_calls) == (["f~s"], 4)
    assert (child.limits.model_calls, child.used.model_calls) == (4, 2)
    world.send(c.CompleteActivity("c", 1, b"1", calls=(CALL,)), execution="f~s")
    assert world.state("f").status == "completed"
    assert (spending.used.model_calls, spending.aside) == (4, Amount())


def test_a_limit_that_was_raised_stays_raised_in_a_fork_of_the_child_and_of_its_parent_counts_what_it_used() -> None:
    nodes = [{"id": "s", "type": "sub_workflow", "config": {"workflow": "child"}}, ask("z")]
    parent = {"settings": {"budget": {"model_calls": 2}}, "nodes": nodes, "edges": [{"from": "s", "to": "z"}]}
    world = World(parent, {"child": ROW}, {"llm": answers_but()}).start(prices=PRICES)
    world.send(c.ResolveIncident("1", "retry", budget=Allowance(model_calls=3)), execution="x~s")
    spending = world.state().spending
    assert spending is not None
    assert (world.state("x~s").status, spending.used.model_calls, spending.limits.model_calls) == ("completed", 3, 2)
    assert (world.error, world.status) == ("ai.budget", "incident")
    raised = next(n for n, one in enumerate(world.events(execution="x~s"), 1) if type(one).__name__ == "BudgetRaised")
    forked(world, "f", "x~s", raised)
    found = world.state("f").spending
    assert found is not None
    assert (world.state("f").status, found.limits.model_calls) == ("completed", 3)


def test_another_definition_decides_by_its_own_budget_over_what_was_recorded() -> None:
    world = World(ROW, acts={"llm": answers_but("x:c")}).start(prices=PRICES)
    other = {"settings": {"budget": {"model_calls": 2}}, **ROW}
    made = made_of(world, version=Version(graph_of(other), "w", 2, "hash of w2"))
    assert made.creation.fork is not None
    past = past_in(made.creation.fork)
    assert past is not None
    assert past.spending is not None
    assert (past.status, past.spending.used.model_calls, past.spending.limits.model_calls) == ("incident", 2, 2)
    world.graphs["w"] = graph_of(other)
    assert world.send(made.creation, execution="f").state("f").status == "incident"


def test_another_definition_asks_what_its_source_never_asked_when_the_fork_begins() -> None:
    def row(*ids: str) -> dict[str, Any]:
        edges = [{"from": one, "to": other} for one, other in pairwise(ids)]
        return {"nodes": [{"id": id_, "type": "never" if id_ == "n" else "work"} for id_ in ids], "edges": edges}

    world = World(row("a", "n")).start("given")
    made = made_of(world, version=Version(graph_of(row("a", "q", "n")), "w", 2, "hash of w2"))
    assert (made.called, made.creation.definition, made.creation.version) == (("q",), "hash of w2", 2)
    world.graphs["w"] = graph_of(row("a", "q", "n"))
    world.send(made.creation, execution="f")
    assert world.ran == ["a", "n", "f:q", "f:n"]


@pytest.mark.parametrize("step", ["9" * 5_000, "2", "-1", "x", "\u0661"])
def test_what_is_no_place_in_a_list_is_told(step: str) -> None:
    world = World("variables: {v: [1, 2]}\nnodes: [{id: a, type: never}]").start()
    with pytest.raises(InvalidInput, match="is no place in a list of 2"):
        made_of(world, edits=(Edit(f"variables.v.{step}", b"5"),))
