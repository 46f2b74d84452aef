"""The trace over HTTP: in columns, packed, in pieces, and as it grows."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from api.operations.traces import takes_gzip
from tests.api.conftest import Server
from tests.api.reading import Stream
from tests.projections.trace_reading import TraceReading

SAYS: dict[str, Any] = {"type": "transform", "config": {"operation": "value", "value": 1}}
CHOOSES: dict[str, Any] = {
    "name": "trace_chooses",
    "nodes": [
        {"id": "each", "type": "for_each", "config": {"items": "input.items", "body": {"nodes": [{"id": "n", **SAYS}]}}},
        {"id": "wait", "type": "wait_signal", "config": {"name": "go"}},
        {"id": "big", **SAYS},
        {"id": "small", **SAYS},
    ],
    "edges": [
        {"from": "each", "to": "wait"},
        {"from": "wait.received", "to": "big", "when": "data.n > 10"},
        {"from": "wait.received", "to": "small", "when": "data.n <= 10"},
    ],
}


def read(server: Server, execution: str, more: str = "", reading: TraceReading | None = None) -> TraceReading:
    """A trace, asked for in pieces until there is no more."""
    reading = reading or TraceReading()
    while True:
        answer = server.get(f"/v1/executions/{execution}/trace?since={reading.version}{more}").json
        reading.take(answer)
        if answer["version"] == answer["last"]:
            return reading


def test_a_trace_is_told_in_pieces_and_then_what_came_since_with_the_edge_that_was_taken_and_the_one_whose_condition_was_false(
    server: Server,
) -> None:
    server.publish(CHOOSES)
    execution = server.start("trace_chooses", {"items": [1, 2, 3]})["execution_id"]
    reading = read(server, execution, "&limit=4")
    before = reading.version
    assert reading.at(before)["wait"] == ("active", 1)
    assert {f"each[{i}]/n" for i in range(3)} <= set(reading.paths)
    assert server.post(f"/v1/executions/{execution}/signals/go", {"n": 3}).json["status"] == "completed"
    read(server, execution, reading=reading)
    assert (reading.types[before], reading.commands[before]) == ("SignalReceived", "SendSignal")
    states = {path: state for path, (state, _) in reading.at(reading.version).items()}
    assert [states[path] for path in ("", "each", "wait", "big", "small")] == [
        "completed",
        "completed",
        "completed",
        "skipped",
        "completed",
    ]
    (left,) = [exits for _, path, state, _, exits in reading.changes if (path, state) == ("wait", "completed")]
    assert left == ([":wait.received->small"], [":wait.received->big"])
    assert [edge["when"] for edge in reading.grown["edges"][1:]] == ["data.n <= 10", "data.n > 10"]
    shown = server.get(f"/v1/executions/{execution}/history").json["events"]
    assert [(one["type"], one["path"]) for one in shown] == list(zip(reading.types, reading.places, strict=True))


def test_what_lies_behind_the_last_event_is_nothing_and_an_execution_that_there_is_not_is_unknown(server: Server) -> None:
    execution = server.start("waits")["execution_id"]
    last = read(server, execution).version
    for since in (last, last + 1, 2**31):
        answer = server.get(f"/v1/executions/{execution}/trace?since={since}").json
        assert (answer["after"], answer["version"], answer["events"]["type"], answer["nodes"]) == (last, last, [], [])
    unknown = server.get("/v1/executions/nobody/trace")
    assert (unknown.status, unknown.json["reason"]) == (404, "unknown_execution")


def test_who_takes_gzip_is_given_it_where_it_is_worth_it(server: Server) -> None:
    server.publish(CHOOSES)
    execution = server.start("trace_chooses", {"items": list(range(500))})["execution_id"]
    path = f"/v1/executions/{execution}/trace"
    plain = server.get(path)
    packed = server.ask("GET", path, headers={"Accept-Encoding": "br, gzip;q=0.8"})
    assert (plain.headers.get("content-encoding"), packed.headers["content-encoding"]) == (None, "gzip")
    assert json.loads(gzip.decompress(packed.content)) == plain.json
    assert len(packed.content) * 6 < len(plain.content)
    behind = server.ask("GET", f"{path}?since={plain.json['last']}", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in behind.headers


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [("gzip", True), ("br, GZIP ;q=0.1", True), ("gzip;q=0", False), ("gzip; q=0.0", False), ("br", False), ("", False)],
)
def test_gzip_is_taken_where_it_is_named_and_not_refused(accepted: str, takes: bool) -> None:
    assert takes_gzip(accepted) is takes


def test_after_a_kill_a_trace_is_the_same(serve: Callable[..., Server]) -> None:
    server = serve()
    server.publish(CHOOSES)
    server.start("trace_chooses", {"items": [1]}, execution_id="x")
    first = vars(read(server, "x"))
    server.kill()
    server = serve()
    assert vars(read(server, "x")) == first


DIVIDES: dict[str, Any] = {
    "id": "n",
    "type": "code",
    "config": {"source": "1 // input", "input": "{{ data }}"},
    "retry": {"max_attempts": 2, "initial_delay": "0s"},
}
TROUBLED: dict[str, Any] = {
    "name": "trace_troubled",
    "nodes": [
        {"id": "each", "type": "for_each", "config": {"items": [0, 1, 2], "body": {"nodes": [DIVIDES]}}},
        {"id": "after", **SAYS},
    ],
    "edges": [{"from": "each", "to": "after"}],
}


def test_a_history_is_asked_for_by_type_node_path_and_what_failed(server: Server) -> None:
    server.publish(TROUBLED)
    execution = server.start("trace_troubled", {}, wait=20)["execution_id"]
    (incident,) = server.get(f"/v1/executions/{execution}/incidents").json["incidents"]
    server.post(f"/v1/executions/{execution}/incidents/{incident['incident']}/resolve", {"action": "skip", "output": 7})
    Stream(server, f"/v1/executions/{execution}/events?from=0").rest()
    path = f"/v1/executions/{execution}/history"
    every = server.get(path).json["events"]
    failed = {"NodeFailed", "NodeRetried", "IncidentRaised", "ChildFailed", "ExecutionFailed", "ExecutionQuarantined"}
    asked = {
        "failed=true": [one for one in every if one["type"] in failed],
        "type=NodeCompleted&type=IncidentResolved": [one for one in every if one["type"] in ("NodeCompleted", "IncidentResolved")],
        "node=each[]/n": [one for one in every if one["path"].endswith("/n")],
        "path=each[1]/n": [one for one in every if one["path"] == "each[1]/n"],
        "path=each[2]": [one for one in every if one["path"] == "each[2]"],
        "node=each[]/n&failed=true&type=NodeRetried": [one for one in every if one["type"] == "NodeRetried"],
        "path=nowhere": [],
        "node=each[]/n&path=after": [],
    }
    for query, wanted in asked.items():
        assert server.get(f"{path}?{query}").json["events"] == wanted, query
    assert len(asked["failed=true"]) == 2
    page = server.get(f"{path}?node=each[]/n&limit=2").json
    assert page["events"] == asked["node=each[]/n"][:2]
    assert server.get(f"{path}?node=each[]/n&from={page['next']}").json["events"] == asked["node=each[]/n"][2:]
    refused = server.get(f"{path}?type=NodeFaild")
    assert (refused.status, "did you mean NodeFailed?" in refused.json["detail"]) == (422, True)
