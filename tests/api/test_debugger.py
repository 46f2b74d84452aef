"""Debugging over HTTP: a living execution halts, people look and change, it goes on; through kills, and with several at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests import preloaded
from tests.api.conftest import Answer, Server

ORDER = """
name: debugged
variables: {limit: 10}
nodes:
  - {id: price, type: transform, config: {operation: value, value: {sum: "{{ input.total * 2 }}"}}}
  - {id: check, type: condition, config: {expression: "data.sum < vars.limit"}}
  - {id: ship, type: transform, config: {operation: value, value: {shipped: "{{ data.sum }}"}}}
  - {id: refuse, type: fail, config: {type: too_much, message: "no"}}
edges: [{from: price, to: check}, {from: check.true, to: ship}, {from: check.false, to: refuse}]
"""
OUTER = "name: debugged_outer\nnodes: [{id: call, type: sub_workflow, config: {workflow: debugged, input: {total: 1}}}]\n"


def begun(server: Server, execution: str, *breakpoints: Any, total: Any = 20, workflow: str = "debugged", status: int = 201) -> Answer:
    for text in (ORDER, OUTER):
        assert server.ask("POST", "/v1/workflows", text.encode(), {"Content-Type": "application/yaml"}).status in (200, 201)
    asked = [{"node": one} if isinstance(one, str) else one for one in breakpoints]
    given = {"total": total} if workflow == "debugged" else {}
    body = {"execution_id": execution, "input": given, "breakpoints": asked}
    answer = server.post(f"/v1/workflows/{workflow}/executions", body, refold_person="ada")
    assert answer.status == status, answer.content
    return answer


def seen(server: Server, execution: str) -> dict[str, Any]:
    found: dict[str, Any] = server.get(f"/v1/executions/{execution}/debugger").json
    return found


def halt(server: Server, execution: str, path: str) -> dict[str, Any]:
    """The halt at a node; asked for again as long as the execution is on its way there."""
    for _ in range(1_000):
        found = [one for one in seen(server, execution)["halts"] if one["path"] == path]
        if found:
            return dict(found[0])
    raise AssertionError(f"{execution} does not halt at {path}: {seen(server, execution)}")


def release(server: Server, execution: str, path: str, action: str = "continue", who: str = "bob", **more: Any) -> Answer:
    body = {"path": path, "action": action, **more}
    return server.post(f"/v1/executions/{execution}/halts/release", body, refold_person=who)


def end(server: Server, execution: str) -> dict[str, Any]:
    for _ in range(1_000):
        found: dict[str, Any] = server.get(f"/v1/executions/{execution}").json
        if found["status"] not in ("running", "paused"):
            return found
    raise AssertionError(f"{execution} does not end: {found}")


def test_an_execution_halts_is_changed_and_goes_on(server: Server) -> None:
    begun(server, "d-one", "check")
    found = halt(server, "d-one", "check")
    assert (found["data"], found["variables"], found["error"], found["by"]) == ({"sum": 40}, {"limit": 10}, None, "anonymous")
    assert (
        server.post("/v1/executions/d-one/halts/change", {"path": "check", "variables": {"limit": 100}}, refold_person="ada").status == 200
    )
    assert release(server, "d-one", "check", "over").status == 200
    assert halt(server, "d-one", "ship")["breakpoint"] == "step:check"
    done = release(server, "d-one", "ship", "complete", output={"by": "hand"})
    assert (done.json["status"], end(server, "d-one")["output"]) == ("completed", {"by": "hand"})
    told = {event["type"]: event["data"] for event in server.get("/v1/executions/d-one/history").json["events"]}
    assert (told["HaltChanged"], told["NodePinned"]["source"]) == ({"variables": {"limit": 100}}, "bob, debugging")
    assert [(one["path"], one["how"], one["by"]) for one in seen(server, "d-one")["ended"]] == [
        ("ship", "complete", "bob"),
        ("check", "over", "bob"),
    ]


def test_a_halt_counts_as_waiting_and_says_for_whom(server: Server) -> None:
    begun(server, "d-waits", {"node": "check", "timeout": "2h", "halts": "all"})
    found = halt(server, "d-waits", "check")
    state = server.get("/v1/executions/d-waits/state").json
    item = next(one for one in state["waiting_for"] if one["for"] == "halt")
    assert (item["path"], item["breakpoint"], item["by"], item["due"], item["since"]) == (
        "check",
        "check",
        "anonymous",
        found["until"],
        found["since"],
    )
    assert state["status"] == "paused"
    (row,) = server.get("/v1/waiting?filter=waits_for=='halt'%26%26execution_id=='d-waits'").json["waiting"]
    assert (row["name"], row["until"]) == ("check", found["until"])
    why = server.get("/v1/executions/d-waits/why?node=check").json["waits_for"]
    assert why[-1]["how"] == f"whoever debugs it, or the clock at {found['until']}"
    assert "halt" in [
        one["for"]
        for one in server.get("/v1/executions?filter='halt' in waits_for".replace(" ", "%20")).json["executions"][0]["waiting_for"]
    ]


def test_breakpoints_are_set_and_taken_away_while_it_lives(server: Server) -> None:
    begun(server, "d-lives", "check")
    halt(server, "d-lives", "check")
    path = "/v1/executions/d-lives/breakpoints"
    asked = {"set": [{"node": "*", "on": "failure"}, {"variable": "limit", "if": "vars.limit > 1"}], "remove": ["check"]}
    assert server.post(path, asked, refold_person="bob").status == 200
    assert [(one["name"], one["by"]) for one in seen(server, "d-lives")["breakpoints"]] == [("failure:*", "bob"), ("change:limit", "bob")]
    release(server, "d-lives", "check")
    failed = halt(server, "d-lives", "refuse")
    assert (failed["error"]["type"], failed["breakpoint"]) == ("too_much", "failure:*")
    assert server.post(path, {"remove": ["*"]}).status == 200
    assert release(server, "d-lives", "").json["status"] == "incident"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"node": "chek"}, "did you mean check?"),
        ({"variable": "limt"}, "did you mean limit?"),
        ({"node": "check", "if": "data.sum >"}, "/breakpoints/0/if"),
        ({"node": "check", "if": "error.type == 'x'"}, "there is no `error` here"),
        ({"node": "check", "timeout": "soon"}, "/breakpoints/0/timeout"),
        ({"node": "check", "timeout": "8d"}, "a week"),
        ({"node": "check", "variable": "limit"}, "either `node`"),
        ({"variable": "limit", "on": "failure"}, "a variable does not fail"),
        ({}, "either `node`"),
        ({"node": "check", "halts": "some"}, "/breakpoints/0/halts"),
    ],
)
def test_a_breakpoint_that_cannot_hold_is_refused_with_the_way_out(server: Server, asked: dict[str, Any], says: str) -> None:
    assert says in begun(server, "d-never", asked, status=422).content.decode()
    assert server.ask("GET", "/v1/executions/d-never").status == 404


@pytest.mark.parametrize(
    ("verb", "body", "status", "says"),
    [
        ("release", {"path": "ship"}, 409, "does not halt at ship; it halts check"),
        ("release", {"path": "check", "action": "jump"}, 422, "/action"),
        ("release", {"path": "check", "action": "to"}, 422, "/to"),
        ("release", {"path": "check", "action": "to", "to": "shp"}, 422, "did you mean ship?"),
        ("release", {"path": "check", "action": "retry"}, 409, "has not failed"),
        ("release", {"path": "check", "action": "complete", "port": "up"}, 422, "it has true, false"),
        ("release", {"action": "over"}, 409, "say at which of check"),
        ("release", {"path": "check", "at": 0}, 422, "/at"),
        ("change", {"path": "check"}, 422, "nothing to change"),
        ("change", {"path": "check", "variables": [1]}, 422, "expected an object"),
        ("change", {"path": "check", "variables": {"no": 1}}, 422, "sees no variable no"),
        ("change", {"path": "check", "results": {"ship": 1}}, 422, "it has not ended"),
        ("change", {"path": "check", "results": {"price": "x" * 70_000}}, 422, "less than"),
    ],
)
def test_what_cannot_be_done_at_a_halt_is_refused_and_nothing_changes(server: Server, verb: str, body: Any, status: int, says: str) -> None:
    if server.ask("GET", "/v1/executions/d-stays").status == 404:
        begun(server, "d-stays", "check")
    before = halt(server, "d-stays", "check")
    answer = server.post(f"/v1/executions/d-stays/halts/{verb}", body)
    assert (answer.status, says in answer.content.decode()) == (status, True), answer.content
    assert halt(server, "d-stays", "check") == before


def test_of_many_who_act_at_once_one_is_heard_and_the_others_are_told(server: Server) -> None:
    begun(server, "d-many", "check")
    at = halt(server, "d-many", "check")["at"]
    answers: dict[str, Answer] = {}
    together = threading.Barrier(6)

    def act(who: str) -> None:
        together.wait()
        answers[who] = release(server, "d-many", "check", "over", who, at=at)

    threads = [threading.Thread(target=act, args=(f"p{number}",)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    (first,) = (who for who, answer in answers.items() if answer.status == 200)
    late = [answer for answer in answers.values() if answer.status == 409]
    assert (len(late), {answer.json["reason"] for answer in late}) == (5, {"not_halted"})
    assert all(f"the halt at check is over by {first} since" in answer.json["detail"] for answer in late)


def test_who_has_not_seen_a_change_is_told_of_it(server: Server) -> None:
    begun(server, "d-other", "check")
    at = halt(server, "d-other", "check")["at"]
    server.post("/v1/executions/d-other/halts/change", {"path": "check", "variables": {"limit": 50}, "at": at}, refold_person="ada")
    refused = release(server, "d-other", "check", at=at)
    assert (refused.status, refused.json["detail"]) == (409, "ada has changed what check sees since: look again")
    assert release(server, "d-other", "check", at=halt(server, "d-other", "check")["at"]).status == 200


def test_a_halt_below_a_sub_workflow_is_one_of_the_child(server: Server) -> None:
    begun(server, "d-outer", "call/ship", workflow="debugged_outer")
    child = "d-outer/call@1"
    for _ in range(1_000):
        found = server.get("/v1/executions/d-outer/state").json["children"]
        if found:
            child = found[0]
            break
    assert halt(server, child.replace("/", "%2F"), "ship")["breakpoint"] == "ship"
    assert release(server, child.replace("/", "%2F"), "ship").status == 200
    assert end(server, "d-outer")["output"] == {"shipped": 2}


def test_breakpoints_and_halts_are_there_after_a_kill_and_the_log_is_sound(serve: Callable[..., Server]) -> None:
    one = serve()
    begun(one, "d-killed", "check", {"node": "ship", "halts": "all"}, total=2)
    begun(one, "d-late", {"node": "check", "timeout": "10ms"}, total=2)
    before = halt(one, "d-killed", "check")
    one.post("/v1/executions/d-killed/halts/change", {"path": "check", "variables": {"limit": 7}}, refold_person="ada")
    changed = halt(one, "d-killed", "check")
    one.kill()
    two = serve()
    assert halt(two, "d-killed", "check") == changed
    assert (changed["since"], changed["until"], changed["changed_by"]) == (before["since"], before["until"], "ada")
    assert end(two, "d-late")["status"] == "completed"
    assert release(two, "d-killed", "check").status == 200
    halt(two, "d-killed", "ship")
    two.kill()
    three = serve()
    assert (halt(three, "d-killed", "ship")["halts"], three.get("/v1/executions/d-killed").json["status"]) == ("all", "paused")
    assert release(three, "d-killed", "ship").status == 200
    assert end(three, "d-killed")["output"] == {"shipped": 4}
    three.stop()
    verified = preloaded.run("verify", "--data", three.data)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_where_nothing_is_debugged_what_halts_can_be_let_go_on(serve: Callable[..., Server]) -> None:
    one = serve()
    begun(one, "d-off", "check", "ship", total=2)
    halt(one, "d-off", "check")
    one.kill()
    off = serve(engine={"debugger": False})
    refused = begun(off, "d-new", "check", status=409)
    assert refused.json["reason"] == "debugger_off"
    assert release(off, "d-off", "check", "over").json["reason"] == "debugger_off"
    assert off.post("/v1/executions/d-off/halts/change", {"path": "check", "variables": {"limit": 1}}).json["reason"] == "debugger_off"
    assert off.post("/v1/executions/d-off/breakpoints", {"set": [{"node": "ship"}]}).json["reason"] == "debugger_off"
    assert off.post("/v1/executions/d-off/breakpoints", {"remove": ["*"]}).status == 200
    assert seen(off, "d-off")["may_change"] is False
    assert release(off, "d-off", "check").status == 200
    assert end(off, "d-off")["output"] == {"shipped": 4}
