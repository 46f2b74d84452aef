"""Bulk operations over HTTP: what a filter gives at the start gets its command once, whoever is killed meanwhile."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contracts.codec import decode_decision, read_record
from contracts.commands import Command, ResolveIncident, SendSignal
from contracts.journal import Decided
from infra.log.sqlite import SqliteLog
from infra.server.retention import archive_now
from infra.server.wiring import open_alone, open_retention
from infra.settings.model import EngineSettings
from refold.client.blocking import Client
from tests.api.conftest import Server
from workers.archive.bundle import Bundle

DEADLINE_S = 60.0
KEEPS: dict[str, Any] = {
    "name": "keeps",
    "settings": {"search": {"group": "input.group"}},
    "nodes": [{"id": "wait", "type": "wait_signal", "config": {"name": "go", "count": 3}}],
}
STOPS: dict[str, Any] = {"name": "stops", "nodes": [{"id": "no", "type": "fail", "config": {"type": "order.refused", "message": "no"}}]}


def begun(server: Server, workflow: str, group: str, count: int) -> str:
    """So many executions that wait; the filter that takes them."""
    server.publish(KEEPS, STOPS)
    with Client(server.url) as client:
        client.start_many(workflow, [{"group": group}] * count, idempotency_key=group)
    return f"execution_id.startsWith('{group}-')"


def ask(server: Server, action: str, filter_: str, **more: Any) -> str:
    answer = server.post("/v1/operations", {"action": action, "filter": filter_, **more})
    assert answer.status == 201, answer.content
    return str(answer.json["operation_id"])


def until(server: Server, operation: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + DEADLINE_S
    while not holds(found := server.get(f"/v1/operations/{operation}").json):
        assert time.monotonic() < deadline, found
        assert not found["error"], found
    return found  # type: ignore[no-any-return]  # JSON


def ended(server: Server, operation: str) -> dict[str, Any]:
    return until(server, operation, lambda found: found["ended_at"] is not None)


def results(server: Server, operation: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    start: int | None = 0
    while start is not None:
        page = server.get(f"/v1/operations/{operation}/results?from={start}&limit=1000{query}").json
        found, start = found + page["results"], page["next"]
    return found


def acted(data: Path, command: type[Command]) -> Counter[str]:
    """How often a command has changed each execution, by the journal."""
    with closing(SqliteLog(data / "log.db", read_only=True)) as log:
        records = (read_record(content) for _, content in log.read("journal", 0))
        decisions = [decode_decision(record.body) for record in records if isinstance(record, Decided)]
    return Counter(one.execution for one in decisions if isinstance(one.command, command) and one.events)


def test_a_dry_run_counts_and_shows_some_and_does_nothing(server: Server) -> None:
    filter_ = begun(server, "keeps", "dry", 12)
    answer = server.post("/v1/operations", {"action": "cancel", "filter": filter_, "dry_run": True})
    assert (answer.status, answer.json["total"], answer.json["is_more"], len(answer.json["examples"])) == (200, 12, False, 10)
    assert {row["status"] for row in answer.json["examples"]} == {"running"}


def test_a_dry_run_says_how_many_it_would_pass_over_and_why(server: Server) -> None:
    filter_ = begun(server, "keeps", "why", 5)
    begun(server, "stops", "whystop", 1)
    assert server.post("/v1/executions/why-3/pause").status == 200
    assert server.post("/v1/executions/why-4/terminate").status == 200
    found = server.post("/v1/operations", {"action": "pause", "filter": filter_, "dry_run": True}).json
    assert (found["total"], found["will"]) == (5, 3)
    assert found["skipped"] == [
        {"why": "it is paused already", "count": 1, "examples": ["why-3"]},
        {"why": "it is terminated already", "count": 1, "examples": ["why-4"]},
    ]
    named = {"action": "retry", "executions": ["whystop-0", "why-0", "nobody"], "dry_run": True}
    found = server.post("/v1/operations", named).json
    assert (found["total"], found["will"], len(found["examples"])) == (2, 1, 2)
    assert found["skipped"] == [{"why": "it has no open incident", "count": 1, "examples": ["why-0"]}]


def test_executions_may_be_named_one_by_one(server: Server) -> None:
    begun(server, "keeps", "named", 3)
    answer = server.post("/v1/operations", {"action": "pause", "executions": ["named-2", "named-0", "named-2", "nobody"]}).json
    assert (answer["named"], answer["incidents"]) == (3, None)
    done = ended(server, answer["operation_id"])
    assert (done["total"], done["ok"], done["named"]) == (2, 2, 3)
    assert server.get("/v1/executions/named-1").json["status"] == "running"
    listed = next(one for one in server.get("/v1/operations").json["operations"] if one["execution_id"] == answer["operation_id"])
    assert listed["search"]["filter"] == "3 executions by their ids"


def test_those_of_a_cause_are_resolved_however_many_there_are_and_no_other_incident_of_theirs(server: Server) -> None:
    fail = {"type": "fail", "config": {"type": "order.two", "message": "no stock"}}
    other = {"type": "fail", "config": {"type": "order.one", "message": "no money"}}
    server.publish({"name": "bulk_twice", "nodes": [{"id": "stock", **fail}, {"id": "money", **other}]})
    with Client(server.url) as client:
        client.start_many("bulk_twice", [{}] * 450, idempotency_key="twice")
    cause = "workflow == 'bulk_twice' && error.type == 'order.two'"
    narrowed = {"action": "fail", "incidents": cause, "filter": "execution_id != 'twice-1'", "dry_run": True}
    assert server.post("/v1/operations", narrowed).json["will"] == 449
    operation = server.post("/v1/operations", {"action": "retry", "incidents": cause, "rate": 5000}).json["operation_id"]
    done = ended(server, operation)
    assert (done["total"], done["ok"], done["incidents"]) == (450, 450, cause)
    history = server.get("/v1/executions/twice-7/history").json["events"]
    raised = {one["data"]["incident"]: one["path"] for one in history if one["type"] == "IncidentRaised"}
    resolved = [one["data"]["incident"] for one in history if one["type"] == "IncidentResolved"]
    assert [raised[one] for one in resolved] == ["stock"]


def test_each_is_told_what_became_of_it_and_what_can_be_taken_back_is(server: Server) -> None:
    filter_ = begun(server, "keeps", "told", 5)
    assert server.post("/v1/executions/told-3/pause").status == 200
    assert server.post("/v1/executions/told-4/terminate").status == 200
    done = ended(server, operation := ask(server, "pause", filter_, reason="stop the line"))
    assert {name: done[name] for name in ("status", "total", "done", "ok", "skipped", "failed")} == {
        "status": "completed", "total": 5, "done": 5, "ok": 3, "skipped": 2, "failed": 0,
    }  # fmt: skip
    assert [(one["execution_id"], one["result"], one["why"]) for one in results(server, operation)] == [
        ("told-0", "ok", None),
        ("told-1", "ok", None),
        ("told-2", "ok", None),
        ("told-3", "skipped", "it is paused already"),
        ("told-4", "skipped", "execution told-4 is terminated: it takes no more commands"),
    ]
    assert len(results(server, operation, "&result=skipped")) == 2
    history = server.get("/v1/executions/told-0/history").json["events"]
    assert (history[-1]["type"], history[-1]["correlation_id"], history[-1]["actor"]) == ("ExecutionPaused", operation, "anonymous")
    back = server.post(f"/v1/operations/{operation}/undo").json
    assert (back["action"], back["undoes"]) == ("resume", operation)
    assert ended(server, back["operation_id"])["ok"] == 3
    statuses = [server.get(f"/v1/executions/told-{number}").json["status"] for number in range(5)]
    assert statuses == ["running", "running", "running", "paused", "terminated"]


def test_what_begins_or_changes_afterwards_is_neither_added_nor_left_out(server: Server) -> None:
    filter_ = f"{begun(server, 'keeps', 'snap', 410)} && status == 'running'"
    operation = ask(server, "pause", filter_, rate=400)
    until(server, operation, lambda found: found["done"] >= 200)
    begun(server, "keeps", "snap-late", 3)
    assert ended(server, operation)["total"] == 410
    found = [one["execution_id"] for one in results(server, operation)]
    assert found == sorted((f"snap-{number}" for number in range(410)), key=lambda name: int(name[5:]))


def test_an_operation_is_paused_resumed_and_cancelled_itself(server: Server) -> None:
    filter_ = begun(server, "keeps", "held", 900)
    operation = ask(server, "signal", filter_, signal="go", payload={"by": "Ada"}, rate=600)
    until(server, operation, lambda found: found["done"] >= 200)
    assert server.post(f"/v1/executions/{operation}/pause").json["status"] == "paused"
    held = until(server, operation, lambda found: found["status"] == "paused")
    assert server.post(f"/v1/executions/{operation}/resume").json["status"] == "running"
    until(server, operation, lambda found: found["done"] > held["done"])
    server.post(f"/v1/executions/{operation}/cancel")
    done = ended(server, operation)
    assert (done["status"], done["total"]) == ("cancelled", 900)
    assert 200 <= done["done"] < 900
    assert done["done"] == len(results(server, operation))


def test_two_at_once_do_both(server: Server) -> None:
    filter_ = begun(server, "keeps", "both", 300)
    one, other = ask(server, "signal", filter_, signal="go", rate=1000), ask(server, "signal", filter_, signal="go", rate=1000)
    assert (ended(server, one)["ok"], ended(server, other)["ok"]) == (300, 300)
    assert server.get("/v1/executions/both-7/state").json["waiting_for"][0]["for"] == "signal"
    received = [one for one in server.get("/v1/executions/both-7/history").json["events"] if one["type"] == "SignalReceived"]
    assert len(received) == 2


def test_the_same_key_twice_is_one_operation(server: Server) -> None:
    filter_ = begun(server, "keeps", "key", 3)
    body = {"action": "signal", "filter": filter_, "signal": "go"}
    first, again = (server.post("/v1/operations", body, idempotency_key="once") for _ in range(2))
    assert (first.status, again.status, first.json["operation_id"]) == (201, 200, again.json["operation_id"])


@pytest.mark.parametrize(
    ("action", "command", "more", "count"), [("retry", ResolveIncident, {}, 2000), ("signal", SendSignal, {"signal": "go"}, 600)]
)
def test_killed_in_the_middle_each_gets_its_command_once(
    serve: Callable[..., Server], action: str, command: type[Command], more: dict[str, Any], count: int
) -> None:
    first = serve()
    filter_ = begun(first, "stops" if action == "retry" else "keeps", "many", count)
    operation = ask(first, action, filter_, rate=2000, **more)
    until(first, operation, lambda found: found["done"] >= 200)
    first.kill()
    second = serve()
    done = ended(second, operation)
    assert (done["status"], done["total"], done["ok"]) == ("completed", count, count)
    second.kill()
    assert Counter(acted(second.data, command).values()) == {1: count}


@pytest.mark.parametrize(
    ("body", "path", "said"),
    [
        ({"action": "cancle", "filter": "true"}, "/action", "there is no action 'cancle'"),
        ({"action": "cancel", "filter": "status == 'runing'"}, "/filter", "`status == 'runing'`"),
        ({"action": "cancel", "filter": "search.x.startsWith(workflow)"}, "/filter", "`search.x.startsWith(workflow)`"),
        ({"action": "cancel"}, "", "found neither"),
        ({"action": "cancel", "filter": "true", "view": "x"}, "", "found both"),
        ({"action": "retry", "incidents": "error.shape = 'x'"}, "/incidents", "="),
        ({"action": "cancel", "executions": ["a"], "filter": "true"}, "", "found both"),
        ({"action": "cancel", "executions": []}, "/executions", "expected 1 to 1,000 ids, found 0"),
        ({"action": "cancel", "executions": [str(number) for number in range(1_001)]}, "/executions", "found 1,001"),
        ({"action": "cancel", "executions": [f"{number:0400}" for number in range(164)]}, "/executions", "65,536 are the most"),
        ({"action": "signal", "filter": "true"}, "/signal", "needs a `signal`"),
        ({"action": "signal", "filter": "true", "signal": "a/b"}, "/signal", "no `/`"),
        ({"action": "resume", "filter": "true", "reason": "x"}, "/reason", "takes no `reason`"),
        ({"action": "cancel", "filter": "true", "rate": 0}, "/rate", "expected 0.1 to 5,000"),
        ({"action": "signal", "filter": "true", "signal": "x", "payload": "x" * 20_000}, "/payload", "16,384 are the most"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is(server: Server, body: dict[str, Any], path: str, said: str) -> None:
    answer = server.post("/v1/operations", body)
    assert (answer.status, answer.json["problems"][0]["path"]) == (422, path)
    assert said in answer.json["problems"][0]["message"]


def test_what_has_ended_is_archived_before_its_time_also_past_a_kill(serve: Callable[..., Server], tmp_path: Path) -> None:
    archive = tmp_path / "bundles"
    first = serve("--set", f"archive={archive}")
    filter_ = begun(first, "keeps", "arch", 400)
    ended(first, ask(first, "terminate", f"{filter_} && execution_id != 'arch-7'"))
    operation = ask(first, "archive", filter_, rate=400)
    until(first, operation, lambda found: found["done"] >= 200)
    first.kill()
    second = serve("--set", f"archive={archive}")
    done = ended(second, operation)
    assert {name: done[name] for name in ("total", "ok", "skipped", "failed")} == {"total": 400, "ok": 399, "skipped": 1, "failed": 0}
    assert [(one["execution_id"], one["why"]) for one in results(second, operation, "&result=skipped")] == [
        ("arch-7", "it is running, and has not ended"),
    ]
    second.stop()
    engine = EngineSettings(data=second.data, archive=str(archive))
    with open_alone(engine) as alone, open_retention(engine) as setup:
        archive_now(setup, alone)
        assert len(alone.owner.executions.ended.keys() & {f"arch-{number}" for number in range(400)}) == 0
    lines: list[str] = []
    for path in archive.iterdir():
        with path.open("rb") as file:
            lines += [line.execution for line in Bundle(file).index.executions]
    assert sorted(lines) == sorted(f"arch-{number}" for number in range(400) if number != 7)


def test_a_server_without_an_archive_says_so(server: Server) -> None:
    answer = server.post("/v1/operations", {"action": "archive", "filter": "true"})
    assert (answer.status, answer.json["reason"]) == (409, "no_archive")
    assert "setting `archive`" in answer.json["detail"]


def test_what_is_no_operation_and_what_cannot_be_taken_back_is_told(server: Server) -> None:
    filter_ = begun(server, "keeps", "back", 1)
    assert server.get("/v1/operations/back-0").json["reason"] == "unknown_operation"
    nobody = server.get("/v1/operations/nobody").json
    assert (nobody["reason"], nobody["detail"]) == ("unknown_operation", "there is no bulk operation nobody")
    assert server.get("/v1/operations/back-0/results").status == 404
    ended(server, operation := ask(server, "cancel", filter_))
    answer = server.post(f"/v1/operations/{operation}/undo")
    assert (answer.status, answer.json["reason"]) == (409, "not_undoable")
    assert "pause, resume, migrate can" in answer.json["detail"]


def test_the_engines_own_workflows_are_listed_where_they_are_asked_for(server: Server) -> None:
    filter_ = begun(server, "keeps", "own", 1)
    ended(server, operation := ask(server, "cancel", filter_))

    def is_listed(query: str) -> bool:
        return operation in {one["execution_id"] for one in server.get(f"/v1/executions?limit=500{query}").json["executions"]}

    assert not is_listed("")
    for query in ("&system=true", "&workflow=refold.bulk", "&filter=workflow%20==%20'refold.bulk'"):
        assert is_listed(query)
    assert operation in {one["execution_id"] for one in server.get("/v1/operations").json["operations"]}
    assert server.get("/v1/operations").json["operations"][0]["search"] == {"action": "cancel", "filter": filter_}
    assert "refold.bulk" not in {one["name"] for one in server.get("/v1/workflows").json["workflows"]}
    assert server.post("/v1/operations", {"action": "cancel", "filter": "workflow == 'refold.bulk'", "dry_run": True}).json["total"] == 0


def test_nobody_else_publishes_starts_or_calls_what_is_the_engines_own(server: Server) -> None:
    named = {"name": "refold.mine", "nodes": [{"id": "a", "type": "noop"}]}
    runs = {"name": "mine", "nodes": [{"id": "a", "type": "refold.bulk_act"}]}
    calls = {"name": "mine", "nodes": [{"id": "a", "type": "sub_workflow", "config": {"workflow": "refold.bulk"}}]}
    for definition, path in ((named, "name"), (runs, "nodes[0].type"), (calls, "nodes[0].config.workflow")):
        answer = server.post("/v1/workflows", definition)
        assert (answer.status, answer.json["problems"][0]["path"]) == (422, path)
        assert "begin with `refold.` are the engine's own" in answer.json["problems"][0]["message"]
    assert server.post("/v1/workflows/refold.bulk/executions", {}).json["reason"] == "system_workflow"
    assert "refold.bulk_act" not in {one["kind"] for one in server.get("/v1/node-kinds").json["kinds"]}


def test_a_view_is_what_a_list_and_an_operation_are_about(server: Server) -> None:
    filter_ = begun(server, "keeps", "view", 4)
    position = server.post("/v1/executions/view-2/pause").json["position"]
    server.ask("PUT", "/v1/views/held-ones", {"filter": f"{filter_} && status == 'paused'"})
    assert [one["execution_id"] for one in server.get(f"/v1/executions?view=held-ones&min_position={position}").json["executions"]] == [
        "view-2"
    ]
    answer = server.post("/v1/operations", {"action": "resume", "view": "held-ones"}).json
    assert (answer["filter"], ended(server, answer["operation_id"])["ok"]) == (f"{filter_} && status == 'paused'", 1)
    assert server.get("/v1/executions?view=nope").status == 404
