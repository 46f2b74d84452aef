"""Validating: the rules about edges, names, bodies and calls, where a list of invalid documents is not enough."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel, field_validator, model_validator

from contracts.definitions import NESTING_MAX, NODES_MAX
from contracts.errors import InvalidDefinition
from domain.definition.calls_check import calls_without_guard
from domain.definition.findings import PROBLEMS_MAX
from domain.definition.validate import check, publishable
from tests.domain.definition.definition_samples import ACTIVITIES


def node(name: str, kind: str = "noop", **fields: Any) -> dict[str, Any]:
    return {"id": name, "type": kind, **fields}


def edge(source: str, target: str, **fields: Any) -> dict[str, Any]:
    return {"from": source, "to": target, **fields}


def workflow(nodes: Sequence[object], edges: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    return {"name": "demo", "nodes": nodes, "edges": edges or [], **fields}


def rules_of(document: Any, strict_kinds: bool = True, activities: Any = ACTIVITIES) -> list[tuple[str, str]]:
    return [(problem.path, problem.rule) for problem in check(document, activities, strict_kinds).problems]


def body(*nodes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"nodes": list(nodes), **fields}


# Documents that come from a program, not from a text.


@pytest.mark.parametrize(
    "document", [None, [], "x", 1, {"name": "a"}, {"name": "a", "nodes": None}, {"name": "a", "nodes": [None]}, {1: 2}]
)
def test_whatever_is_given_has_a_problem_and_never_breaks(document: Any) -> None:
    problems = check(document, ACTIVITIES).problems
    assert problems
    assert all(problem.message and problem.fix for problem in problems)


def test_a_definition_comes_only_without_problems() -> None:
    assert check(workflow([node("a")]), ACTIVITIES).definition is not None
    assert check(workflow([node("a"), node("a")]), ACTIVITIES).definition is None
    with pytest.raises(InvalidDefinition):
        publishable(workflow([]), ACTIVITIES)


def test_the_document_is_left_as_it_was() -> None:
    document = workflow([node("a", retry={"max_attempts": "x"}, extra=1), 7], [{"from": 1}])
    before = repr(document)
    check(document, ACTIVITIES)
    assert repr(document) == before


def test_an_input_is_for_activities_and_its_expressions_are_checked() -> None:
    assert rules_of(workflow([node("a", input={"v": "{{ input.v }}"})])) == []
    assert rules_of(workflow([node("a", "delay", config={"for": "1s"}, input=None)])) == [("nodes[0].input", "only_for_activities")]
    assert [path for path, _ in rules_of(workflow([node("a", input={"v": "{{ nodes.b.output }}"})]))] == ["nodes[0].input.v"]


# Limits.


def test_the_number_of_nodes_has_a_limit_over_all_bodies() -> None:
    nodes = [node(f"n{number}") for number in range(NODES_MAX)]
    assert rules_of(workflow(nodes)) == []
    assert rules_of(workflow([*nodes, node("more")])) == [("nodes", "too_large")]
    loop = node("loop", "repeat", config={"times": 1, "body": body(*nodes)})
    assert rules_of(workflow([loop])) == [("nodes", "too_large")]


def test_bodies_are_nested_up_to_a_limit() -> None:
    inner = body(node("x"))
    for _ in range(NESTING_MAX - 1):
        inner = body(node("x", "try", config={"body": inner}))
    assert rules_of(workflow(inner["nodes"])) == []
    ((path, rule),) = rules_of(workflow([node("x", "try", config={"body": inner})]))
    assert rule == "too_deep"
    assert path.count("config.body") == NESTING_MAX


def test_the_number_of_problems_told_has_a_limit() -> None:
    problems = check(workflow([node(f"n{number}", "nowhere_to_be_found") for number in range(PROBLEMS_MAX + 5)]), ACTIVITIES).problems
    assert len(problems) == PROBLEMS_MAX + 1
    assert problems[-1].rule == "more_problems"
    assert "5 more" in problems[-1].message


def test_a_value_nested_too_deep_is_refused_before_anything_walks_into_it() -> None:
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    assert rules_of(workflow([node("a", "log", config={"message": deep})])) == [("", "too_deep")]


# Kinds and configs.


def test_an_unknown_kind_is_an_activity_where_kinds_are_not_strict() -> None:
    document = workflow([node("a", "mine"), node("b")], [edge("a", "b")])
    assert rules_of(document) == [("nodes[0].type", "unknown_kind")]
    assert rules_of(document, strict_kinds=False) == []
    assert rules_of(workflow([node("a", "mine"), node("b")], [edge("a.x", "b")]), strict_kinds=False) == [("edges[0].from", "bad_port")]


class Strict(BaseModel):
    number: int

    @field_validator("number")
    @classmethod
    def _odd(cls, number: int) -> int:
        if number % 2 == 0:
            raise ValueError("expected an odd number")
        return number

    @model_validator(mode="after")
    def _breaks(self) -> "Strict":
        if self.number == 13:
            raise RuntimeError("thirteen")
        return self


@pytest.mark.parametrize(
    ("number", "rules"), [(3, []), (2, ["config"]), (13, ["config"]), ("{{ input.n }}", []), ("3", []), (None, ["wrong_type"])]
)
def test_a_users_own_model_is_asked_and_may_break(number: Any, rules: list[str]) -> None:
    found = rules_of(workflow([node("a", "odd", config={"number": number})]), activities={"odd": Strict})
    assert [rule for _, rule in found] == rules


def test_templates_deep_inside_a_config_excuse_only_what_they_stand_in() -> None:
    class Deep(BaseModel):
        rows: list[dict[str, int]]

    good = {"rows": [{"a": 1, "b": "{{ input.b }}"}]}
    bad = {"rows": [{"a": "x", "b": "{{ input.b }}"}]}
    assert rules_of(workflow([node("a", "deep", config=good)]), activities={"deep": Deep}) == []
    assert rules_of(workflow([node("a", "deep", config=bad)]), activities={"deep": Deep}) == [("nodes[0].config.rows[0].a", "wrong_type")]


def test_a_template_may_stand_for_a_count_or_a_duration() -> None:
    loop = node("a", "repeat", config={"times": "{{ input.n }}", "body": body(node("x"))})
    assert rules_of(workflow([loop, node("b", "delay", config={"for": "{{ input.wait }}"})])) == []


# Edges.


def test_error_edges_may_leave_any_node_and_others_only_by_its_ports() -> None:
    for kind in ("end", "fail", "noop", "start"):
        assert rules_of(workflow([node("a", kind), node("b")], [edge("a.error", "b")])) == []
    assert rules_of(workflow([node("a", "end"), node("b")], [edge("a", "b")])) == [("edges[0].from", "bad_port")]


def test_a_back_edge_that_closes_a_cycle_is_good() -> None:
    nodes = [node("a"), node("b"), node("c")]
    forward = [edge("a", "b"), edge("b", "c")]
    assert rules_of(workflow(nodes, [*forward, edge("c", "a", back=True, max_iterations=3)])) == []
    assert rules_of(workflow(nodes, [*forward, edge("b", "b", back=True)])) == []


def test_a_cycle_is_told_by_its_nodes() -> None:
    nodes = [node("before"), node("a"), node("b"), node("c")]
    (problem,) = check(workflow(nodes, [edge("before", "a"), edge("a", "b"), edge("b", "c"), edge("c", "a")]), ACTIVITIES).problems
    assert "a → b → c → a" in problem.message
    assert "back: true" in problem.fix


def test_a_long_cycle_is_found_without_recursion() -> None:
    nodes = [node(f"n{number}") for number in range(3_000)]
    edges = [edge(f"n{number}", f"n{(number + 1) % 3_000}") for number in range(3_000)]
    assert [rule for _, rule in rules_of(workflow(nodes, edges))] == ["unmarked_cycle"]


def test_one_bad_id_does_not_make_its_edges_bad() -> None:
    assert rules_of(workflow([node("A-1"), node("b")], [edge("A-1", "b")])) == [("nodes[0].id", "pattern")]


@pytest.mark.parametrize(
    "choose",
    [
        node("a", "switch", config={"all_matches": True, "cases": [{"when": True, "port": "x"}, {"when": True, "port": "y"}]}),
        node(
            "a",
            "transform",
            config={"operation": "split", "items": [1], "cases": [{"when": True, "port": "x"}, {"when": True, "port": "y"}]},
        ),
    ],
)
def test_a_join_of_ports_that_can_be_left_together_is_good(choose: dict[str, Any]) -> None:
    document = workflow([choose, node("b", join={"count": 2}), node("e")], [edge("a.x", "b"), edge("a.y", "b"), edge("a.error", "e")])
    assert rules_of(document) == []


def test_a_join_with_enough_edges_besides_a_choice_is_good() -> None:
    choose = node("a", "condition", config={"expression": "input.x"})
    join = node("j", join={"count": 2})
    assert rules_of(workflow([choose, node("b"), join], [edge("a.true", "j"), edge("a.false", "j"), edge("b", "j")])) == []


# Names.


def test_inner_bodies_see_the_nodes_and_variables_around() -> None:
    inner = node("x", "log", config={"message": "{{ nodes.a.output }} {{ vars.v }} {{ iteration.item }}"})
    loop = node("l", "for_each", config={"items": [1], "body": body(inner)})
    assert rules_of(workflow([node("a"), loop], [edge("a", "l")], variables={"v": 1})) == []


def test_a_variable_may_be_declared_by_setting_it_in_the_iteration() -> None:
    setting = node("s", "set_variable", config={"name": "v", "value": 1, "scope": "loop"})
    guarded = node("t", "try", config={"body": body(setting)})
    reading = node("r", "log", config={"message": "{{ vars.v }}"})
    loop = node("l", "repeat", config={"times": 1, "body": body(guarded, reading)})
    assert rules_of(workflow([loop])) == []
    assert rules_of(workflow([loop, reading])) == [("nodes[1].config.message", "unknown_variable")]


def test_variables_of_macros_are_nobodys_business() -> None:
    assert rules_of(workflow([node("a", "condition", config={"expression": "input.list.exists(item, item > 1)"})])) == []


def test_error_reaches_all_that_is_behind_an_error_edge_and_inside_it() -> None:
    inner = node("x", "log", config={"message": "{{ error.type }}"})
    nodes = [node("a"), node("b"), node("c", "try", config={"body": body(inner)}), node("d", when="error.type == 'x'")]
    edges = [edge("a.error", "b"), edge("b", "c"), edge("a", "d")]
    assert rules_of(workflow(nodes, edges)) == [("nodes[3].when", "name_not_here")]


def test_executions_are_not_limited_by_a_secret_that_is_another_text_for_each() -> None:
    login = {"type": "object", "properties": {"user": {"type": "string"}, "password": {"type": "string", "writeOnly": True}}}
    schema = {"type": "object", "properties": {"login": {"$ref": "#/$defs/login"}}, "$defs": {"login": login}}

    def rules(key: str) -> list[tuple[str, str]]:
        return rules_of(workflow([node("a")], input=schema, settings={"concurrency": {"key": key, "limit": 1}}))

    for key in ("input.login.password", "input['login'].user + input.login.password"):
        assert rules(key) == [("settings.concurrency.key", "secret")]
    for key in ("input.login.user", "execution.id", "input.login.other", "string(has(input.login.password))"):
        assert rules(key) == []


def test_nothing_is_searched_by_a_secret_but_whether_it_was_given() -> None:
    schema = {"type": "object", "properties": {"user": {"type": "string"}, "password": {"type": "string", "writeOnly": True}}}

    def rules(source: str) -> list[tuple[str, str]]:
        return rules_of(workflow([node("a")], input=schema, settings={"search": {"by": source}}))

    assert rules("input.password") == rules("input.user + input['password']") == [("settings.search.by", "secret")]
    assert rules("input.user") == rules("has( input.password)") == []


SECRET = {"type": "string", "writeOnly": True}
KEYS = {"type": "object", "properties": {
    "keys": {"type": "array", "items": SECRET}, "which": {"type": "integer"}, "pin": SECRET,
    "logins": {"type": "array", "items": {"type": "object", "properties": {"user": {"type": "string"}, "password": SECRET}}},
}}  # fmt: skip


@pytest.mark.parametrize(
    "source",
    [
        "input.keys[0]", "input['keys'][input.which]", "input.keys.exists(one, one == 'x')", "input.logins[0].password",
        "input.logins.map(one, one.password)[0]", "input.logins.exists(i, one, one.password == 'x')", "input.keys == ['a']",
        "cel.bind(all, input.logins, all[0].password)", "[1, 2][size(input.pin) + int(input.pin)]", "input[?'pin'].orValue('')",
    ],
)  # fmt: skip
def test_nothing_is_searched_by_an_item_that_is_secret(source: str) -> None:
    search = workflow([node("a")], input=KEYS, settings={"search": {"by": source}})
    assert rules_of(search) == [("settings.search.by", "secret")]


@pytest.mark.parametrize(
    "source",
    [
        "size(input.keys)", "input.keys.size()", "input.logins[0].user", "input.logins.map(one, one.user)[0]",
        "has(input.logins[0].password)", "input.logins.exists(input, input.user == 'x')",
        "cel.bind(pin, input.which, pin + 1)", "[1].exists(keys, keys == 1)",
        "input.logins.map(password, password.user)[0]",
    ],
)  # fmt: skip
def test_how_many_secrets_there_are_and_what_is_beside_them_may_be_searched_by(source: str) -> None:
    search = workflow([node("a")], input=KEYS, settings={"search": {"by": source}})
    assert rules_of(search) == []


@pytest.mark.parametrize(("after", "found"), [(None, "null"), ("import", "the text `import`"), (7, "the number 7")])
def test_what_is_no_list_is_told_that_one_without_a_list_will_do(after: Any, found: str) -> None:
    (problem,) = check(workflow([node("a")], settings={"after": after}), ACTIVITIES).problems
    assert (problem.path, problem.rule) == ("settings.after", "wrong_type")
    assert problem.message.startswith(f"`after`: expected an object, or a list of objects, found {found}")


def test_the_error_handler_sees_the_workflows_variables() -> None:
    handler = body(node("t", "set_variable", config={"name": "v", "value": "{{ error.type }}"}))
    assert rules_of(workflow([node("a")], variables={"v": 1}, settings={"on_error": handler})) == []


# Calls.


def call(name: str = "demo", **fields: Any) -> dict[str, Any]:
    return node("me", "sub_workflow", config={"workflow": name}, **fields)


@pytest.mark.parametrize(
    "document",
    [
        workflow([call(when="input.n > 0")]),
        workflow([node("c", "condition", config={"expression": "input.x"}), call()], [edge("c.true", "me")]),
        workflow([node("a"), call()], [edge("a", "me", when="input.x")]),
        workflow([node("a"), call()], [edge("a.error", "me")]),
        workflow([node("l", "for_each", config={"items": "input.list", "body": body(call())})]),
        workflow([node("t", "try", config={"body": body(node("a")), "catch": [{"body": body(call())}]})]),
        workflow([call("{{ input.next }}")]),
        workflow([call("another")]),
    ],
)
def test_a_call_of_itself_behind_a_choice_is_good(document: dict[str, Any]) -> None:
    assert rules_of(document) == []


def test_calls_in_any_case_are_listed_for_cycles_over_several_workflows() -> None:
    nodes = [call("first"), node("p", "parallel", config={"branches": {"l": body({**call("second"), "id": "x"})}})]
    nodes += [{**call("third", when="input.x"), "id": "y"}, {**call("{{ input.x }}"), "id": "z"}]
    assert calls_without_guard(publishable(workflow(nodes), ACTIVITIES)) == {"first", "second"}


WAIT = node("w", "wait_signal", config={"name": "go"})


def told(*given: Any) -> list[tuple[str, str, str]]:
    return [(problem.path, problem.rule, problem.fix) for problem in check(workflow(*given), ACTIVITIES).problems]


def test_an_edge_without_a_port_is_told_all_ports_that_it_may_mean() -> None:
    fix = "write `w.received`, `w.timeout` or `w.error`"
    assert told([WAIT, node("n")], [edge("w", "n")]) == [("edges[0].from", "bad_port", fix)]


def test_a_port_that_is_misspelt_is_told_the_nearest() -> None:
    assert told([WAIT, node("n")], [edge("w.recieved", "n")]) == [("edges[0].from", "bad_port", "did you mean `received`?")]


def test_an_edge_to_nowhere_is_told_though_its_source_cannot_be_read() -> None:
    found = rules_of(workflow([node("a")], [edge("a b", "nowhere")]))
    assert found == [("edges[0].from", "pattern"), ("edges[0].to", "unknown_node")]


@pytest.mark.parametrize("name", ["a.compensate", "p.left", "p.left/n.compensate"])
def test_what_is_cancelled_is_a_node_and_no_body_or_undoing(name: str) -> None:
    left = {"nodes": [node("n"), node("m")]}
    nodes = [
        node("a", compensate={"type": "noop"}),
        node("p", "parallel", config={"branches": {"left": left, "right": left}}),
        node("k", "cancel", config={"nodes": ["a", "p.left/n", name]}),
    ]
    assert rules_of(workflow(nodes)) == [("nodes[2].config.nodes[2]", "unknown_node")]


@pytest.mark.parametrize("kind", ["fail", "end"])
def test_a_kind_without_a_port_cannot_go_on_after_a_failure(kind: str) -> None:
    assert rules_of(workflow([node("f", kind, on_error="continue")])) == [("nodes[0].on_error", "nothing_to_continue")]


@pytest.mark.parametrize("place", ["input", "input.properties.a"])
def test_an_enum_that_nothing_can_be_one_of_is_refused(place: str) -> None:
    inner: dict[str, Any] = {"enum": []}
    schema = inner if place == "input" else {"properties": {"a": inner}}
    (problem,) = check(workflow([node("a")], input=schema), ACTIVITIES).problems
    assert (problem.path, problem.rule) == (f"{place}.enum", "input_schema")
