"""Forks over HTTP: a new execution from any event of another one, with new effects; and in the place of a failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import preloaded
from tests.api.conftest import ROOT, Server

ORDER = """
name: order
variables: {limit: 10}
settings: {on_failure: fail}
input: {type: object, properties: {total: {type: integer}}}
nodes:
  - {id: price, type: transform, config: {operation: value, value: {sum: "{{ input.total * 2 }}"}}}
  - {id: cool, type: delay, config: {for: 24h}}
  - {id: paid, type: wait_signal, config: {name: paid}}
  - {id: check, type: condition, config: {expression: "nodes.price.output.sum < vars.limit"}}
  - {id: refuse, type: fail, config: {type: too_much, message: "no"}}
  - {id: ask, type: human_task, config: {question: "ok?", assignees: [ada]}}
edges:
  - {from: price, to: cool}
  - {from: price, to: paid}
  - {from: paid.received, to: check}
  - {from: check.false, to: refuse}
  - {from: check.true, to: ask}
"""
PARENT = """
name: parent
nodes: [{id: call, type: sub_workflow, config: {workflow: order, input: {total: 1}}}]
"""


def begun(server: Server, execution: str, workflow: str = "order", total: int = 20) -> None:
    for text in (ORDER, PARENT):
        content = text.encode()
        assert server.ask("POST", "/v1/workflows", content, {"Content-Type": "application/yaml"}).status in (200, 201)
    given = {"total": total} if workflow == "order" else {}
    server.ask("POST", f"/v1/workflows/{workflow}/executions", {"input": given, "execution_id": execution})


def state(server: Server, execution: str) -> dict[str, Any]:
    found: dict[str, Any] = server.get(f"/v1/executions/{execution}/state").json
    return found


def history(server: Server, execution: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.get(f"/v1/executions/{execution}/history").json["events"]
    return found


def forked(server: Server, execution: str, key: str = "", verb: str = "fork", **body: Any) -> Any:
    while True:
        answer = server.ask("POST", f"/v1/executions/{execution}/{verb}", body, {"Idempotency-Key": key} if key else {})
        if answer.status != 503:  # rows are late where the machine is busy
            return answer


def signal(server: Server, execution: str) -> None:
    assert server.ask("POST", f"/v1/executions/{execution}/signals/paid", {}).status == 200


def test_a_fork_goes_on_with_its_own_name_and_its_source_stays_as_it_is(server: Server) -> None:
    begun(server, "fork-a-one")
    before = history(server, "fork-a-one")
    made = forked(server, "fork-a-one", at=3, set={"variables.limit": 100}, id="fork-a-two")
    assert (made.status, made.json["source"]) == (201, "fork-a-one")
    signal(server, "fork-a-two")
    assert "task" in [item["for"] for item in state(server, "fork-a-two")["waiting_for"]]
    found = state(server, "fork-a-two")
    assert (found["forked_from"], found["variables"]) == ({"execution_id": "fork-a-one", "at": made.json["at"]}, {"limit": 100})
    assert history(server, "fork-a-one") == before
    (row,) = server.get("/v1/executions?filter=forked_from%20%3D%3D%20%27fork-a-one%27").json["executions"]
    assert (row["execution_id"], row["forked_from"]["execution_id"]) == ("fork-a-two", "fork-a-one")


def test_a_timer_has_as_long_to_go_as_it_had_in_the_source(server: Server) -> None:
    begun(server, "fork-b-one")
    forked(server, "fork-b-one", id="fork-b-two")
    (started,) = [event for event in history(server, "fork-b-two") if event["type"] == "TimerStarted"]
    (before,) = [event for event in history(server, "fork-b-one") if event["type"] == "TimerStarted"]
    assert started["data"]["due"] >= before["data"]["due"]
    assert [timer["timer"] for timer in state(server, "fork-b-two")["timers"]] == ["cool:delay"]


def test_the_same_request_twice_is_one_fork(server: Server) -> None:
    begun(server, "fork-c-one")
    first, again, other = forked(server, "fork-c-one", "k"), forked(server, "fork-c-one", "k"), forked(server, "fork-c-one", "k2")
    assert (first.status, again.status, other.status) == (201, 200, 201)
    assert first.json["execution_id"] == again.json["execution_id"] != other.json["execution_id"]
    own, same = forked(server, "fork-c-one", at=3, id="fork-c-mine"), forked(server, "fork-c-one", at=3, id="fork-c-mine")
    assert (own.status, same.status) == (201, 200)
    assert forked(server, "fork-c-one", at=3, id="fork-c-mine", set={"variables.limit": 3}).json["reason"] == "already_exists"


def test_what_failed_is_retried_with_all_results(server: Server) -> None:
    begun(server, "fork-d-one")
    assert forked(server, "fork-d-one", verb="retry").json["reason"] == "not_failed"
    signal(server, "fork-d-one")
    assert state(server, "fork-d-one")["status"] == "failed"
    assert forked(server, "fork-d-one", verb="retry").json["reason"] == "would_fail_again"
    made = forked(server, "fork-d-one", verb="retry", set={"variables.limit": 100}, id="fork-d-two")
    assert made.status == 201
    assert "task" in [item["for"] for item in state(server, "fork-d-two")["waiting_for"]]
    assert state(server, "fork-d-two")["error"] is None


def test_a_child_that_is_open_is_forked_too(server: Server) -> None:
    begun(server, "p", "parent")
    assert state(server, "p")["children"] == ["p~call"], history(server, "p")
    assert state(server, "p~call")["status"] == "running"
    made = forked(server, "p", id="q").json
    assert made["children"] == ["p~call"]
    assert state(server, "q")["children"] == ["q~call"]
    child = state(server, "q~call")
    assert (child["status"], child["parent"], child["forked_from"]["execution_id"]) == ("running", "q", "p~call")


def test_what_does_not_fit_is_told_and_nothing_is_begun(server: Server) -> None:
    begun(server, "fork-f-one")
    end = state(server, "fork-f-one")["at"]
    for body, status, said in (
        ({"at": 99}, 422, f"the events 1 to {end}"),
        ({"at": 0}, 422, "events count from 1"),
        ({"version": 7}, 404, "the nearest one is 1"),
        ({"until": 99}, 422, "goes up to event"),
        ({"set": {"variables.limt": 1}}, 422, "did you mean limit"),
        ({"set": {"nodes.prise.output": 1}}, 422, "did you mean price"),
        ({"set": {"nodes.check.output": 1}}, 422, "it has not ended"),
        ({"set": {"nodes.price.output.sum.x": 1}}, 422, "which has no parts"),
        ({"set": {"input.total": "x"}}, 422, "/input/total"),
        ({"set": {"nothing": 1}}, 422, "expected variables.NAME"),
        ({"set": {"variables.limit": "x" * 70_000}}, 422, "an edit has less than"),
        ({"nix": 1}, 422, "nix"),
    ):
        answer = forked(server, "fork-f-one", **body)
        told = answer.json["detail"] + str(answer.json.get("problems"))
        assert (answer.status, said in told) == (status, True), (body, answer.status, told)
    assert forked(server, "nix").json["reason"] == "unknown_execution"
    assert server.get("/v1/executions?filter=forked_from%20%3D%3D%20%27fork-f-one%27").json["executions"] == []


def test_everything_that_reads_an_execution_reads_a_fork(server: Server) -> None:
    begun(server, "fork-g-one")
    forked(server, "fork-g-one", id="fork-g-two", set={"variables.limit": 100})
    signal(server, "fork-g-two")
    why = server.get("/v1/executions/fork-g-two/why?node=check")
    assert why.status == 200, why.json
    assert why.json["steps"][0]["path"] == "check"
    for path in ("nodes", "spans", "trace", "trace-columns", "definition", "state?at=3", "why", "why?node=price"):
        answer = server.get(f"/v1/executions/fork-g-two/{path}")
        assert answer.status in (200, 404), (path, answer.json)
        assert path not in ("nodes", "trace", "definition", "state?at=3") or answer.status == 200
    test = server.get("/v1/executions/fork-g-two/test")
    assert (test.status, test.json["reason"]) == (409, "is_fork")
    asked = server.ask("POST", "/v1/what-if", {"workflow": "order", "version": 1, "filter": "execution_id == 'fork-g-two'"})
    assert asked.status == 200, asked.json
    assert asked.json["verdicts"]["unchanged"] == 1, asked.json
    changed = server.ask(
        "POST", "/v1/what-if", {"definition": ORDER.replace("limit: 10", "limit: 11"), "filter": "execution_id == 'fork-g-two'"}
    )
    assert "began as a fork" in str(changed.json["executions"]), changed.json


def test_a_fork_survives_that_its_server_is_killed_and_asked_again_it_is_the_same(data: Path) -> None:
    server = Server(data)
    begun(server, "one", "parent")
    while not history(server, "one~call"):
        pass
    made = forked(server, "one", "k").json["execution_id"]
    server.process.kill()
    server.process.wait()
    server = Server(data)
    try:
        assert forked(server, "one", "k").json["execution_id"] == made
        child = f"{made}~call"
        while server.get(f"/v1/executions/{child}").status != 200:
            pass
        assert state(server, child)["forked_from"]["execution_id"] == "one~call"
        assert [timer["timer"] for timer in state(server, child)["timers"]] == ["cool:delay"]
        signal(server, child)
    finally:
        server.process.kill()
        server.process.wait()
    proved = refold("verify", "--data", str(data))
    assert "0 differences" in proved
    assert "2 forks of these derived again from the source: the same past" in proved


def refold(*words: str) -> str:
    done = preloaded.run(*words, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"
