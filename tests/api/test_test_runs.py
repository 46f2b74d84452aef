"""Test runs over HTTP: a definition is tried as it stands, and nothing but the list that asks for them knows of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.api.conftest import Answer, Server

TRIED = """
name: tried
settings: {concurrency: {limit: 1}, quota: {open: 1}}
nodes:
  - {id: score, type: http_request, config: {url: "http://192.0.2.1/score"}, retry: {max_attempts: 2, initial_delay: 1h}}
  - {id: cool, type: delay, config: {for: 24h}}
  - {id: high, type: condition, config: {expression: "nodes.score.output.points > 10"}}
  - {id: ask, type: human_task, config: {question: "ok?", assignees: [ada], form: {type: object, properties: {n: {type: integer}}}}}
  - {id: done, type: end, config: {output: {waited: "{{ nodes.cool.output.waited }}"}}}
edges: [{from: score, to: cool}, {from: cool, to: high}, {from: high.true, to: ask}, {from: high.false, to: done}]
"""
POINTS = {"score": {"output": {"points": 3}}}


def tried(server: Server, key: str | None = None, text: str | None = TRIED, **more: Any) -> Answer:
    body = {"definition": text, "unpinned": "refuse", **more} if text is not None else {"unpinned": "refuse", **more}
    return server.ask("POST", "/v1/test-runs", body, {} if key is None else {"Idempotency-Key": key})


def state(server: Server, execution: str) -> dict[str, Any]:
    found: dict[str, Any] = server.get(f"/v1/executions/{execution}/state").json
    return found


def types(server: Server, execution: str) -> list[str]:
    return [event["type"] for event in server.get(f"/v1/executions/{execution}/history").json["events"]]


def ended(server: Server, execution: str) -> dict[str, Any]:
    while not (found := state(server, execution))["ended_at"]:
        assert found["status"] in ("created", "running"), found
    return found


def test_what_is_tried_is_no_version_and_in_no_list_that_does_not_ask_for_it(server: Server) -> None:
    made = tried(server, pins=POINTS, skip_time=True)
    assert (made.status, made.json["version"], made.json["test"]) == (201, 0, True)
    execution = made.json["execution_id"]
    assert ended(server, execution)["output"] == {"waited": 86400.0}
    assert "NodePinned" in types(server, execution)
    assert server.get("/v1/workflows/tried").status == 404
    assert server.ask("POST", "/v1/workflows/tried/executions", {}).status == 404
    assert server.get("/v1/executions?workflow=tried").json["executions"] == []
    (row,) = server.get("/v1/executions?workflow=tried&filter=test").json["executions"]
    assert (row["execution_id"], row["test"]) == (execution, True)
    assert server.get("/v1/analytics?workflow=tried").json["windows"] == []
    defined = server.get(f"/v1/executions/{execution}/definition").json
    assert (defined["is_published"], defined["definition"]["name"], defined["hash"]) == (
        False,
        "tried",
        state(server, execution)["definition"],
    )
    assert server.get(f"/v1/executions/{execution}/trace").status == 200


def test_with_the_same_key_it_is_one_and_many_at_once_are_counted_nowhere(server: Server) -> None:
    first, again = (tried(server, "k-1", pins=POINTS, stop_before=["cool"]) for _ in range(2))
    assert (first.status, again.status, first.json["execution_id"]) == (201, 200, again.json["execution_id"])
    others = [tried(server, pins=POINTS, stop_before=["cool"]) for _ in range(3)]
    assert [state(server, one.json["execution_id"])["status"] for one in others] == ["paused"] * 3


def test_it_stands_through_a_kill_and_goes_on_step_by_step(serve: Callable[..., Server]) -> None:
    server = serve()
    execution = tried(server, pins=POINTS, stop_before=["cool"], skip_time=True).json["execution_id"]
    server.kill()
    server = serve()
    found = state(server, execution)
    assert (found["status"], found["test"]["stopped_before"]) == ("paused", ["cool"])
    assert {"for": "resumption", "path": "cool"} in found["waiting_for"]
    assert server.ask("POST", f"/v1/executions/{execution}/step", {"at": found["at"]}).status == 200
    while (stands := state(server, execution))["test"]["stopped_before"] != ["high"]:
        assert stands["status"] in ("running", "paused")
    assert server.ask("POST", f"/v1/executions/{execution}/step", {"at": found["at"]}).json["status"] == "paused"
    assert state(server, execution)["at"] == stands["at"], "the step of before is done once"
    server.kill()
    server = serve()
    assert server.ask("POST", f"/v1/executions/{execution}/resume", {}).status == 200
    assert ended(server, execution)["status"] == "completed"


def test_the_results_of_a_past_execution_are_pinned_by_one_word(server: Server) -> None:
    past = tried(server, pins={"score": [{"error": "http.503", "attempt": 1}, {"output": {"points": 1}}]}, skip_time=True)
    ended(server, past.json["execution_id"])
    again = tried(server, pins={"*": {"from": {"execution": past.json["execution_id"]}}}, skip_time=True).json["execution_id"]
    assert ended(server, again)["status"] == "completed"
    pins = state(server, again)["test"]["pins"]["score"]
    assert [(pin["attempt"], pin.get("error", {}).get("type"), pin["source"]) for pin in pins] == [
        (2, None, f"{past.json['execution_id']} score"),
        (1, "http.503", f"{past.json['execution_id']} score"),
    ]


def test_all_that_is_wrong_is_told_at_its_pin_with_the_nearest_name(server: Server) -> None:
    pins = {"scor": {"output": 1}, "high": {"port": "tru"}, "done": {"output": 1}, "ask": {"output": {"data": {"n": "x"}}, "port": "out"}}
    refused = tried(server, pins={**pins, "cool": {"output": 1, "error": "x"}, "score": {}}, stop_before=["col"])
    assert refused.status == 422
    told = {problem["path"]: (problem["rule"], problem["fix"]) for problem in refused.json["problems"]}
    assert told["/stop_before/0"] == ("unknown_node", "did you mean cool?")
    assert told["/pins/scor"] == ("unknown_node", "did you mean score?")
    assert told["/pins/high/port"] == ("bad_port", "did you mean `true`?")
    assert told["/pins/done"][0] == "not_to_pin"
    assert told["/pins/cool"][0] == told["/pins/score"][0] == "pin"
    assert told["/pins/ask/output/data/n"][0] == "type"
    unknown = tried(server, pins={"*": {"from": {"execution": "nobody"}}})
    assert (unknown.status, unknown.json["problems"][0]["path"]) == (422, "/pins/*/from/execution")
    broken = tried(server, text="name: tried\nnodes: [{id: a, type: nope}, {id: a, type: noop}]")
    assert (broken.status, broken.json["problems"][0]["line"]) == (422, 2)
    both = tried(server, workflow="tried")
    assert (both.status, tried(server, text=None).status, tried(server, text=None, workflow="nobody").status) == (422, 422, 404)


def test_a_published_version_and_a_draft_can_be_tried_too(server: Server) -> None:
    text = TRIED.replace("name: tried", "name: tried-published")
    server.ask("PUT", "/v1/drafts/tried-draft", {"text": text})
    of_draft = tried(server, text=None, draft="tried-draft", pins=POINTS, skip_time=True)
    assert (of_draft.status, of_draft.json["version"], ended(server, of_draft.json["execution_id"])["status"]) == (201, 0, "completed")
    published = server.ask("POST", "/v1/workflows", text.encode(), {"Content-Type": "application/yaml"})
    assert published.status == 201
    same = tried(server, text=text, pins=POINTS, skip_time=True)
    named = tried(server, text=None, workflow="tried-published", pins=POINTS, skip_time=True)
    assert [one.json["version"] for one in (same, named)] == [1, 1]
    assert server.get("/v1/executions?workflow=tried-published").json["executions"] == []


NEEDS: dict[str, Any] = {
    "name": "tried_needs",
    "nodes": [
        {"id": "score", "type": "http_request", "config": {"url": "http://192.0.2.1/score"}},
        {"id": "ask", "type": "human_task", "config": {"question": "ok?", "assignees": ["ada"]}},
    ],
}
LISTS = ("incidents", "waiting", "node-runs", "tasks")


def test_what_a_test_run_waits_for_and_what_fails_in_it_is_in_lists_that_ask_for_it_alone(serve: Callable[..., Server]) -> None:
    server = serve()
    tried_ones = [
        tried(server, text=json.dumps(NEEDS), pins={"score": {"error": {"type": "http.404", "message": "no order 1"}}}).json
        for _ in range(2)
    ]
    names = sorted(one["execution_id"] for one in tried_ones)
    for name in names:
        while {item["for"] for item in state(server, name)["waiting_for"]} != {"incident", "task"}:
            pass
    position = server.get("/health/ready").json["position"]

    def rows(what: str, more: str = "") -> list[Any]:
        found: list[Any] = server.get(f"/v1/{what}?min_position={position}{more}").json[what.replace("-", "_")]
        return found

    for what in LISTS:
        assert rows(what) == [], what
        assert sorted({one["execution_id"] for one in rows(what, "&filter=test")}) == names, what
        assert sorted({one["execution_id"] for one in rows(what, "&filter=test%20%7C%7C%20!test")}) == names, what
    assert server.get("/v1/incidents/causes").json["causes"] == []
    (cause,) = server.get("/v1/incidents/causes?filter=test").json["causes"]
    assert cause["count"] == 2
    assert rows("tasks", "&mine=true") == []
    (task,) = rows("tasks", f"&below={names[0]}")
    (incident,) = server.get(f"/v1/executions/{names[0]}/incidents").json["incidents"]
    assert (task["execution_id"], incident["execution_id"]) == (names[0], names[0])
    assert 'refold_executions{status="' not in server.get("/metrics").content.decode()
    server.publish({"name": "live", "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go"}}]})
    live = server.start("live")
    assert server.get(f"/v1/executions?min_position={live['position']}").status == 200
    counted = [line for line in server.get("/metrics").content.decode().splitlines() if line.startswith("refold_executions{")]
    assert counted == ['refold_executions{status="running"} 1.0']
