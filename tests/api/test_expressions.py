"""Expressions over HTTP: what there is to write them with, and what one gives on what was recorded."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Server

ORDERS: dict[str, Any] = {
    "name": "asked_orders",
    "variables": {"count": 1},
    "nodes": [
        {"id": "price", "type": "transform", "config": {"operation": "map", "items": "input.amounts", "expression": "item * 2"}},
        {"id": "more", "type": "set_variable", "config": {"name": "count", "value": "{{ vars.count + 1 }}"}},
        {"id": "each", "type": "for_each", "config": {
            "items": "input.amounts",
            "body": {
                "nodes": [{"id": "one", "type": "noop"}, {"id": "two", "type": "delay", "config": {"for": "0s"}}],
                "edges": [{"from": "one", "to": "two"}],
            },
        }},
        {"id": "out", "type": "end", "config": {"output": "{{ vars.count }}"}},
        {"id": "never", "type": "noop", "when": "false"},
    ],
    "edges": [
        {"from": "price", "to": "more"}, {"from": "more", "to": "each"}, {"from": "each", "to": "out"}, {"from": "price", "to": "never"},
    ],
}  # fmt: skip
GIVEN = {"amounts": [9007199254740993, 10.5], "who": "Ada"}


def asks(server: Server, execution: str, node: str, *texts: str, **more: Any) -> Any:
    """What expressions give; those with braces are templates."""
    asked = [{"kind": "template" if "{{" in text else "expression", "text": text} for text in texts]
    return server.ask("POST", "/v1/expressions/evaluate", {"execution": execution, "node": node, "expressions": asked, **more})


def found(server: Server, execution: str, node: str, *texts: str, **more: Any) -> list[Any]:
    answer = asks(server, execution, node, *texts, **more)
    assert answer.status == 200, answer.json
    return [one["error"] or one["value"] for one in answer.json["results"]]


def ran(server: Server) -> str:
    server.publish(ORDERS)
    return str(server.start("asked_orders", GIVEN, wait=20)["execution_id"])


def test_functions_are_told_with_how_they_are_called(server: Server) -> None:
    functions = {one["written"]: one for one in server.get("/v1/expressions/functions").json["functions"]}
    assert functions["string.indexOf(string, int?)"]["gives"] == "int"
    assert functions["math.abs(number)"] == {
        "name": "math.abs", "is_method": False, "takes": ["number"], "gives": "number", "written": "math.abs(number)",
        "says": "Without its sign", "group": "numbers",
    }  # fmt: skip


def test_an_expression_sees_what_its_node_saw_also_what_nobody_had_asked_for(server: Server) -> None:
    execution = ran(server)
    assert found(server, execution, "out", "input.who", "for {{ input.who }}", "nodes.price.output[0]", "vars.count") == [
        "Ada", "for Ada", 2 * 9007199254740993, 2,
    ]  # fmt: skip
    assert found(server, execution, "more", "vars.count", "data", "has(nodes.each.output)") == [1, [2 * 9007199254740993, 21.0], False]
    answer = asks(server, execution, "out", "1").json
    assert (answer["path"], answer["results"][0]) == ("out", {"value": 1, "bytes": 1, "beginning": None, "error": None})


def test_an_edge_sees_what_its_node_gave(server: Server) -> None:
    execution = ran(server)
    assert found(server, execution, "price", "data[0]", "nodes.price.output[0]", ended=True) == [2 * 9007199254740993, 2 * 9007199254740993]
    assert "price" in str(found(server, execution, "price", "nodes.price.output[0]")[0])
    assert found(server, execution, "each[]/one", "data", "iteration.index", ended=True) == [10.5, 1]
    never = asks(server, execution, "never", "nodes.each.output.size()", ended=True).json
    assert (never["path"], never["results"][0]["value"]) == (None, 2)


def test_in_a_loop_the_last_run_is_asked_or_the_one_that_is_named(server: Server) -> None:
    execution = ran(server)
    assert found(server, execution, "each[]/two", "iteration.index", "iteration.item", "nodes.one.output", "nodes.price.output.size()") == [
        1, 10.5, 10.5, 2,
    ]  # fmt: skip
    assert found(server, execution, "each[0]/two", "iteration.item") == [9007199254740993]
    first = asks(server, execution, "each[0]/two", "1").json["at"]
    assert asks(server, execution, "each[]/two", "1", at=first + 1).json["path"] == "each[0]/two"


def test_a_node_that_has_not_run_is_asked_at_the_end_of_its_body(server: Server) -> None:
    execution = ran(server)
    answer = asks(server, execution, "new", "nodes.each.output.size() + vars.count", "data").json
    assert (answer["path"], answer["results"][0]["value"]) == (None, 4)
    assert "`data`" in answer["results"][1]["error"]
    assert asks(server, execution, "never", "nodes.each.output.size()").json["path"] is None
    assert found(server, execution, "never", "nodes.each.output.size()") == [2]
    assert found(server, execution, "each[]/new", "has(nodes.two.output.waited)") == [True]
    assert found(server, execution, "nowhere[]/new", "input.who") == ["Ada"]


def test_what_is_wrong_names_its_part_and_the_others_go_on(server: Server) -> None:
    execution = ran(server)
    wrong, broken, template, right = found(server, execution, "out", "input.whom + 1", "input.", "{{ input.who", "1 + 1")
    assert ("input.whom" in wrong, right) == (True, 2)
    assert broken
    assert template


def test_it_is_bounded(server: Server) -> None:
    execution = ran(server)
    costly = "lists.range(9000).map(x, lists.range(9000))"
    assert "limit" in found(server, execution, "out", costly)[0] or "units" in found(server, execution, "out", costly)[0]
    long = asks(server, execution, "out", "lists.range(9000)").json["results"][0]
    assert (long["value"], long["bytes"] > 16_384, long["beginning"][:6], len(long["beginning"])) == (None, True, "[0,1,2", 16_384)
    for texts, status in (([], 422), (["1"] * 51, 422), (["x" * 20_000], 422), (["1" + "+1" * 3_000], 200)):
        assert asks(server, execution, "out", *texts).status == status


def test_a_secret_is_not_shown_and_unknown_executions_are_named(server: Server) -> None:
    assert asks(server, "nobody", "out", "1").status == 404
    server.publish({
        "name": "asked_secret",
        "input": {"type": "object", "properties": {"pin": {"type": "string", "writeOnly": True}}},
        "nodes": [{"id": "keep", "type": "noop"}],
    })  # fmt: skip
    execution = str(server.start("asked_secret", {"pin": "tell nobody"}, wait=20)["execution_id"])
    assert found(server, execution, "keep", "input.pin", "input.pin.substring(1)") == ["•••", "••"]
    server.publish({**ORDERS, "name": "asked_later"})
    later = server.ask("POST", "/v1/workflows/asked_later/executions", {"input": GIVEN, "start_at": "2100-01-01T00:00:00Z"}).json[
        "execution_id"
    ]
    refused = asks(server, later, "out", "1")
    assert (refused.status, refused.json["reason"]) == (409, "not_begun")
