"""What budgets set aside of prompts that are kept, and of thousands of calls under way."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.catalog import PromptPublished
from contracts.definitions import WorkflowDefinition
from contracts.usage import COUNT_MAX, Amount, ModelCall
from domain.definition.prompts_in_use import prompt_problems
from domain.execution.decide import decide
from domain.execution.evolve import initial
from tests.calls import calls_of
from tests.domain.spec import Spec, create, graph_of

MANY = {"tokens": 1_000_000}


def prompting(budget: dict[str, Any] | None = None, config: dict[str, Any] | None = None, **prompt: Any) -> dict[str, Any]:
    """A node that asks with the prompt `reply`, as a published workflow has it."""
    content = {"name": "reply", "prompt": "hi", "model": "openai:m", **prompt}
    pins = {"reply": {"version": 1, "hash": "0" * 64, "content": content}}
    node = {"id": "a", "type": "prompt", "config": {"prompt": "reply", **(config or {})}}
    return {"name": "w", "settings": {"budget": budget or MANY}, "nodes": [node], "prompts": pins}


def reserved(definition: dict[str, Any], given: Any = None) -> Amount:
    (found,) = [one for one in Spec(definition, given).subject.decisions[0].events if isinstance(one, e.BudgetReserved)]
    return found.amount


def test_the_model_and_the_longest_answer_are_those_of_the_prompt_where_the_node_does_not_say() -> None:
    assert reserved(prompting(max_tokens=500)).tokens - reserved(prompting(max_tokens=100)).tokens == 400
    assert reserved(prompting(max_tokens=500, config={"max_tokens": 100})).tokens < 500
    assert reserved(prompting(max_tokens=10, model=["openai:m", "openai:n"])).model_calls == 2


def test_the_repairs_of_a_schema_that_the_prompt_says_are_set_aside() -> None:
    assert reserved(prompting(max_tokens=10, schema={"type": "object"}, repair=5)).model_calls == 6
    assert reserved(prompting(max_tokens=10, schema={"type": "object"})).model_calls == 2
    assert reserved(prompting(max_tokens=10, schema={"type": "object"}, repair=5, config={"repair": 0})).model_calls == 1
    assert reserved(prompting(max_tokens=10, config={"schema": None}, schema={"type": "object"}, repair=3)).model_calls == 4


def test_an_input_that_a_prompt_says_twice_is_asked_twice() -> None:
    texts = ["{{ input.mail }}", "{{ input.mail }} {{ input.mail }}"]
    once, twice = (
        reserved(prompting(max_tokens=1, prompt=text, config={"inputs": {"mail": "{{ input }}"}}), "x" * 30_000) for text in texts
    )
    assert 10_000 <= twice.tokens - once.tokens < 10_100


@pytest.mark.parametrize(
    ("budget", "config", "prompt", "found"),
    [
        (MANY, {}, {"max_tokens": 9}, []),
        (MANY, {"max_tokens": 9}, {}, []),
        (MANY, {}, {}, ["nodes[0].config.max_tokens"]),
        ({"model_calls": 1}, {"budget": {"usd": 1}}, {}, ["nodes[0].config.max_tokens"]),
        ({"model_calls": 1}, {}, {}, []),
    ],
)
def test_a_prompt_may_say_how_long_its_answers_are_and_somebody_has_to(
    budget: dict[str, Any], config: dict[str, Any], prompt: dict[str, Any], found: list[str]
) -> None:
    definition = prompting(budget, config, **prompt)
    content = definition.pop("prompts")["reply"]["content"]
    published = PromptPublished("reply", 1, "0" * 64, json.dumps(content).encode(), 0)
    graph_of(definition)  # that of itself is none
    problems = prompt_problems(WorkflowDefinition.model_validate(definition), lambda name, version: published, ["reply"])
    assert [one.path for one in problems] == found


def asked_at_once(count: int) -> None:
    """So many calls of models begin in one decision, and end one by one."""
    body = {"nodes": [{"id": "ask", "type": "llm", "config": {"model": "openai:m", "prompt": "hi", "max_tokens": 5}}]}
    loop = {"id": "each", "type": "for_each", "config": {"items": "input", "concurrency": count, "body": body}}
    graph, state = graph_of({"settings": {"budget": MANY}, "nodes": [loop]}), initial("x")
    decide(graph, state, create(list(range(count))), 1)
    for index in range(count):
        decide(graph, state, c.CompleteActivity(f"each[{index}]/ask", 1, b"1", calls=(ModelCall("openai:m", 3, 2),)), 2)
    assert state.status == "completed"
    assert state.spending is not None
    assert (state.spending.aside, state.spending.aside_by_node) == (Amount(), {})


def test_what_a_call_costs_does_not_grow_with_those_under_way() -> None:
    for name in ("and_", "get"):
        once, twice = (calls_of(name, partial(asked_at_once, count)) for count in (100, 200))
        assert twice < 2.2 * once


def test_what_is_set_aside_is_never_more_than_can_be_counted() -> None:
    """So the sums are exact, however much a definition allows."""
    node = {"id": "a", "type": "sub_workflow", "config": {"workflow": "child", "budget": {"tokens": COUNT_MAX}}}
    spec = Spec({"nodes": [node, {**node, "id": "b"}]})
    first, second = (one.amount.tokens for one in spec.subject.decisions[0].events if isinstance(one, e.BudgetReserved))
    assert (first, second) == (COUNT_MAX, 0)
    assert spec.state.spending is not None
    assert spec.state.spending.aside.tokens == COUNT_MAX
