"""Connectors: what is wrong with one, what a definition holds of those it names, what is wrong with naming them, what a node runs with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.catalog import ConnectorPublished
from contracts.connectors import CONNECTOR_BYTES_MAX
from contracts.definitions import WorkflowDefinition
from contracts.errors import InvalidDefinition
from domain.connectors.connector_check import canonical_connector, checked_connector, connector_hash, read_pinned
from domain.definition.canonical import canonical, content_hash, load_canonical, published
from domain.definition.compile import compile_definition
from domain.definition.connectors_in_use import connector_problems, with_connectors
from domain.definition.pinned_connectors import PINNED
from domain.expressions.template import Value

GET: dict[str, Any] = {
    "method": "GET",
    "path": "/people/{id}",
    "input": {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer"}, "kind": {"$ref": "#/$defs/Kind"}},
        "additionalProperties": False,
    },
    "parameters": [{"name": "id", "in": "path"}, {"name": "kind", "in": "query"}],
}
CRM: dict[str, Any] = {
    "name": "crm",
    "base_url": "https://crm.example.com/v1",
    "auth": {"key": {"type": "bearer"}},
    "retry": {"max_attempts": 5},
    "actions": {
        "get_person": GET,
        "add_person": {"method": "POST", "path": "/people", "summary": "Adds {{ one }}", "input": {"properties": {"body": {}}},
                       "body": {"media_type": "application/json"}, "auth": [["key"]]},
    },
    "schemas": {"Kind": {"enum": ["a", "b"]}, "Unused": True},
}  # fmt: skip


def problems(document: Any) -> list[tuple[str, str]]:
    try:
        checked_connector(document)
    except InvalidDefinition as error:
        return [(problem.path, problem.rule) for problem in error.problems]
    return []


def crm(**more: Any) -> dict[str, Any]:
    return {**CRM, **more}


def with_action(**more: Any) -> dict[str, Any]:
    return crm(actions={"get_person": {**GET, **more}})


def test_a_connector_that_says_where_its_inputs_stand_is_one() -> None:
    assert problems(CRM) == []


@pytest.mark.parametrize(
    ("document", "place", "rule"),
    [
        (None, "", "not_an_object"),
        ({}, "actions", "missing_field"),
        (crm(name="Crm!"), "name", "pattern"),
        (crm(actions={}), "actions", "out_of_range"),
        (crm(actions={"a b": GET}), "actions.a b", "pattern"),
        (crm(base_url="crm.example.com"), "base_url", "url"),
        (crm(base_url="https://{host}/v1"), "base_url", "url"),
        (crm(base_url="https://ann:pw@crm.example.com"), "base_url", "url"),
        (crm(default_auth=[["kee"]]), "default_auth[0]", "unknown_scheme"),
        (crm(auth={"key": {"type": "api_key", "in": "query"}}), "auth.key", "scheme"),
        (crm(auth={"key": {"type": "bearer", "in": "query", "name": "k"}}), "auth.key", "scheme"),
        (crm(auth={"key": {"type": "digest"}}), "auth.key.type", "wrong_value"),
        (crm(retry_on=["6xx"]), "retry_on[0]", "wrong_value"),
        (crm(action={}), "action", "unknown_field"),
        (with_action(path="/people"), "actions.get_person.path", "path_parameter"),
        (with_action(path="people/{id}"), "actions.get_person.path", "pattern"),
        (with_action(parameters=[{"name": "id", "in": "path", "input": "ids"}]), "actions.get_person.parameters[0].input", "unknown_input"),
        (with_action(body={"media_type": "application/json"}), "actions.get_person.body.input", "unknown_input"),
        (with_action(body={"media_type": "json", "input": "id"}), "actions.get_person.body.media_type", "pattern"),
        (with_action(input={"type": "array"}), "actions.get_person.input.type", "input_schema"),
        (with_action(input={"properties": {"id": {"$ref": "#/x"}}}), "actions.get_person.input.properties.id.$ref", "input_schema"),
        (with_action(output={"$ref": "#/$defs/None"}), "actions.get_person.output.$ref", "input_schema"),
        (with_action(paging={"by": "page"}), "actions.get_person.paging.input", "paging"),
        (with_action(paging={"by": "cursor", "input": "kind"}), "actions.get_person.paging.next", "paging"),
        (with_action(paging={"by": "page", "input": "pag"}), "actions.get_person.paging.input", "unknown_input"),
        (with_action(auth=[["key", "none"]]), "actions.get_person.auth[0]", "unknown_scheme"),
        (with_action(input={**GET["input"], "properties": {**GET["input"]["properties"], "x": {"enum": ["y" * 70_000]}}}),
         "actions.get_person.input", "too_large"),
        (crm(description="x" * 20_001), "description", "out_of_range"),
        (crm(schemas={"Kind": {"enum": ["\ud800"]}}), "", "encoding"),
        (crm(schemas={"Big": {"enum": ["x" * CONNECTOR_BYTES_MAX]}}), "", "too_large"),
        (crm(schemas={"n": 1e400}), "schemas.n", "number"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_connector_is_told_with_its_place(document: Any, place: str, rule: str) -> None:
    assert (place, rule) in problems(document)


# In definitions


def record(document: dict[str, Any] = CRM, version: int = 1) -> ConnectorPublished:
    content = canonical_connector(checked_connector(document))
    return ConnectorPublished(document["name"], version, connector_hash(content), content, 0)


KEPT = {"crm": [record(), record(crm(base_url="https://two.example.com"), 2)]}


def find(name: str, version: int | None = None) -> ConnectorPublished | None:
    versions = KEPT.get(name, [])
    wanted = len(versions) if version is None else version
    return versions[wanted - 1] if 0 < wanted <= len(versions) else None


def definition(*configs: dict[str, Any], **more: Any) -> WorkflowDefinition:
    nodes = [{"id": f"n{i}", "type": "connector", "config": config, **more} for i, config in enumerate(configs)]
    return WorkflowDefinition.model_validate({"name": "w", "nodes": nodes})


def told(config: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.path.removeprefix("nodes[0].config."), one.rule) for one in connector_problems(definition(config), find, list(KEPT))]


GOOD: dict[str, Any] = {"connector": "crm", "action": "get_person", "input": {"id": 7}}


@pytest.mark.parametrize(
    ("config", "found"),
    [
        (GOOD, []),
        ({**GOOD, "input": {"id": "{{ data.id }}", "kind": "{{ data.kind }}"}}, []),
        ({**GOOD, "input": None}, []),
        ({"connector": "crm", "action": "add_person", "credential": "c"}, []),
        ({**GOOD, "connector": "crn"}, [("connector", "unknown_connector")]),
        ({**GOOD, "version": 3}, [("version", "unknown_connector")]),
        ({**GOOD, "action": "get_persons"}, [("action", "unknown_action")]),
        ({**GOOD, "connector": "{{ input.x }}"}, [("connector", "template")]),
        ({**GOOD, "action": "{{ input.x }}"}, [("action", "template")]),
        ({**GOOD, "input": {"id": "seven"}}, [("input.id", "input")]),
        ({**GOOD, "input": {"id": 7, "kind": "c"}}, [("input.kind", "input")]),
        ({**GOOD, "input": {}}, [("input", "missing_input")]),
        ({**GOOD, "input": {"id": 7, "kindd": "a"}}, [("input.kindd", "unknown_input")]),
        ({**GOOD, "pages": 3}, [("pages", "paging")]),
        ({"connector": "crm", "action": "add_person"}, [("credential", "missing_field")]),
    ],
)
def test_a_node_that_names_what_is_not_there_or_gives_what_does_not_fit_is_told(config: Any, found: Any) -> None:
    assert told(config) == found


def test_what_was_meant_is_said() -> None:
    fixes = [
        connector_problems(definition(config), find, ["crm"])[0].fix
        for config in ({**GOOD, "connector": "crn"}, {**GOOD, "action": "get_persn"}, {**GOOD, "input": {"id": 1, "kidn": 1}})
    ]
    assert fixes == ["did you mean `crm`?", "did you mean `get_person`?", "did you mean `kind`?"]


def test_publishing_pins_what_the_nodes_need_and_nothing_else() -> None:
    pinned = with_connectors(definition(GOOD, {**GOOD, "version": 1}, {"connector": "crm", "action": "nobody"}), find)
    assert sorted(pinned.connectors) == ["crm/get_person", "crm@1/get_person"]
    latest = pinned.connectors["crm/get_person"]
    assert (latest.version, latest.hash) == (2, KEPT["crm"][1].hash)
    action = read_pinned(latest.content)
    assert (action.base_url, action.auth, action.retry and action.retry.max_attempts) == ("https://two.example.com", {}, 5)
    assert action.action.input["$defs"] == {"Kind": {"enum": ["a", "b"]}}
    assert content_hash(published(pinned)) != content_hash(published(with_connectors(pinned, lambda name, version: find(name, 1))))
    assert load_canonical(canonical(published(pinned))) == published(pinned)
    assert with_connectors(pinned, lambda name, version: None).connectors == {}
    plain = WorkflowDefinition.model_validate({"name": "w", "nodes": [{"id": "n", "type": "noop"}]})
    assert with_connectors(plain, find) is plain


def test_a_node_has_the_action_that_it_runs_and_reads_no_template_in_it() -> None:
    config = {"connector": "crm", "action": "add_person", "credential": "c", "input": {"body": "{{ data }}"}}
    node = compile_definition(with_connectors(definition(config), find)).nodes[0]
    assert isinstance(node.template, Value)
    filled: Any = node.template.render({"data": {"a": 1}})
    assert filled["input"] == {"body": {"a": 1}}
    assert json.loads(filled[PINNED])["content"]["action"]["summary"] == "Adds {{ one }}"


@pytest.mark.parametrize(
    ("action", "more", "attempts"),
    [("get_person", {}, 5), ("get_person", {"retry": {"max_attempts": 2}}, 2), ("add_person", {}, None)],
)
def test_what_may_be_sent_twice_is_tried_as_often_as_the_connector_says(action: str, more: Any, attempts: int | None) -> None:
    node = compile_definition(with_connectors(definition({**GOOD, "action": action}, **more), find)).nodes[0]
    assert (None if node.retry is None else node.retry.max_attempts) == attempts


def test_a_compensation_may_run_an_action() -> None:
    written = {"id": "n", "type": "noop", "compensate": {"type": "connector", "config": {**GOOD, "input": {"id": "x"}}}}
    whole = WorkflowDefinition.model_validate({"name": "w", "nodes": [written]})
    assert [one.path for one in connector_problems(whole, find, ["crm"])] == ["nodes[0].compensate.config.input.id"]
    node = compile_definition(with_connectors(whole, find)).nodes[0]
    assert node.compensate is not None
    assert (PINNED in node.undo_written, node.compensate_retry is not None) == (True, True)


# As tools


def agent(config: dict[str, Any], **more: Any) -> dict[str, Any]:
    helper = {"id": "helper", "type": "agent", "config": {"model": "openai:a", "input": "x"}}
    node = {"id": "get", "type": "connector", "config": config, **more}
    edges = [{"from": "get", "to": "helper", "type": "ai_tool"}]
    whole = WorkflowDefinition.model_validate({"name": "w", "nodes": [helper, node], "edges": edges})
    graph = compile_definition(with_connectors(whole, find))
    agency = graph.nodes[0].agency
    assert agency is not None
    (found,) = json.loads(agency.told)
    return dict(found)


def test_the_schema_of_an_action_is_that_of_the_tools_arguments() -> None:
    found = agent({"connector": "crm", "action": "get_person"})
    assert (found["name"], found["parameters"]["required"], found["parameters"]["$defs"]) == ("get", ["id"], {"Kind": {"enum": ["a", "b"]}})
    assert agent({"connector": "crm", "action": "add_person", "credential": "c"})["description"] == "Adds {{ one }}"
    own = {"type": "object", "properties": {"who": {"type": "integer"}}}
    found = agent({**GOOD, "input": {"id": "{{ data.who }}"}}, tool={"parameters": own, "description": "own"})
    assert (found["parameters"], found["description"]) == (own, "own")
    assert agent(GOOD)["parameters"] == {"type": "object"}
