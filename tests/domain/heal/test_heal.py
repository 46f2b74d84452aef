"""Healing, the pure part: patches are as small as can be, kinds are what is changed and not what is said, rules suggest what helps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.commands import Command, CreateExecution, Envelope, ResolveIncident
from contracts.definitions import WorkflowDefinition
from contracts.usage import Allowance
from domain.definition.difference import changes_between
from domain.definition.document import parse_document
from domain.definition.validate import check
from domain.execution.moves.healing import heal_id, models_asked
from domain.execution.react import commands_for_others, react
from domain.heal.patch import CannotPatch, FieldEdit, TextEdit, node_at, place_in, replaced, with_field
from domain.heal.rules import suggestions
from domain.heal.suggestion import SCHEMA, kind_of, name_of, suggestion_in
from domain.heal.table import table_of
from infra.server.system import system_definition
from tests.domain.spec import Spec

TEXT = """\
# what we sell
name: order
nodes:
  - id: fan
    type: parallel
    config:
      branches:
        left: {nodes: [{id: n, type: noop}]} # left
        right:
          nodes:
            - id: n
              type: http_request # pays
              retry:
                max_attempts: 2   # was 1
                initial_delay: 1s
              config: {url: "http://é", method: POST}
  - {id: each, type: for_each, config: {items: [1], body: {nodes: [{id: calc, type: noop, timeout: 30s}]}}}
  - id: guard
    type: try
    config:
      body: {nodes: [{id: n, type: noop}]}
      catch: [{errors: "*", body: {nodes: [{id: rescue, type: noop}]}}]
"""


def edited(path: str, field: str, value: Any, text: str = TEXT) -> list[tuple[str, str]]:
    """The lines that were removed, and those in their place."""
    after = with_field(text, "yaml", FieldEdit(path, field, value))
    old, new = text.splitlines(), after.splitlines()
    return [(line, "") for line in old if line not in new] + [("", line) for line in new if line not in old]


def test_a_field_is_put_into_the_node_of_that_path_and_comments_stay() -> None:
    assert edited("each/calc", "retry", {"max_attempts": 3}) == [
        ("  - {id: each, type: for_each, config: {items: [1], body: {nodes: [{id: calc, type: noop, timeout: 30s}]}}}", ""),
        (
            "",
            "  - {id: each, type: for_each, config: {items: [1], body: {nodes: "
            "[{id: calc, type: noop, retry: {max_attempts: 3}, timeout: 30s}]}}}",
        ),
    ]  # fmt: skip
    assert edited("fan.right/n", "timeout", "2m") == [("", "              timeout: 2m")]
    assert edited("guard.catch[0]/rescue", "timeout", "2m")[1][1].endswith(
        "{id: rescue, type: noop, timeout: 2m}]}}]".replace("}]}}]", "}]}}]")
    )


def test_a_map_is_merged_into_the_one_there_entry_by_entry() -> None:
    assert edited("fan.right/n", "retry", {"max_attempts": 5, "multiplier": 2}) == [
        ("                max_attempts: 2   # was 1", ""),
        ("", "                max_attempts: 5   # was 1"),
        ("", "                multiplier: 2"),
    ]


def test_settings_are_begun_where_there_are_none() -> None:
    after = with_field(TEXT, "yaml", FieldEdit("", "timeout", "2h"))
    assert parse_document(after, "yaml")["settings"] == {"timeout": "2h"}
    assert after.startswith("# what we sell\nname: order\n")


def test_json_stays_json() -> None:
    text = json.dumps({"name": "w", "nodes": [{"id": "a", "type": "noop", "timeout": "30s"}]}, indent=1)
    after = with_field(with_field(text, "json", FieldEdit("a", "timeout", "1m")), "json", FieldEdit("a", "retry", {"max_attempts": 3}))
    assert json.loads(after)["nodes"] == [{"id": "a", "type": "noop", "timeout": "1m", "retry": {"max_attempts": 3}}]


@pytest.mark.parametrize(
    "text",
    [
        "name: w\nnodes: [&n {id: a, type: noop}, {id: b, type: noop, config: *n}]\n",
        "name: w\nnodes:\n  - &n {id: a, type: noop}\n  - {id: b, type: noop, config: {x: *n}}\n",
    ],
)
def test_what_would_change_more_than_was_meant_is_refused(text: str) -> None:
    with pytest.raises(CannotPatch, match="cannot be set in the text as it is written"):
        with_field(text, "yaml", FieldEdit("a", "timeout", "1m"))


def test_a_path_of_a_turn_leads_to_the_agent_and_one_of_nothing_nowhere() -> None:
    document = {"nodes": [{"id": "helper", "type": "agent"}]}
    assert place_in(document, "helper[2]/call[0]/refund") == "helper"
    assert place_in(document, "gone/x") is None
    assert (node_at(document, "helper") or {})["type"] == "agent"


@pytest.mark.parametrize("find", ["", "nothing of the kind", "noop"])
def test_a_text_to_find_stands_there_exactly_once(find: str) -> None:
    with pytest.raises(CannotPatch, match="once"):
        replaced(TEXT, [TextEdit(find, "x")])


def canonical(**node: Any) -> bytes:
    return json.dumps({"name": "w", "nodes": [{"id": "a", "type": "noop", **node}], "edges": []}).encode()


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ({}, {}, "retry"),
        ({}, {"retry": {"max_attempts": 3}}, "retry"),
        ({"timeout": "1s"}, {"timeout": "2s"}, "timeout"),
        ({"config": {"timeout": "1s"}}, {"config": {"timeout": "2s"}}, "timeout"),
        ({"config": {"url": "a"}}, {"config": {"url": "b"}}, "config"),
        ({"retry": {"max_attempts": 3}}, {"retry": {"max_attempts": 4}, "config": {"x": 1}}, "config"),
        ({}, {"when": "false", "retry": {"max_attempts": 3}}, "definition"),
        ({}, {"id": "b"}, "definition"),
    ],
)
def test_the_kind_is_what_is_changed(before: dict[str, Any], after: dict[str, Any], kind: str) -> None:
    assert kind_of(changes_between(canonical(**before), canonical(**after))) == kind


def test_settings_are_a_kind_of_their_own_by_name() -> None:
    def of(**settings: Any) -> bytes:
        return json.dumps({"name": "w", "settings": settings, "nodes": [], "edges": []}).encode()

    assert kind_of(changes_between(of(timeout="1h"), of(timeout="2h"))) == "timeout"
    assert kind_of(changes_between(of(budget={"usd": 1}), of(budget={"usd": 9}))) == "definition"


def test_a_suggestion_is_known_again_by_what_it_changes() -> None:
    one, other = (changes_between(canonical(), canonical(retry={"max_attempts": n})) for n in (3, 4))
    assert name_of("w", "a", "http.503", one) == name_of("w", "b", "http.500", one)
    assert len({name_of("w", "a", "http.503", found) for found in (one, other, [])}) == 3
    assert name_of("w", "a", "http.503", []) != name_of("w", "a", "http.500", [])


def suggested(error: str, settings: dict[str, Any] | None = None, **node: Any) -> list[list[tuple[str, str, Any]]]:
    whole = {"id": "a", "type": "noop", **node}
    definition = WorkflowDefinition.model_validate({"name": "w", "nodes": [whole], "settings": settings or {}})
    return [[tuple(edit) for edit in one.fields] for one in suggestions(definition, "a", whole, error)]


@pytest.mark.parametrize(
    ("error", "node", "first"),
    [
        ("timeout.start_to_close", {"timeout": "1h30m"}, [("a", "timeout", "3h")]),
        ("timeout.heartbeat", {"timeouts": {"heartbeat": "250ms"}}, [("a", "timeouts", {"heartbeat": "500ms"})]),
        ("http.timeout", {"config": {"timeout": "30s"}}, [("a", "config", {"timeout": "1m"})]),
        ("http.503", {}, [("a", "retry", {"max_attempts": 3, "initial_delay": "1s", "multiplier": 2})]),
        ("http.503", {"retry": {"max_attempts": 10}}, []),
        ("ai.rate_limit", {}, [("a", "retry", {"max_attempts": 6, "initial_delay": "2s", "multiplier": 2, "max_delay": "1m"})]),
    ],
)
def test_rules_suggest_more_time_or_more_attempts(error: str, node: dict[str, Any], first: Any) -> None:
    assert suggested(error, **node)[0] == first


def test_rules_suggest_nothing_where_somebody_has_to_think() -> None:
    for error in ("expression", "order.refused", "ai.budget", "http.404", "child.failed"):
        assert suggested(error) == []
    assert suggested("timeout.workflow", {"timeout": "1h"}) == [[("", "timeout", "2h")]]


def test_the_table_says_what_becomes_of_each() -> None:
    def one(name: str, verdict: str, before: str, after: str | None, new: bool = False) -> dict[str, Any]:
        end = {"outcome": None, "error": None}
        then = None if after is None else {"status": after, **end}
        calls = [{"path": "pay", "name": "http_request", "why": "never_asked"}] if new else []
        return {
            "execution_id": name,
            "verdict": verdict,
            "before": {"status": before, **end},
            "after": then,
            "new_calls": calls,
            "reason": "why",
        }

    rows = [
        one("a", "outcome", "failed", "completed"), one("b", "new_calls", "incident", "running", True),
        one("c", "path", "completed", "completed"),
        one("d", "output", "completed", "completed"), one("e", "not_decided", "completed", None), one("f", "path", "failed", "failed"),
        one("g", "path", "incident", "running"),
    ]  # fmt: skip
    found = table_of({"compared": 10, "executions": rows})
    assert {name: found[name] for name in ("compared", "fixed", "goes_on", "unchanged", "broken")} == {
        "compared": 10, "fixed": 1, "goes_on": 2, "unchanged": 5, "broken": 2,
    }  # fmt: skip
    assert [(row["execution_id"], row["is"]) for row in found["rows"]] == [
        ("a", "fixed"), ("b", "goes_on"), ("d", "broken"), ("e", "broken"), ("g", "goes_on"),
    ]  # fmt: skip


def test_a_model_is_asked_for_what_is_read() -> None:
    asked = [node.config["schema"] for node in system_definition("refold.heal").nodes if node.type == "llm"]
    assert asked == [SCHEMA, SCHEMA]
    said = {"kind": "config", "reason": "r" * 9_000, "risk": "high", "edits": [{"find": "a", "replace": "b"}]}
    found = suggestion_in(said)
    assert found is not None
    assert (len(found.reason), found.texts) == (2_000, (TextEdit("a", "b"),))
    assert suggestion_in({**said, "kind": "none"}) is None


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"heal": {}}, []),
        ({"heal": {"model": "careful", "budget": {"usd": 1}}, "models": {"careful": {"use": "openai:gpt-5-mini"}}}, []),
        ({"heal": {"model": "carefull"}, "models": {"careful": {"use": "openai:gpt-5-mini"}}}, [("settings.heal.model", "unknown_model")]),
        ({"heal": {"model": "cohere:x"}}, [("settings.heal.model", "unknown_model")]),
        ({"heal": {"auto": ["all"]}}, [("settings.heal.auto[0]", "wrong_value")]),
        ({"heal": {"per_day": -1}}, [("settings.heal.per_day", "out_of_range")]),
        ({"heal": {"budget": {"tokens": 9}}}, [("settings.heal.budget", "budget")]),
        (
            {"heal": {"model": "own", "budget": {"usd": 1}}, "models": {"own": {"use": "openai:x", "base_url": "http://127.0.0.1:1"}}},
            [("settings.heal.budget.usd", "budget")],
        ),
    ],
)
def test_what_cannot_heal_is_told_when_it_is_published(settings: dict[str, Any], found: list[tuple[str, str]]) -> None:
    document = {"name": "w", "settings": settings, "nodes": [{"id": "a", "type": "noop"}]}
    problems = [(problem.path, problem.rule) for problem in check(document, {"noop": None}).problems]
    assert problems == found


STOPS = [{"id": "a", "type": "fail", "config": {"type": "order.refused", "message": "no"}}]


def called_for(settings: dict[str, Any], command: Command | None = None) -> list[tuple[str, str]]:
    """The heals that the last decision of an execution calls for, that fails: their ids, and what of."""
    spec = Spec({"name": "w", "settings": settings, "nodes": STOPS})
    if command is not None:
        spec.given(command)
    state, decision = spec.state, spec.subject.decisions[-1]
    found = commands_for_others(spec.subject.graph, state, decision)
    assert found == [one for one in react(spec.subject.graph, state, decision) if isinstance(one, Envelope)]
    made = [(one.execution, one.command) for one in found if isinstance(one.command, CreateExecution)]
    assert all(command.workflow == "refold.heal" and command.parent is None for _, command in made)
    return [(name, json.loads(command.input)["about"]) for name, command in made]


def test_a_failure_calls_for_a_heal_by_an_id_of_its_own_where_the_definition_says_so() -> None:
    assert called_for({}) == called_for({"on_failure": "fail"}) == []
    assert called_for({"heal": {}}) == [(heal_id("x", "1"), "1")]
    assert called_for({"heal": {}, "on_failure": "fail"}) == [(heal_id("x", "failed"), "failed")]
    assert called_for({"heal": {}}, ResolveIncident("1", "fail")) == []  # a person has let it fail
    assert len({heal_id("x", "1"), heal_id("x", "failed"), heal_id("x", "1", 1), heal_id("y", "1")}) == 4


def test_a_heal_is_told_the_models_that_a_name_stands_for_and_what_they_may_use() -> None:
    models = {"careful": {"use": ["openai:a", "ollama:b"], "max_tokens": 77, "credential": "main"}}
    spec = Spec({"name": "w", "settings": {"heal": {"model": "careful", "budget": {"usd": 1}}, "models": models}, "nodes": STOPS})
    (found,) = commands_for_others(spec.subject.graph, spec.state, spec.subject.decisions[-1])
    assert isinstance(found.command, CreateExecution)
    assert found.command.allowance == Allowance(usd=1_000_000_000)
    assert models_asked(found.command) == ("openai:a", "ollama:b")
    assert json.loads(found.command.input)["asks"] == {"credential": "main", "base_url": None, "max_tokens": 77}


@pytest.mark.parametrize("given", [b"null", b"[]", b'{"model": "x"}', b'{"model": [1, null]}', b"{}"])
def test_whoever_starts_a_heal_by_hand_with_anything_breaks_nothing(given: bytes) -> None:
    assert models_asked(CreateExecution("refold.heal", 1, "h", given)) == ()
