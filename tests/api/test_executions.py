"""`/v1/executions` and starting: what callers are promised."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from .conftest import Server

FIELDS = [
    "execution_id", "workflow", "version", "status", "outcome", "output", "error", "parent",
    "created_at", "started_at", "ended_at", "position", "test",
]  # fmt: skip


def at_position(server: Server, path: str, position: int) -> Any:
    """A read that sees what was written at the position."""
    answer = server.get(f"{path}{'&' if '?' in path else '?'}min_position={position}")
    assert answer.status == 200, answer.content
    return answer.json


# Starting.


def test_a_start_that_waits_answers_with_the_end(server: Server) -> None:
    answer = server.post("/v1/workflows/hello/executions?wait=30", {"input": {"name": "World"}})
    assert (answer.status, list(answer.json)) == (200, FIELDS)
    assert (answer.json["status"], answer.json["outcome"], answer.json["output"]) == (
        "completed", "greeted", {"greeting": "Hello, World!"},
    )  # fmt: skip
    assert answer.headers["refold-position"] == str(answer.json["position"])


def test_a_start_answers_at_once_with_what_it_is(server: Server) -> None:
    answer = server.post("/v1/workflows/waits/executions", {"input": {"order": 7}})
    assert (answer.status, answer.json["status"], answer.json["ended_at"]) == (201, "running", None)


def test_an_execution_that_ends_in_the_decision_of_its_start_is_answered_as_ended(server: Server) -> None:
    answer = server.post("/v1/workflows/hello/executions", {"input": {"name": "Ada"}})
    assert (answer.status, answer.json["status"]) == (201, "completed")
    assert server.get(f"/v1/executions/{answer.json['execution_id']}").json["output"] == {"greeting": "Hello, Ada!"}


def test_a_wait_that_runs_out_answers_202(server: Server) -> None:
    answer = server.post("/v1/workflows/waits/executions?wait=0.05", {"input": {"order": 7}})
    assert (answer.status, answer.json["status"]) == (202, "running")


def test_a_failed_execution_says_why(server: Server) -> None:
    failed = server.start("fails", wait=30)
    assert (failed["status"], failed["error"]["type"], failed["error"]["node"]) == ("failed", "order.refused", "no")


def test_a_repeated_key_answers_with_the_first_execution(server: Server) -> None:
    def start(name: str) -> Any:
        return server.post("/v1/workflows/hello/executions", {"input": {"name": name}}, Idempotency_Key="order 1/7")

    first, second = start("Ada"), start("Bob")
    assert (first.status, second.status) == (201, 200)
    assert re.fullmatch("key-[0-9a-f]{32}", first.json["execution_id"])
    assert second.json["execution_id"] == first.json["execution_id"]
    assert second.json["output"] == {"greeting": "Hello, Ada!"}


def test_a_key_used_by_many_at_once_makes_one_execution(server: Server) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: server.post("/v1/workflows/waits/executions", {}, Idempotency_Key="all at once"), range(32)))
    assert sorted(answer.status for answer in answers) == [200] * 31 + [201]
    assert len({answer.json["execution_id"] for answer in answers}) == 1


def test_the_same_id_is_the_first_execution_if_the_request_is_the_same_else_a_conflict(server: Server) -> None:
    def start(order: int) -> Any:
        return server.post("/v1/workflows/waits/executions", {"input": {"order": order}, "execution_id": "own-1"})

    assert [start(1).status, start(1).status] == [201, 200]
    other = start(2)
    assert (other.status, other.json["reason"], other.json["execution_id"]) == (409, "already_exists", "own-1")


def test_the_same_request_is_the_same_even_after_a_new_version(server: Server) -> None:
    body = {"execution_id": "versions-1", "input": {"text": "x" * 100_000}}
    server.publish({"name": "moving", "nodes": [{"id": "a", "type": "start"}]})
    assert server.post("/v1/workflows/moving/executions", body).status == 201
    server.publish({"name": "moving", "nodes": [{"id": "b", "type": "start"}]})
    again = server.post("/v1/workflows/moving/executions", body)
    assert (again.status, again.json["version"]) == (200, 1)
    assert server.post("/v1/workflows/moving/executions", {**body, "input": {}}).status == 409


def test_many_are_started_at_once_each_by_itself(server: Server) -> None:
    wanted = [{"input": {"name": "Ada"}}, {"input": {"name": 7}}, {"input": {"name": "Bob"}, "execution_id": "batch-3"}]
    answer = server.post("/v1/workflows/hello/executions/batch", {"executions": wanted})
    assert [one["status"] for one in answer.json["executions"]] == [201, 422, 201]
    assert answer.json["executions"][1]["problem"]["problems"][0]["path"] == "/name"
    assert answer.json["executions"][2]["execution"]["execution_id"] == "batch-3"


ODD_STARTS = {
    "an unknown field": '{"x": 1}',
    "no object": "7",
    "nothing": "null",
    "a number that is too large": '{"input": 1e400}',
    "a number that is too large in an unknown field": '{"x": 1e400}',
    "no time": '{"start_at": "tomorrow"}',
    "a time without a zone": '{"start_at": "2099-01-01T00:00:00"}',
    "an unknown priority": '{"priority": 10}',
    "no priority": '{"priority": "high"}',
    "no id": '{"execution_id": "/"}',
    "too deep": '{"input": ' + "[" * 201 + "]" * 201 + "}",
}


@pytest.mark.parametrize("odd", ODD_STARTS.values(), ids=ODD_STARTS)
def test_a_start_among_many_is_refused_as_it_would_be_alone_and_the_others_begin(server: Server, odd: str) -> None:
    alone = server.ask("POST", "/v1/workflows/hello/executions", odd.encode())
    many = f'{{"executions": [{{"input": {{"name": "Ada"}}}}, {odd}]}}'
    answer = server.ask("POST", "/v1/workflows/hello/executions/batch", many.encode())
    assert answer.status == 200, answer.json
    begun, refused = answer.json["executions"]
    assert (begun["status"], refused["status"]) == (201, alone.status)
    assert refused["problem"]["reason"] == alone.json["reason"]
    assert all(one["path"].startswith("/executions/1") for one in refused["problem"].get("problems", ()))


@pytest.mark.parametrize("unreadable", [r'"\ud800"', "[" * 5_000 + "]" * 5_000, "NaN"])
def test_many_that_cannot_be_read_are_refused_as_a_whole_with_the_place(server: Server, unreadable: str) -> None:
    many = f'{{"executions": [{{"execution_id": "unread"}}, {{"input": {unreadable}}}]}}'
    answer = server.ask("POST", "/v1/workflows/waits/executions/batch", many.encode())
    assert answer.status in (400, 422)
    assert re.search("/executions/1/input|line 1, column", answer.json["detail"]), answer.json
    assert server.get("/v1/executions/unread").status == 404


def test_one_created_without_autostart_starts_when_it_is_told_to(server: Server) -> None:
    created = server.start("waits", {"order": 1}, autostart=False, variables={"who": "Ada"}, priority=9)
    assert (created["status"], created["started_at"]) == ("created", None)
    assert server.post(f"/v1/executions/{created['execution_id']}/start").json["status"] == "running"


def test_one_for_a_later_time_is_scheduled(server: Server) -> None:
    assert server.start("waits", start_at="2099-01-01T00:00:00Z")["status"] == "scheduled"


def test_a_big_input_and_output_come_back_whole(server: Server) -> None:
    text = "x" * 200_000
    done = server.start("works", {"text": text}, wait=30)
    assert done["output"] == {"text": text}
    assert server.get(f"/v1/executions/{done['execution_id']}").json["output"] == {"text": text}
    nodes = at_position(server, f"/v1/executions/{done['execution_id']}/nodes", done["position"])["nodes"]
    assert nodes[2]["input"] == nodes[2]["output"] == {"text": text}


def test_an_output_comes_back_as_the_bytes_it_was(server: Server) -> None:
    body = b'{"input":{"n": 1.50, "big": 12345678901234567890, "e": 1e2}}'
    answer = server.post("/v1/workflows/works/executions?wait=30", body)
    assert b'"output":{"n": 1.50, "big": 12345678901234567890, "e": 1e2}' in answer.content


# Steering.


def test_a_signal_moves_an_execution_on(server: Server) -> None:
    name = server.start("waits", {"order": 1})["execution_id"]
    given = server.post(f"/v1/executions/{name}/signals/approved", {"by": "Ada"})
    assert (given.status, list(given.json)) == (200, ["execution_id", "status", "position"])
    again = server.post("/v1/workflows/waits/executions?wait=30", {"input": {"order": 1}, "execution_id": name})
    assert again.status in (200, 409)
    events = at_position(server, f"/v1/executions/{name}/history", given.json["position"])["events"]
    received = next(event for event in events if event["type"] == "SignalReceived")
    assert received["data"]["payload"] == {"by": "Ada"}


def test_a_signal_without_a_body_brings_null_and_twice_with_a_key_is_once(server: Server) -> None:
    name = server.start("waits")["execution_id"]
    for _ in range(2):
        given = server.post(f"/v1/executions/{name}/signals/other", Idempotency_Key="s-1")
    signals = at_position(server, f"/v1/executions/{name}/state", given.json["position"])["signals"]
    assert signals == [{"name": "other", "payload": None}]


def test_a_signal_that_ended_its_execution_is_once_when_it_comes_again_with_its_key(server: Server) -> None:
    name = server.start("waits")["execution_id"]
    path = f"/v1/executions/{name}/signals/approved"
    given = server.post(path, {"by": "Ada"}, Idempotency_Key="s-1")
    server.post("/v1/workflows/waits/executions?wait=30", {"execution_id": name})
    again = server.post(path, {"by": "Ada"}, Idempotency_Key="s-1")
    assert (given.status, again.status, again.json["status"]) == (200, 200, "completed")
    assert server.post(path, {"by": "Ada"}, Idempotency_Key="s-2").status == 409
    history = at_position(server, f"/v1/executions/{name}/history", given.json["position"])["events"]
    assert [event["type"] for event in history].count("SignalReceived") == 1


def test_pause_resume_cancel_and_terminate(server: Server) -> None:
    name = server.start("waits")["execution_id"]
    assert server.post(f"/v1/executions/{name}/pause", {"reason": "lunch"}).json["status"] == "paused"
    assert server.post(f"/v1/executions/{name}/resume").json["status"] == "running"
    assert server.post(f"/v1/executions/{name}/cancel", {"reason": "enough"}).json["status"] == "cancelled"
    assert server.get(f"/v1/executions/{name}").json["error"]["message"] == "enough"
    other = server.start("waits")["execution_id"]
    assert server.post(f"/v1/executions/{other}/terminate").json["status"] == "terminated"


def test_what_has_ended_takes_no_more_commands_and_says_its_status(server: Server) -> None:
    name = server.start("hello", {"name": "Ada"}, wait=30)["execution_id"]
    for path in ("signals/approved", "pause", "resume", "cancel", "terminate", "start"):
        refused = server.post(f"/v1/executions/{name}/{path}")
        assert (refused.status, refused.json["execution_status"]) == (409, "completed"), path


def test_an_incident_is_seen_and_resolved(server: Server) -> None:
    started = server.post("/v1/workflows/stuck/executions?wait=0.01", {}).json
    name = started["execution_id"]
    assert server.post(f"/v1/executions/{name}/signals/anything").status == 200
    found = _incident_of(server, name)
    assert (found["path"], found["resolved_at"]) == ("divide", None)
    across = server.get("/v1/incidents?filter=" + quote('workflow == "stuck"')).json["incidents"]
    assert name in [one["execution_id"] for one in across]
    unknown = server.post(f"/v1/executions/{name}/incidents/99/resolve", {"action": "retry"})
    assert (unknown.status, unknown.json["reason"]) == (404, "unknown_incident")
    path = f"/v1/executions/{name}/incidents/{found['incident']}/resolve"
    resolved = server.post(path, {"action": "skip", "output": {"divided": True}})
    assert resolved.json["status"] == "completed"
    everything = at_position(server, f"/v1/executions/{name}/incidents?open=false", resolved.json["position"])
    assert everything["incidents"][0]["action"] == "skip"
    assert server.get(f"/v1/executions/{name}").json["output"] == {"divided": True}


def test_what_a_start_has_waited_for_is_there_at_once_and_so_is_what_a_command_has_changed(server: Server) -> None:
    for _ in range(5):
        started = server.post("/v1/workflows/stuck/executions?wait=30", {}).json
        path = f"/v1/executions/{started['execution_id']}"
        assert started["status"] == "incident"
        assert [one["path"] for one in server.get(f"{path}/incidents").json["incidents"]] == ["divide"]
        assert server.post(f"{path}/pause").json["status"] == "paused"
        assert server.get(f"{path}/history").json["events"][-1]["type"] == "ExecutionPaused"


def _incident_of(server: Server, name: str) -> Any:
    """The incident, once there is one: what an execution has come to is asked for until it stands there."""
    for _ in range(1_000):
        view = server.get(f"/v1/executions/{name}").json
        if view["status"] == "incident":
            return at_position(server, f"/v1/executions/{name}/incidents", view["position"])["incidents"][0]
    raise AssertionError(f"no incident: {view}")


# Reading.


def test_a_history_is_read_in_windows(server: Server) -> None:
    done = server.start("works", {"n": 1}, wait=30)
    path = f"/v1/executions/{done['execution_id']}/history"
    whole = at_position(server, path, done["position"])
    assert [event["version"] for event in whole["events"]] == list(range(1, len(whole["events"]) + 1))
    assert list(whole["events"][0]) == ["version", "type", "path", "attempt", "recorded_at", "data", "actor", "correlation_id"]
    assert (whole["events"][-1]["type"], whole["next"]) == ("ExecutionCompleted", None)
    window = server.get(f"{path}?from=3&limit=2").json
    assert (window["events"], window["next"]) == (whole["events"][2:4], 5)


def test_a_state_is_read_at_any_version(server: Server) -> None:
    done = server.start("works", {"n": 1}, wait=30)
    path = f"/v1/executions/{done['execution_id']}/state"
    assert at_position(server, path, done["position"])["status"] == "completed"
    assert (server.get(f"{path}?at=2").json["status"], server.get(f"{path}?at=2").json["at"]) == ("running", 2)
    beyond = server.get(f"{path}?at=999")
    assert (beyond.status, beyond.json["reason"]) == (422, "unknown_version")


def test_nodes_show_their_values_and_how_they_ended(server: Server) -> None:
    done = server.start("hello", {"name": "Ada"}, wait=30)
    nodes = at_position(server, f"/v1/executions/{done['execution_id']}/nodes", done["position"])["nodes"]
    assert [(node["path"], node["type"], node["status"], node["attempt"]) for node in nodes] == [
        ("greet", "transform", "completed", 1), ("done", "end", "completed", 1),
    ]  # fmt: skip
    assert (nodes[0]["input"], nodes[0]["output"]) == ({"name": "Ada"}, {"greeting": "Hello, Ada!"})


def test_a_failed_node_shows_its_failure(server: Server) -> None:
    done = server.start("fails", wait=30)
    (node,) = at_position(server, f"/v1/executions/{done['execution_id']}/nodes", done["position"])["nodes"]
    assert (node["status"], node["error"]["type"], node["output"]) == ("failed", "order.refused", None)


def test_a_list_is_filtered_and_paged(server: Server) -> None:
    server.publish({"name": "listed", "nodes": [{"id": "a", "type": "wait_signal", "config": {"name": "go"}}]})
    names = [server.start("listed")["execution_id"] for _ in range(5)]
    position = server.post(f"/v1/executions/{names[0]}/cancel").json["position"]
    first = at_position(server, "/v1/executions?workflow=listed&limit=3", position)
    second = server.get(f"/v1/executions?workflow=listed&limit=3&cursor={first['next']}").json
    assert [row["execution_id"] for row in first["executions"] + second["executions"]] == names[::-1]
    assert second["next"] is None
    running = server.get("/v1/executions?workflow=listed&status=running&status=incident").json["executions"]
    assert len(running) == 4
    assert running[0]["waiting_for"][0] == {"for": "signal", "path": "a", "names": ["go"]}
    created = running[0]["created_at"]
    assert names[-1] not in [one["execution_id"] for one in server.get(f"/v1/executions?created_before={created}").json["executions"]]
    assert len(server.get(f"/v1/executions?workflow=listed&created_after={created}").json["executions"]) >= 1


def test_who_waits_for_its_turn_says_its_place_in_the_queue_and_how_many_run(server: Server) -> None:
    node = {"id": "a", "type": "wait_signal", "config": {"name": "go"}}
    server.publish({"name": "narrow", "nodes": [node], "settings": {"concurrency": {"key": "input.customer", "limit": 2}}})
    names = [server.start("narrow", {"customer": customer})["execution_id"] for customer in (7, 7, 7, 8, 7, 8, 8, 7)]
    last = server.start("narrow", {"customer": 9})["position"]
    states = [at_position(server, f"/v1/executions/{name}/state", last) for name in names]
    turns = [[(item["slot"], item["limit"], item["place"]) for item in state["waiting_for"] if item["for"] == "turn"] for state in states]
    assert turns == [[], [], [("7", 2, 1)], [], [("7", 2, 2)], [], [("8", 2, 1)], [("7", 2, 3)]]
    position = server.post(f"/v1/executions/{names[2]}/cancel").json["position"]
    (turn,) = at_position(server, f"/v1/executions/{names[7]}/state", position)["waiting_for"]
    assert (turn["for"], turn["path"], turn["place"]) == ("turn", "", 2)


def test_a_start_over_the_quota_is_answered_429_and_says_when_to_come_again(server: Server) -> None:
    server.publish(
        {"name": "few", "nodes": [{"id": "a", "type": "wait_signal", "config": {"name": "go"}}], "settings": {"quota": {"open": 1}}}
    )
    assert server.post("/v1/workflows/few/executions", {"input": {}}).status == 201
    answer = server.post("/v1/workflows/few/executions", {"input": {}})
    assert (answer.status, answer.json["reason"], answer.json["workflow"]) == (429, "quota_exceeded", "few")
    assert (answer.headers["retry-after"], answer.headers["content-type"]) == ("5", "application/problem+json")


def test_one_that_waits_for_its_quota_exists_and_says_its_place(server: Server) -> None:
    node = {"id": "a", "type": "wait_signal", "config": {"name": "go"}}
    server.publish({"name": "patient-ones", "nodes": [node], "settings": {"quota": {"open": 1, "on_limit": "queue"}}})
    path = "/v1/workflows/patient-ones/executions"
    started = [server.post(path, {"input": {}, "priority": priority}) for priority in (5, 5, 9)]
    assert [one.status for one in started] == [201] * 3
    assert [one.json["status"] for one in started] == ["running", "created", "created"]
    names, last = [one.json["execution_id"] for one in started], started[-1].json["position"]
    waits = [at_position(server, f"/v1/executions/{name}/state", last)["waiting_for"] for name in names[1:]]
    assert waits == [[{"for": "quota", "path": "", "priority": 5, "place": 2}], [{"for": "quota", "path": "", "priority": 9, "place": 1}]]
    refused = server.post(f"/v1/executions/{names[1]}/start")
    assert (refused.status, refused.json["reason"]) == (409, "awaits_quota")
    rows = at_position(server, "/v1/waiting?filter=waits_for=='quota'", last)["waiting"]
    assert {row["execution_id"] for row in rows} >= set(names[1:])


def test_children_are_found_by_their_parent_and_values_by_which_one_searches_are_shown(server: Server) -> None:
    server.publish({"name": "mother", "nodes": [{"id": "call", "type": "sub_workflow", "config": {"workflow": "hello"}}]})
    mother = server.start("mother", {"name": "Ada"}, wait=30)
    rows = at_position(server, f"/v1/executions?parent={mother['execution_id']}", mother["position"])["executions"]
    assert [row["execution_id"] for row in rows] == [f"{mother['execution_id']}~call"]
    waits = server.start("waits", {"order": 12})
    row = at_position(server, "/v1/executions?workflow=waits&limit=1", waits["position"])["executions"][0]
    assert row["search"] == {"order": 12}
    assert server.get(f"/v1/executions/{mother['execution_id']}~call").json["parent"] == mother["execution_id"]


def test_a_read_right_after_a_write_sees_it(server: Server) -> None:
    for number in range(20):
        started = server.start("waits", {"order": number})
        rows = at_position(server, "/v1/executions?limit=1", started["position"])
        assert rows["executions"][0]["execution_id"] == started["execution_id"]
        assert server.get(f"/v1/executions/{started['execution_id']}/history").status == 200


def test_a_position_that_is_not_there_yet_is_refused(server: Server) -> None:
    answer = server.get("/v1/executions?min_position=999999999")
    assert (answer.status, answer.json["reason"]) == (422, "unknown_position")


@pytest.mark.parametrize("suffix", ["", "/history", "/state", "/nodes", "/incidents"])
def test_an_unknown_execution_is_not_found_by_its_id(server: Server, suffix: str) -> None:
    answer = server.get(f"/v1/executions/nope{suffix}")
    assert (answer.status, answer.json["reason"], answer.json["execution_id"]) == (404, "unknown_execution", "nope")


@pytest.mark.parametrize("suffix", ["start", "pause", "resume", "cancel", "terminate", "signals/go", "incidents/1/resolve"])
def test_a_command_to_an_unknown_execution_is_not_found(server: Server, suffix: str) -> None:
    answer = server.post(f"/v1/executions/nope/{suffix}", {"action": "retry"} if suffix.endswith("resolve") else None)
    assert (answer.status, answer.json["execution_id"]) == (404, "nope")


def test_metrics_and_health(server: Server) -> None:
    assert server.get("/health/live").json["status"] == "live"
    assert server.get("/health/ready").json["status"] == "ready"
    text = server.get("/metrics").content.decode()
    assert re.search(r"^refold_decisions_total [1-9]", text, re.MULTILINE)
    assert re.search(r'^refold_executions\{status="completed"\} [1-9]', text, re.MULTILINE)


def test_the_openapi_document_has_every_route_with_its_problems(server: Server) -> None:
    document = server.get("/openapi.json").json
    operations = [(path, method, op) for path, methods in document["paths"].items() for method, op in methods.items()]
    assert len(operations) >= 30
    assert "413" in document["paths"]["/v1/workflows/{name}/executions"]["post"]["responses"]
    assert json.dumps(document).count("HTTPValidationError") == 0
    refs = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert refs <= set(document["components"]["schemas"])
