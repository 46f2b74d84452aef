"""Event triggers and dependencies over HTTP: what ends starts what waits for it, also after a kill; endless chains are refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.api.conftest import Server

DONE = "event.type == 'execution.completed'"


def ends(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "nodes": [{"id": "n", "type": "transform", "config": {"operation": "value", "value": {"rows": "{{ input.rows }}"}}}],
    }


def hears(name: str, filter_: str, **more: Any) -> dict[str, Any]:
    trigger = {"id": "t", "type": "event", "filter": filter_, "input": {}, **more}
    return {"name": name, "triggers": [trigger], "nodes": [{"id": "n", "type": "noop"}]}


def calls(name: str, other: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "nodes": [{"id": "call", "type": "sub_workflow", "config": {"workflow": other}, **more}]}


def until(holds: Callable[[], Any], timeout_s: float = 20.0) -> Any:
    end = time.monotonic() + timeout_s
    while not (found := holds()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
    return found


def ids(server: Server, workflow: str) -> list[str]:
    return [one["execution_id"] for one in server.get(f"/v1/executions?workflow={workflow}&limit=500").json["executions"]]


def test_what_ended_starts_what_waits_for_it_with_its_output_and_a_kill_loses_and_doubles_nothing(serve: Callable[..., Server]) -> None:
    server = serve()
    takes = {"input": {"rows": "{{ event.data.output.rows }}"}}
    server.publish(ends("import"), hears("report", f"{DONE} && event.workflow == 'import'", **takes))
    for number in range(10):
        server.start("import", {"rows": number})
    server.kill()
    server = serve()
    for number in range(10, 20):
        server.start("import", {"rows": number})
    found = until(lambda: len(ids(server, "report")) >= 20 and ids(server, "report"))
    given = [server.get(f"/v1/executions/{one}/state").json["input"]["rows"] for one in found]
    assert sorted(given) == list(range(20))
    shown = until(lambda: (one := server.get("/v1/triggers/report.t").json)["last"] and one)
    assert shown["last"]["cause"].split("/")[0] in ids(server, "import")
    assert "refold_triggers_too_deep_total 0.0" in server.get("/metrics").content.decode()


def test_dependencies_name_calls_events_and_cycles(server: Server) -> None:
    server.publish(ends("d-leaf"), calls("d-calls", "d-leaf"), hears("d-hears", f"{DONE} && event.workflow == 'd-calls'"))
    server.publish(hears("d-back", f"event.workflow == 'd-back' && {DONE} && event.data.search.n == 1"))
    found = server.get("/v1/dependencies").json
    own = [one for one in found["dependencies"] if one["target"].startswith("d-")]
    assert own == [
        {"source": "d-calls", "target": "d-leaf", "by": "call", "via": "call", "types": [], "certain": True},
        {"source": "d-back", "target": "d-back", "by": "event", "via": "d-back.t", "types": ["execution.completed"], "certain": False},
        {"source": "d-calls", "target": "d-hears", "by": "event", "via": "d-hears.t", "types": ["execution.completed"], "certain": True},
    ]
    assert {"workflows": ["d-back", "d-back"], "via": ["d-back.t"], "endless": False} in found["cycles"]


def refused(server: Server, definition: dict[str, Any]) -> dict[str, Any]:
    answer = server.post("/v1/workflows", definition)
    assert answer.status == 422, answer.json
    (problem,) = answer.json["problems"]
    assert problem["rule"] == "endless"
    return dict(problem)


def test_chains_without_an_end_are_refused_where_they_close(server: Server) -> None:
    alone = refused(server, hears("c-alone", f"{DONE} && event.workflow == 'c-alone'"))
    assert alone["path"] == "triggers[0].filter"
    assert "c-alone → c-alone (trigger c-alone.t)" in alone["message"]
    refused(server, hears("c-any", DONE))
    server.publish(hears("c-any", f"{DONE} && event.workflow != 'c-any' && event.workflow.startsWith('c-none')"))
    server.publish(hears("c-b", f"{DONE} && event.workflow == 'c-a'"))
    mixed = refused(server, calls("c-b", "c-a") | {"triggers": hears("c-b", f"{DONE} && event.workflow == 'c-a'")["triggers"]})
    assert mixed["path"] == "triggers[0].filter"
    refused(server, hears("c-a", f"{DONE} && event.workflow == 'c-b'"))
    assert (
        refused(server, calls("c-a", "c-a2") | {"triggers": hears("c", "event.workflow == 'c-b'")["triggers"]})["path"]
        == "triggers[0].filter"
    )
    server.publish(calls("c-a", "c-b", when="input.more == true"))


def test_a_trigger_made_by_hand_closes_no_endless_chain(server: Server) -> None:
    server.publish(ends("h-a"))
    body = {"workflow": "h-a", "trigger": {"type": "event", "filter": f"{DONE} && event.workflow == 'h-a'"}}
    answer = server.ask("PUT", "/v1/triggers/h-again", body)
    assert (answer.status, answer.json["problems"][0]["path"], answer.json["problems"][0]["rule"]) == (422, "/trigger/filter", "endless")
    body["trigger"] = {"type": "event", "filter": "event.type == 'execution.failed' && event.workflow == 'h-a'"}
    assert server.ask("PUT", "/v1/triggers/h-again", body).status == 200
    assert server.get("/v1/triggers?type=event&workflow=h-a").json["triggers"][0]["config"] == body["trigger"]
    server.ask("DELETE", "/v1/triggers/h-again")


def test_a_filter_that_is_none_says_where_and_what_instead(server: Server) -> None:
    def problem(filter_: str) -> tuple[str, str]:
        found = server.post("/v1/workflows", hears("bad", filter_)).json["problems"][0]
        assert found["fix"]
        return found["path"], found["rule"]

    assert problem("event.type ==") == ("triggers[0].filter", "unreadable")
    assert problem("evnt.type == 'x'") == ("triggers[0].filter", "unknown_name")
    assert problem("event.type == 'execution.complete'") == ("triggers[0].filter", "never")
    assert problem("event.data.output.rows > 3") == ("triggers[0].filter", "behind_a_link")
    assert problem("")[0] == "triggers[0].filter"


def test_validate_tells_of_a_chain_without_an_end(server: Server) -> None:
    found = server.post("/v1/workflows/validate", hears("v-alone", f"{DONE} && event.workflow == 'v-alone'")).json
    assert [one["rule"] for one in found["problems"]] == ["endless"]
