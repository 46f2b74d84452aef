"""The canonical form: what makes two definitions the same, and what does not."""

import json
from typing import Any

import pytest
import yaml
from definition_samples import ACTIVITIES, EXAMPLES
from hypothesis import given
from hypothesis import strategies as st

from contracts.definitions import WorkflowDefinition
from domain.definition.canonical import canonical, content_hash, load_canonical
from domain.definition.compile import compile_definition
from domain.definition.document import parse_document
from domain.definition.validate import publishable


def definition_of(document: Any) -> WorkflowDefinition:
    return publishable(document, ACTIVITIES)


def hash_of(document: Any) -> str:
    return content_hash(definition_of(document))


def with_node(**fields: Any) -> dict[str, Any]:
    return {"name": "demo", "nodes": [{"id": "a", "type": "noop", **fields}]}


def shuffled(value: Any, draw: Any) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(value[key], draw) for key in draw(st.permutations(list(value)))}
    return [shuffled(item, draw) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_canonical_form_loads_as_the_same_definition(name: str) -> None:
    definition = definition_of(parse_document(EXAMPLES[name]))
    again = load_canonical(canonical(definition))
    assert canonical(again) == canonical(definition)
    assert publishable(json.loads(canonical(definition)), ACTIVITIES)
    assert len(compile_definition(again).nodes) == len(compile_definition(definition).nodes)


@given(st.data())
def test_the_order_of_keys_and_the_syntax_make_no_difference(data: st.DataObject) -> None:
    document = parse_document(data.draw(st.sampled_from(sorted(EXAMPLES.values()))))
    other = shuffled(document, data.draw)
    assert hash_of(other) == hash_of(document)
    assert hash_of(parse_document(json.dumps(other))) == hash_of(document)
    assert hash_of(parse_document(yaml.safe_dump(other, sort_keys=False, allow_unicode=data.draw(st.booleans())))) == hash_of(document)


@pytest.mark.parametrize(
    "explicit",
    [
        {"join": "all"},
        {"config": {}},
        {"retry": None},
        {"on_error": "fail"},
        {"name": None},
        {"aggregate": "merge", "losers": "cancel"},
    ],
)
def test_a_default_that_is_written_out_makes_no_difference(explicit: dict[str, Any]) -> None:
    assert hash_of(with_node(**explicit)) == hash_of(with_node())


def test_defaults_of_the_whole_make_no_difference() -> None:
    explicit = {"edges": [], "variables": {}, "tags": [], "settings": {"priority": 5, "search": {}}, "triggers": [], "input": None}
    assert hash_of({**with_node(), **explicit}) == hash_of(with_node())


def test_defaults_in_the_config_of_a_control_flow_kind_make_no_difference() -> None:
    loop: dict[str, Any] = {"items": [1], "body": {"nodes": [{"id": "x", "type": "noop"}]}}
    explicit = {**loop, "concurrency": 1, "on_item_error": "fail", "wait_for": "all", "until": None}
    explicit["body"] = {"nodes": [{"id": "x", "type": "noop", "join": "all"}], "edges": []}
    assert hash_of(with_node(type="for_each", config=explicit)) == hash_of(with_node(type="for_each", config=loop))


def test_the_config_of_an_activity_stays_as_written() -> None:
    assert hash_of(with_node(type="fetch", config={"url": "x", "method": "GET"})) != hash_of(with_node(type="fetch", config={"url": "x"}))


def test_a_null_that_means_something_stays() -> None:
    assert hash_of({**with_node(), "output": None}) != hash_of(with_node())
    assert hash_of(with_node(type="end", config={"output": None})) != hash_of(with_node(type="end"))
    emit = {"execution": "{{ execution.id }}", "name": "go"}
    assert b'"payload":null' in canonical(definition_of(with_node(type="emit_signal", config={**emit, "payload": None})))
    switch = {"value": None, "cases": [{"equals": None, "port": "x"}]}
    assert json.loads(canonical(definition_of(with_node(type="switch", config=switch))))["nodes"][0]["config"] == switch


def test_numbers_of_the_language_are_numbers_and_numbers_of_users_stay_as_written() -> None:
    assert hash_of(with_node(retry={"multiplier": 3})) == hash_of(with_node(retry={"multiplier": 3.0}))
    assert hash_of({**with_node(), "variables": {"x": 1}}) != hash_of({**with_node(), "variables": {"x": 1.0}})
    assert hash_of({**with_node(), "variables": {"x": 1}}) != hash_of({**with_node(), "variables": {"x": True}})


@pytest.mark.parametrize("field", [{"description": "new"}, {"tags": ["x"]}, {"name": "other"}])
def test_what_is_for_people_is_content(field: dict[str, Any]) -> None:
    assert hash_of({**with_node(), **field}) != hash_of(with_node())


def test_the_order_of_nodes_is_content() -> None:
    nodes = [{"id": "a", "type": "noop"}, {"id": "b", "type": "noop"}]
    assert hash_of({"name": "demo", "nodes": nodes}) != hash_of({"name": "demo", "nodes": nodes[::-1]})


def test_the_hash_of_an_example_never_changes() -> None:
    """Published versions are named by it: a change here makes every stored version a new one."""
    assert hash_of(parse_document(EXAMPLES["order_fulfilment"])) == "c993abc50ce88f41cc5bb897e48a926aabcbe8ff2ed521cf592deed40f798f36"
