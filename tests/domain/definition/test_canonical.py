"""The canonical form: what makes two definitions the same, and what does not."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.definitions import LANGUAGE, WorkflowDefinition
from domain.definition.canonical import canonical, content_hash, load_canonical, published
from domain.definition.compile import compile_definition
from domain.definition.document import parse_document
from domain.definition.rules import RULES
from domain.definition.validate import check, publishable
from tests.domain.definition.definition_samples import ACTIVITIES, EXAMPLES


def definition_of(document: Any) -> WorkflowDefinition:
    return published(publishable(document, ACTIVITIES, strict_kinds=False))


def hash_of(document: Any) -> str:
    return content_hash(definition_of(document))


def with_node(**fields: Any) -> dict[str, Any]:
    return {"name": "demo", "nodes": [{"id": "a", "type": "noop", **fields}]}


def shuffled(document: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    """The fields of the language in another order; the maps of users stay as they are."""

    def mix(fields: Any) -> dict[str, Any]:
        return {key: fields[key] for key in data.draw(st.permutations(list(fields)))}

    parts = {name: [mix(part) for part in document.get(name, [])] for name in ("nodes", "edges")}
    return mix({**document, **parts})


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_canonical_form_loads_as_the_same_definition(name: str) -> None:
    definition = definition_of(parse_document(EXAMPLES[name]))
    again = load_canonical(canonical(definition))
    assert canonical(again) == canonical(definition)
    assert publishable(json.loads(canonical(definition)), ACTIVITIES)
    assert len(compile_definition(again).nodes) == len(compile_definition(definition).nodes)


@settings(deadline=None)
@given(st.data())
def test_the_order_of_fields_and_the_syntax_make_no_difference(data: st.DataObject) -> None:
    document = parse_document(data.draw(st.sampled_from(sorted(EXAMPLES.values()))))
    other = shuffled(document, data)
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
    explicit: dict[str, Any] = {
        "edges": [],
        "variables": {},
        "tags": [],
        "settings": {"priority": 5, "search": {}},
        "triggers": [],
        "input": None,
    }
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
    example = publishable(parse_document(EXAMPLES["order_fulfilment"]), ACTIVITIES)
    first = load_canonical(canonical(example))
    assert first.language is None
    assert content_hash(first) == "c993abc50ce88f41cc5bb897e48a926aabcbe8ff2ed521cf592deed40f798f36"
    assert content_hash(published(example)) == "7ed6fd7ff2db10dcd81fa77208ad5c9219de87d941faad47bf6ed9e9dc8293f7"


def branches(*names: str) -> dict[str, Any]:
    bodies = {name: {"nodes": [{"id": "n", "type": "noop"}]} for name in names}
    return with_node(type="parallel", config={"branches": bodies})


USERS_MAPS: dict[str, Any] = {
    "branches": branches("b", "a")["nodes"][0],
    "items": {"id": "a", "type": "for_each", "config": {"items": {"b": 1, "a": 2}, "body": {"nodes": [{"id": "n", "type": "noop"}]}}},
    "values": {"id": "a", "type": "set_variable", "config": {"values": {"b": 1, "a": 2}}},
    "config of an activity": {"id": "a", "type": "own", "config": {"body": {"b": 1, "a": 2}}},
    "output": {"id": "a", "type": "end", "config": {"output": {"b": {"d": 1, "c": 2}, "a": 2}}},
    "compensate": {"id": "a", "type": "noop", "compensate": {"type": "own", "config": {"b": 1, "a": 2}}},
}


def keys_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [word for key, item in value.items() for word in (key, *keys_of(item))]
    return [word for item in value for word in keys_of(item)] if isinstance(value, list) else []


@pytest.mark.parametrize("node", USERS_MAPS.values(), ids=USERS_MAPS)
def test_a_map_of_the_users_own_keeps_its_order_and_the_order_is_content(node: dict[str, Any]) -> None:
    document = {"name": "demo", "variables": {"b": 1, "a": 2}, "settings": {"search": {"b": "1", "a": "2"}}, "nodes": [node]}
    again = json.loads(canonical(load_canonical(canonical(definition_of(document)))))
    written = [word for word in keys_of(document) if word in "abcd"]
    found = [word for word in keys_of({name: again[name] for name in ("variables", "settings", "nodes")}) if word in "abcd"]
    assert found == written
    turned = json.loads(json.dumps(document), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert hash_of(turned) != hash_of(document)


def test_a_definition_of_the_first_language_compiles_and_is_named_as_before() -> None:
    first = load_canonical(canonical(publishable(branches("b", "a"), ACTIVITIES)))
    assert list(compile_definition(first).nodes[0].config.branches) == ["a", "b"]
    assert compile_definition(first).rules == RULES[1]
    now = compile_definition(load_canonical(canonical(definition_of(branches("b", "a")))))
    assert list(now.nodes[0].config.branches) == ["b", "a"]
    assert now.rules == RULES[LANGUAGE]


@pytest.mark.parametrize("number", [1, LANGUAGE + 1])
def test_only_the_present_language_is_published(number: int) -> None:
    [problem] = check({**with_node(), "language": number}, ACTIVITIES).problems
    assert (problem.path, problem.rule) == ("language", "language")
    assert hash_of({**with_node(), "language": LANGUAGE}) == hash_of(with_node())
