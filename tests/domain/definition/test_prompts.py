"""Prompts: what is wrong with one, which hash names it, what a definition holds of those it names, and what a node runs with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.catalog import PromptPublished
from contracts.definitions import PinnedPrompt, WorkflowDefinition
from contracts.errors import InvalidDefinition, InvalidInput
from contracts.prompts import PROMPT_BYTES_MAX
from domain.definition.canonical import canonical, content_hash, load_canonical, published
from domain.definition.compile import compile_definition
from domain.definition.prompt_check import canonical_prompt, checked_prompt, prompt_difference, prompt_hash
from domain.definition.prompts_in_use import prompt_problems, taken_inputs, with_pins, written_pin
from domain.expressions import value
from domain.expressions.template import Value

INPUTS = {"type": "object", "required": ["mail"], "properties": {"mail": {"type": "string"}, "tone": {"type": "string", "default": "warm"}}}
REPLY: dict[str, Any] = {"name": "reply", "inputs": INPUTS, "system": "Be {{ input.tone }}.", "prompt": "{{ input.mail }}"}


def problems(**more: Any) -> list[tuple[str, str]]:
    document = {name: one for name, one in {**REPLY, **more}.items() if one is not None}
    try:
        checked_prompt(document)
    except InvalidDefinition as error:
        return [(problem.path, problem.rule) for problem in error.problems]
    return []


def test_a_prompt_that_says_what_it_takes_is_one() -> None:
    assert problems() == []
    assert problems(prompt=None, messages=[{"role": "user", "content": "{{ input.mail }}"}]) == []
    assert problems(model=["openai:a", "google:b"], temperature=0.5, schema={"type": "object"}, repair=0, stop=["x"]) == []


@pytest.mark.parametrize(
    ("more", "place", "rule"),
    [
        ({"name": "Reply!"}, "name", "pattern"),
        ({"prompt": None}, "", "prompt"),
        ({"messages": [{"role": "user", "content": "a"}]}, "", "prompt"),
        ({"prompt": None, "messages": [{"role": "system", "content": "a"}]}, "messages", "prompt"),
        ({"prompt": "{{ input.mial }}"}, "prompt", "unknown_input"),
        ({"prompt": "{{ vars.x }}"}, "prompt", "unknown_name"),
        ({"prompt": "{{ input. }}"}, "prompt", "expression"),
        ({"prompt": "{{ input.mail"}, "prompt", "expression"),
        ({"system": 7}, "system", "wrong_type"),
        ({"inputs": {"type": "array"}}, "inputs.type", "input_schema"),
        ({"inputs": {"type": "objekt"}}, "inputs.type", "input_schema"),
        ({"schema": {"$ref": "#/nowhere"}}, "schema.$ref", "input_schema"),
        ({"model": "nobody:x"}, "model", "wrong_value"),
        ({"temperature": 1e400}, "temperature", "not_finite"),
        ({"prompts": "x"}, "prompts", "unknown_field"),
    ],
)
def test_what_is_wrong_with_a_prompt_is_told_with_its_place(more: dict[str, Any], place: str, rule: str) -> None:
    found = problems(**more)
    assert place in [path for path, _ in found]
    assert rule in [one for _, one in found] or rule in ("wrong_value", "not_finite")


@pytest.mark.parametrize("document", [None, [], "reply", 2**64, {"name": None, "prompt": None}, {"name": "a", "prompt": "\ud800"}])
def test_what_is_no_prompt_at_all_is_a_problem(document: Any) -> None:
    with pytest.raises(InvalidDefinition):
        checked_prompt(document)


def test_a_prompt_may_be_so_long_and_no_longer() -> None:
    room = PROMPT_BYTES_MAX - len(canonical_prompt(checked_prompt({**REPLY, "prompt": "x"})))
    assert problems(prompt="x" * (room + 1)) == []
    assert problems(prompt="x" * (room + 2)) == [("", "too_large")]


def test_the_hash_is_of_what_it_says_and_not_of_how_it_was_written() -> None:
    turned = dict(reversed(REPLY.items()))
    assert canonical_prompt(checked_prompt(turned)) == canonical_prompt(checked_prompt(REPLY))
    assert hash_of({**REPLY, "description": None}) == hash_of(REPLY)
    assert hash_of({**REPLY, "system": "Be cold."}) != hash_of(REPLY)


def hash_of(document: dict[str, Any]) -> str:
    return prompt_hash(canonical_prompt(checked_prompt(document)))


def test_what_is_different_is_told_by_field_and_line() -> None:
    before, after = (canonical_prompt(checked_prompt({**REPLY, "prompt": text})) for text in ("one\ntwo\n", "one\nthree\n"))
    found = prompt_difference(before, after, ("reply/1", "reply/2"))
    assert found["fields"] == ["prompt"]
    assert "-  two\n+  three\n" in found["text"]
    assert prompt_difference(before, before, ("a", "b")) == {"fields": [], "text": ""}


# In definitions.


def kept(*documents: dict[str, Any]) -> dict[str, list[PromptPublished]]:
    found: dict[str, list[PromptPublished]] = {}
    for document in documents:
        content = canonical_prompt(checked_prompt(document))
        versions = found.setdefault(document["name"], [])
        versions.append(PromptPublished(document["name"], len(versions) + 1, prompt_hash(content), content, 1))
    return found


KEPT = kept(REPLY, {**REPLY, "prompt": "Anew: {{ input.mail }}"})


def find(name: str, version: int | None) -> PromptPublished | None:
    versions = KEPT.get(name, [])
    number = len(versions) if version is None else version
    return versions[number - 1] if 0 < number <= len(versions) else None


def definition(*configs: dict[str, Any], **more: Any) -> WorkflowDefinition:
    nodes = [{"id": f"n{number}", "type": "prompt", "config": config} for number, config in enumerate(configs)]
    return WorkflowDefinition.model_validate({"name": "w", "nodes": nodes, **more})


def found_in(config: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.path, one.rule) for one in prompt_problems(definition({"model": "openai:a", **config}), find, list(KEPT))]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"prompt": "reply", "inputs": {"mail": "hi"}}, []),
        ({"prompt": "reply", "version": 1, "inputs": {"mail": "{{ input.mail }}", "tone": "cold"}}, []),
        ({"prompt": "reply", "inputs": "{{ input }}"}, []),
        ({"prompt": "replay", "inputs": {"mail": "hi"}}, [("prompt", "unknown_prompt")]),
        ({"prompt": "reply", "version": 3, "inputs": {"mail": "hi"}}, [("version", "unknown_prompt")]),
        ({"prompt": "reply"}, [("inputs", "missing_input")]),
        ({"prompt": "reply", "inputs": {"mail": "hi", "colour": 1}}, [("inputs.colour", "unknown_input")]),
        ({"prompt": "reply", "inputs": {"mail": 7}}, [("inputs.mail", "input")]),
        ({"prompt": "{{ input.which }}"}, [("prompt", "template")]),
        ({"prompt": "reply", "version": "{{ 1 }}", "inputs": {"mail": "hi"}}, [("version", "template")]),
    ],
)
def test_what_a_node_says_of_a_prompt_is_checked_when_published(config: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found_in(config) == [(f"nodes[0].config.{path}", rule) for path, rule in expected]


def test_somebody_has_to_say_which_model_is_asked() -> None:
    told = prompt_problems(definition({"prompt": "reply", "inputs": {"mail": "hi"}}), find, list(KEPT))
    assert [(one.path, one.rule) for one in told] == [("nodes[0].config", "missing_field")]


def test_a_definition_holds_the_prompts_that_it_names_and_their_texts_are_part_of_its_hash() -> None:
    latest, first = {"prompt": "reply", "inputs": {"mail": "a"}}, {"prompt": "reply", "version": 1, "inputs": {"mail": "a"}}
    plain = published(definition(latest, first))
    pinned = with_pins(plain, find)
    assert {key: (pin.version, pin.hash) for key, pin in pinned.prompts.items()} == {
        "reply": (2, KEPT["reply"][1].hash), "reply@1": (1, KEPT["reply"][0].hash),
    }  # fmt: skip
    assert content_hash(pinned) != content_hash(plain)
    assert canonical(load_canonical(canonical(pinned))) == canonical(pinned)
    assert with_pins(pinned, lambda name, version: find(name, 1)).prompts["reply"].version == 1, "what it said before counts no more"
    assert with_pins(pinned, lambda name, version: None).prompts == {}


def test_one_without_prompts_has_the_hash_that_it_always_had() -> None:
    plain = WorkflowDefinition.model_validate({"name": "w", "nodes": [{"id": "n", "type": "noop"}]})
    assert with_pins(plain, find) is plain
    assert b"prompts" not in canonical(plain)


def test_prompts_are_found_in_bodies_handlers_and_compensations() -> None:
    node = {"id": "n", "type": "prompt", "config": {"prompt": "reply", "inputs": {"mail": "a"}}}
    loop = {"id": "l", "type": "for_each", "config": {"items": [1], "body": {"nodes": [node]}}}
    undo = {"id": "u", "type": "noop", "compensate": {"type": "prompt", "config": {"prompt": "reply", "version": 1}}}
    document = {"name": "w", "nodes": [loop, undo], "settings": {"on_error": {"nodes": [{**node, "config": {"prompt": "lost"}}]}}}
    found = WorkflowDefinition.model_validate(document)
    assert sorted(with_pins(found, find).prompts) == ["reply", "reply@1"]
    paths = [one.path for one in prompt_problems(found, find, list(KEPT)) if one.rule == "unknown_prompt"]
    assert paths == ["settings.on_error.nodes[0].config.prompt"]


def test_a_node_runs_with_its_prompt_whose_templates_are_not_the_workflows() -> None:
    config = {"prompt": "reply", "inputs": {"mail": "{{ input.mail }}"}}
    node = compile_definition(with_pins(definition(config), find)).nodes[0]
    assert isinstance(node.template, Value)
    filled = node.template.render({"input": {"mail": "hi"}})
    assert filled["inputs"] == {"mail": "hi"}
    assert json.loads(filled["pinned"])["content"]["prompt"] == "Anew: {{ input.mail }}"


@pytest.mark.parametrize("text", ["{{{{", "{{{", '{"a": {"b": "{{ x }}"}}', "\\{{", "\\u007b{{ input.mail }}", "{ {{'{{'}} }"])
def test_no_text_of_a_prompt_begins_a_template_of_the_workflow(text: str) -> None:
    written = written_pin(PinnedPrompt(version=1, hash="h", content={"prompt": text, "inputs": {"default": {"a": {}}}}))
    assert value(written).is_static
    assert json.loads(written)["content"]["prompt"] == text


def test_what_is_given_is_checked_and_what_is_missing_is_put_in() -> None:
    assert taken_inputs(INPUTS, {"mail": "hi"}) == {"mail": "hi", "tone": "warm"}
    odd: list[Any] = [{}, {"mail": None}, [], None, {"mail": 2**64}]
    for wrong in odd:
        with pytest.raises(InvalidInput):
            taken_inputs(INPUTS, wrong)


def test_the_kind_by_its_name_of_before_is_read_as_this_one() -> None:
    document = {"name": "w", "nodes": [{"id": "n", "type": "prompt_execution", "config": {"prompt": "reply"}}]}
    assert WorkflowDefinition.model_validate(document).nodes[0].type == "prompt"


def test_a_model_and_a_length_that_the_prompt_says_stand_in_the_config_where_budgets_look() -> None:
    said = kept({**REPLY, "model": "openai:a", "max_tokens": 50})["reply"][0]
    config = {"prompt": "reply", "max_tokens": 9, "inputs": {"mail": "a"}}
    node = compile_definition(with_pins(definition(config), lambda name, version: said)).nodes[0]
    assert (node.config["model"], node.config["max_tokens"]) == ("openai:a", 9)
