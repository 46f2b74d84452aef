"""Budgets fail closed: what models may take is set aside before they are asked, and counted after, whatever becomes of the attempt."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.errors import InvalidInput
from contracts.failure import Failure
from contracts.usage import NANO, Allowance, Amount, ModelCall, Price, Rates
from tests.domain.spec import NEVER, Spec, Told, World, create, graph_of

RATES = Rates(1_000_000, 10_000_000, 100_000, 1_000_000)
"""A dollar for a million tokens of input, ten for output."""
PRICES = (Price("openai:m", RATES),)
CALL = ModelCall("openai:m", 30, 20)
COST = 30 * 1_000 + 20 * 10_000
"""Of that call, in billionths of a dollar."""


def ask(id_: str = "a", **config: Any) -> dict[str, Any]:
    return {"id": id_, "type": "llm", "config": {"model": "openai:m", "prompt": "hi", "max_tokens": 100, **config}}


def asks(budget: dict[str, Any] | None, *nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = list(nodes) or [ask()]
    edges = [{"from": one["id"], "to": other["id"]} for one, other in itertools.pairwise(made)]
    settings = more.pop("settings", {})
    return {"settings": {**settings, **({} if budget is None else {"budget": budget})}, "nodes": made, "edges": edges, **more}


def begun(definition: dict[str, Any], **more: Any) -> Spec:
    return Spec(definition, created=False).given(create(prices=PRICES, **more))


def told(*calls: ModelCall, value: Any = "ok") -> Any:
    return lambda call: Told(value, calls or (CALL,))


def used(spec: Spec) -> Amount:
    assert spec.state.spending is not None
    return spec.state.spending.used


def set_aside(spec: Spec) -> Amount:
    assert spec.state.spending is not None
    return spec.state.spending.set_aside()


# Before.


def test_the_most_that_a_call_may_take_is_set_aside_before_it() -> None:
    spec = begun(asks({"usd": 1, "tokens": 10_000}))
    given = -(-len(spec.subject.graph.nodes[0].static_config) // 3)
    reserved = e.BudgetReserved("a", 1, Amount(given * 1_000 + 100 * 10_000, given + 100, 1), "openai:m")
    assert spec.subject.decisions[0].events[-2:] == (reserved, e.NodeScheduled("a"))


def test_what_the_worker_tells_counts_and_the_rest_is_free_again() -> None:
    spec = begun(asks({"tokens": 10_000}, ask(), ask("b"))).when(c.CompleteActivity("a", 1, b"1", calls=(CALL,)))
    assert spec.events[0] == e.UsageCounted("a", 1, (COST,))
    assert used(spec) == Amount(COST, 50, 1)
    assert [type(event).__name__ for event in spec.events[1:]] == ["NodeCompleted", "BudgetReserved", "NodeScheduled"]


@pytest.mark.parametrize("limit", [{"usd": 0.0001}, {"tokens": 100}, {"model_calls": 0}])
def test_nobody_is_asked_where_too_little_is_left(limit: dict[str, Any]) -> None:
    world = World(asks(limit), acts={"llm": told()}).start(prices=PRICES)
    (what,) = limit
    assert (world.ran, world.status, world.error) == ([], "incident", "ai.budget")
    assert world.failure is not None
    assert world.failure.details["what"] == what
    assert world.failure.details["limit"] == limit[what]
    assert world.failure.details["spent"] == 0


def test_the_last_call_that_fits_is_made_and_no_more() -> None:
    world = World(asks({"model_calls": 2}, *[ask(name) for name in "abcd"]), acts={"llm": told()}).start(prices=PRICES)
    assert world.ran == ["a", "b"]
    assert world.failure is not None
    assert world.failure.node == "c"
    assert world.failure.details["by_node"] == {
        name: {"usd": COST / NANO, "tokens": 50, "model_calls": 1, "tool_calls": 0} for name in "ab"
    }


def test_calls_under_way_are_taken_for_the_most_they_may_take() -> None:
    nodes = [ask("a"), ask("b")]
    world = World({"settings": {"budget": {"tokens": 200}}, "nodes": nodes}, acts={"llm": lambda _: NEVER}).start(prices=PRICES)
    assert world.ran == ["a"]
    assert world.failure is not None
    assert world.failure.details["reserved"] > 100


def test_a_node_has_a_budget_of_its_own_over_all_its_runs() -> None:
    body = {"nodes": [ask(budget={"model_calls": 2})]}
    definition = {"settings": {"on_failure": "fail"}, "nodes": [{"id": "r", "type": "repeat", "config": {"times": 4, "body": body}}]}
    world = World(definition, acts={"llm": told()}).start(prices=PRICES)
    assert (world.ran, world.error) == (["r[0]/a", "r[1]/a"], "ai.budget")
    assert world.failure is not None
    assert world.failure.details["of"] == "r[]/a"


def test_all_models_and_repairs_there_may_be_are_set_aside() -> None:
    config: dict[str, Any] = {"model": ["openai:m", "openai:m"], "schema": {"type": "object"}, "repair": 2}
    assert set_aside(begun(asks({"model_calls": 100}, ask(**config)))).model_calls == 6
    assert set_aside(begun(asks({"model_calls": 100}, ask(repair=5)))).model_calls == 1


def test_a_budget_is_no_failure_that_is_tried_again() -> None:
    world = World(asks({"model_calls": 0}, ask() | {"retry": {"max_attempts": 5}}), acts={"llm": told()}).start(prices=PRICES)
    assert world.events(e.NodeRetried) == []


def test_an_error_edge_takes_it() -> None:
    definition = asks({"model_calls": 0}) | {"edges": [{"from": "a", "to": "b", "type": "error"}]}
    definition["nodes"].append({"id": "b", "type": "b"})
    world = World(definition, acts={"llm": told()}).start(prices=PRICES)
    assert (world.status, world.ran) == ("completed", ["b"])


def test_without_a_budget_nothing_is_set_aside_and_all_is_counted() -> None:
    spec = begun(asks(None)).when(c.CompleteActivity("a", 1, b"1", calls=(CALL,)))
    assert e.UsageCounted("a", 1, (COST,)) in spec.events
    assert not any(isinstance(event, e.BudgetReserved) for event in spec.subject.decisions[0].events)


def test_what_asks_no_model_knows_nothing_of_it() -> None:
    spec = Spec({"nodes": [{"id": "a", "type": "a"}]})
    assert spec.state.spending is None
    spec.when(c.CompleteActivity("a", 1, b"1"))
    assert not any(isinstance(event, e.UsageCounted | e.BudgetReserved) for event in spec.events)


# After.


def test_a_failed_attempt_counts_with_what_it_took() -> None:
    spec = begun(asks({"tokens": 10_000})).when(c.FailActivity("a", 1, Failure("ai.incomplete", "cut"), calls=(CALL,)))
    assert spec.events[0] == e.UsageCounted("a", 1, (COST,))
    assert used(spec).tokens == 50
    assert set_aside(spec) == Amount()


@pytest.mark.parametrize("end", [c.LoseActivity("a", 1, "w"), c.CancelExecution()])
def test_an_attempt_that_is_gone_without_a_word_counts_for_all_that_was_set_aside(end: c.Command) -> None:
    definition = {"settings": {"budget": {"tokens": 10_000}}, "nodes": [ask(), {"id": "z", "type": "never"}]}
    spec = begun(definition)
    reserved = set_aside(spec)
    spec.when(end)
    if isinstance(end, c.LoseActivity):
        assert e.UsageCounted("a", 1, amount=reserved, is_estimate=True) in spec.events
        assert used(spec) == reserved
        assert spec.state.spending is not None
        assert spec.state.spending.estimated == reserved
    else:
        assert spec.state.spending is not None
        assert spec.state.spending.in_all == reserved


def test_an_attempt_that_takes_too_long_counts_for_all_that_was_set_aside() -> None:
    node = ask() | {"timeout": "1s", "retry": {"max_attempts": 2, "initial_delay": "1s"}}
    world = World(asks({"model_calls": 1}, node, settings={"on_failure": "fail"}), acts={"llm": lambda _: NEVER}).start(prices=PRICES)
    assert world.ran == ["a"]
    assert world.error == "ai.budget"


def test_a_late_report_of_a_lost_attempt_counts_no_second_time() -> None:
    spec = begun(asks({"tokens": 10_000})).given(c.LoseActivity("a", 1, "w"))
    before = used(spec)
    spec.when(c.CompleteActivity("a", 1, b"1", calls=(CALL,))).then_rejected("stale_attempt")
    assert used(spec) == before


def test_unmeasured_calls_count_and_are_marked() -> None:
    spec = begun(asks({"tokens": 10_000})).when(c.CompleteActivity("a", 1, b"1", calls=(ModelCall("openai:m", 30, 20, is_measured=False),)))
    assert spec.state.spending is not None
    assert spec.state.spending.estimated == Amount(COST, 50, 1)


def test_what_comes_in_a_pause_counts_when_it_is_taken_up() -> None:
    spec = begun(asks({"tokens": 10_000}, ask(), ask("b"))).given(c.PauseExecution())
    spec.given(c.CompleteActivity("a", 1, b"1", calls=(CALL,))).when(c.ResumeExecution())
    assert e.UsageCounted("a", 1, (COST,), (CALL,)) in spec.events
    assert used(spec).tokens == 50


def test_a_cached_result_costs_nothing() -> None:
    spec = begun(asks({"tokens": 10_000})).when(c.CompleteActivity("a", 1, b"1", cached=True))
    assert (used(spec), set_aside(spec)) == (Amount(), Amount())


def test_numbers_without_end_break_no_record() -> None:
    most = ModelCall("openai:m", 2**53, 2**53)
    world = World(asks({"tokens": 10_000}, ask(), ask("b")), acts={"llm": told(most, most)}).start(prices=PRICES)
    assert world.error == "ai.budget"
    assert world.state().spending.used.tokens == 2**53  # type: ignore[union-attr]  # it asks models


# Prices.


def test_money_is_not_limited_where_nobody_knows_a_price() -> None:
    with pytest.raises(InvalidInput, match=r"nobody knows what `openai:m` costs"):
        World(asks({"usd": 1})).start()


def test_a_price_in_the_settings_is_one() -> None:
    models = {"own": {"use": "ollama:m", "base_url": "http://127.0.0.1:1", "price": {"input": 1, "output": 10}}}
    spec = Spec(asks({"usd": 1}, ask(model="own"), settings={"models": models}))
    spec.when(c.CompleteActivity("a", 1, b"1", calls=(ModelCall("ollama:m", 30, 20),)))
    assert used(spec).usd == COST


def test_another_place_is_not_the_providers_own_and_has_not_its_price() -> None:
    with pytest.raises(InvalidInput, match="nobody knows"):
        World(asks({"usd": 1}, ask(base_url="http://127.0.0.1:1"))).start(prices=PRICES)


def test_tokens_are_limited_without_a_price() -> None:
    world = World(asks({"tokens": 1_000}), acts={"llm": told()}).start()
    assert world.status == "completed"


# Whoever resolves.


def test_resolving_sets_another_limit_and_the_path_goes_on() -> None:
    world = World(asks({"model_calls": 0, "tokens": 5_000}), acts={"llm": told()}).start(prices=PRICES)
    world.send(c.ResolveIncident("1", "retry", budget=Allowance(model_calls=1)))
    assert (world.status, world.ran) == ("completed", ["a@2"])
    spending = world.state().spending
    assert spending is not None
    assert spending.limits == Allowance(tokens=5_000, model_calls=1)


def test_resolving_without_another_limit_stops_again() -> None:
    world = World(asks({"model_calls": 0}), acts={"llm": told()}).start(prices=PRICES)
    world.send(c.ResolveIncident("1", "retry"))
    assert (world.status, world.error, world.ran) == ("incident", "ai.budget", [])


def test_resolving_raises_the_limit_of_the_node_whose_own_is_used_up() -> None:
    world = World(asks({"model_calls": 9}, ask(budget={"model_calls": 0})), acts={"llm": told()}).start(prices=PRICES)
    world.send(c.ResolveIncident("1", "retry", budget=Allowance(model_calls=2)))
    spending = world.state().spending
    assert spending is not None
    assert (world.status, spending.limits.model_calls, spending.raised[0].model_calls) == ("completed", 9, 2)


def test_a_limit_is_no_answer_to_another_incident() -> None:
    spec = begun(asks({"model_calls": 9})).given(c.FailActivity("a", 1, Failure("boom", "no"), False))
    spec.when(c.ResolveIncident("1", "retry", budget=Allowance(model_calls=1))).then_rejected("no_budget")


# Children.

CHILD = asks(None, ask(), ask("b"))


def parent(*nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return asks(more.pop("budget", {"model_calls": 3}), *nodes, **more)


def sub(id_: str = "s", **config: Any) -> dict[str, Any]:
    return {"id": id_, "type": "sub_workflow", "config": {"workflow": "child", **config}}


def test_a_child_counts_and_gives_back_what_it_has_not_used() -> None:
    world = World(parent(sub(), ask("c"), ask("d")), {"child": CHILD}, {"llm": told()}).start(prices=PRICES)
    assert world.ran[-1] == "c"
    assert (len(world.ran), world.error) == (3, "ai.budget")
    spending = world.state().spending
    assert spending is not None
    assert spending.used.model_calls == 3


def test_a_child_stops_where_the_rest_of_its_parents_budget_ends() -> None:
    world = World(parent(ask("p"), ask("q"), sub()), {"child": CHILD}, {"llm": told()}).start(prices=PRICES)
    assert len(world.ran) == 3
    (child,) = [name for name in world.subjects if name != "x"]
    assert world.state(child).status == "incident"
    world.send(c.ResolveIncident("1", "fail"), execution=child)
    assert world.error == "child.failed"


def test_a_node_says_how_much_its_child_may_use() -> None:
    nodes = [sub("s", budget={"model_calls": 2}), sub("t", budget={"model_calls": 2})]
    world = World({"settings": {"budget": {"model_calls": 4}}, "nodes": nodes}, {"child": CHILD}, {"llm": told()}).start(prices=PRICES)
    assert (world.status, len(world.ran)) == ("completed", 4)


def test_a_child_that_nobody_waits_for_counts_too() -> None:
    world = World(parent(sub(mode="detached", budget={"model_calls": 3}), ask("c")), {"child": CHILD}, {"llm": told()}).start(prices=PRICES)
    assert world.error == "ai.budget"


def test_a_child_of_a_budget_of_money_whose_model_has_no_price_is_not_begun() -> None:
    world = World(parent(sub(), budget={"usd": 1}), {"child": CHILD}, {"llm": told()}).start(prices=PRICES)
    assert (world.ran, world.error) == ([], "child.failed")


def test_a_grandchild_counts_too() -> None:
    children = {"child": parent(sub("s") | {"config": {"workflow": "grand"}}, budget=None), "grand": CHILD}
    world = World(parent(sub(), ask("c"), ask("d"), budget={"model_calls": 3}), children, {"llm": told()}).start(prices=PRICES)
    assert len(world.ran) == 3
    assert world.error == "ai.budget"


def test_without_a_budget_children_are_not_limited() -> None:
    world = World(asks(None, sub()), {"child": CHILD}, {"llm": told()}).start(prices=PRICES)
    assert (world.status, len(world.ran)) == ("completed", 2)


# Agents.


def helper(**config: Any) -> dict[str, Any]:
    return {"id": "helper", "type": "agent", "config": {"model": "openai:m", "input": "hi", "max_tokens": 100, **config}}


def runaway(budget: dict[str, Any] | None = None, **config: Any) -> World:
    """An agent whose model asks for two calls of a tool, for ever."""
    nodes = [helper(**config), {"id": "look", "type": "look"}]
    definition = {"settings": {} if budget is None else {"budget": budget}, "nodes": nodes}
    definition["edges"] = [{"from": "look", "to": "helper", "type": "ai_tool"}]
    parts = [{"type": "tool_call", "id": "", "name": "look", "arguments": "{}"}] * 2
    answer = {"message": {"role": "assistant", "parts": parts}, "model": "openai:m", "usage": {}}
    return World(definition, acts={"llm": told(value=answer), "look": lambda _: "far"}).start(prices=PRICES)


@pytest.mark.parametrize("of", ["settings", "node"])
def test_an_agent_that_does_not_stop_is_stopped_by_its_budget(of: str) -> None:
    limits = {"model_calls": 3}
    world = runaway(limits) if of == "settings" else runaway(budget=limits)
    assert [path for path in world.ran if path.endswith("/model")] == ["helper[0]/model", "helper[1]/model", "helper[2]/model"]
    assert (world.status, world.error) == ("incident", "ai.budget")
    assert world.failure is not None
    assert world.failure.details["by_node"]["helper"]["model_calls"] == 3


@pytest.mark.parametrize("of", ["settings", "node"])
def test_calls_of_tools_have_a_limit_and_none_of_an_answer_runs_that_is_over_it(of: str) -> None:
    limits = {"tool_calls": 3}
    world = runaway(limits) if of == "settings" else runaway(budget=limits)
    assert len([path for path in world.ran if path.endswith("/look")]) == 2
    assert world.failure is not None
    assert (world.failure.node, world.failure.details["what"]) == ("helper[1]/call", "tool_calls")
    world.send(c.ResolveIncident("1", "retry", budget=Allowance(tool_calls=4)))
    assert len([path for path in world.ran if "/look" in path]) == 4
    assert world.error == "ai.budget"


def test_a_later_turn_is_asked_with_all_that_was_said_and_more_is_set_aside() -> None:
    reserved = [event.amount.tokens for event in runaway({"tokens": 100_000, "model_calls": 4}).events(e.BudgetReserved)]
    assert reserved == sorted(set(reserved))
    assert len(reserved) == 4


# What cannot be meant.


@pytest.mark.parametrize(
    ("definition", "path"),
    [
        (asks({"usd": -1}), "settings.budget.usd"),
        (asks({"dollars": 1}), "settings.budget.dollars"),
        (asks({"tokens": 2**60}), "settings.budget.tokens"),
        (asks({"tokens": 1}, ask(max_tokens=None)), "nodes[0].config.max_tokens"),
        (asks({"usd": 1}, ask(model="{{ input.m }}")), "nodes[0].config.model"),
        (asks(None, ask(budget={"tokens": "{{ input.n }}"})), "nodes[0].config.budget"),
    ],
)
def test_what_cannot_be_meant_is_a_problem_when_published(definition: dict[str, Any], path: str) -> None:
    from domain.definition.validate import check

    assert path in [problem.path for problem in check({"name": "w", **definition}, {}).problems]


def test_what_a_compensation_asks_costs_what_its_own_config_says() -> None:
    undo = {"type": "llm", "config": {"model": "openai:m", "prompt": "sorry"}}
    elsewhere = {**ask(base_url="https://elsewhere.example"), "compensate": undo}
    settings = {"on_failure": "fail", "compensate_on_failure": True}
    definition = asks(None, elsewhere, {"id": "no", "type": "fail", "config": {"type": "x"}}, settings=settings)
    world = World(definition, acts={"llm": told()}).start(prices=PRICES)
    assert [(one.path, one.costs) for one in world.events(e.UsageCounted)] == [("a", (None,)), ("a.compensate", (COST,))]
    assert graph_of(definition).models == ("openai:m",)
