"""Migrations over HTTP and by the command line: planned, rehearsed, done by the owner of each, and taken back."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.commands import ChangeDefinition
from refold.client.blocking import Client
from tests import preloaded
from tests.api.conftest import Server
from tests.api.test_bulk import acted, ended, results, until

GO = {"id": "wait", "type": "wait_signal", "config": {"name": "go"}}


def refold(*words: str) -> subprocess.CompletedProcess[str]:
    return preloaded.run(*words)


def version(name: str, *more: str, wait: str = "wait") -> dict[str, Any]:
    """A line: what has ended, what is waited for, and more behind that."""
    nodes = [{"id": "a", "type": "noop"}, GO | {"id": wait}, *({"id": one, "type": "noop"} for one in more)]
    edges = [{"from": "a", "to": wait}]
    edges += [{"from": source, "to": one} for source, one in zip((f"{wait}.received", *more), more, strict=False)]
    return {"name": name, "nodes": nodes, "edges": edges}


def begun(server: Server, name: str, count: int, *versions: dict[str, Any]) -> None:
    """So many executions of the first version, `NAME-0` and so on; and the others are published, too."""
    server.publish(versions[0])
    with Client(server.url) as client:
        client.start_many(name, [None] * count, idempotency_key=name)
    server.publish(*versions[1:])


def plan(server: Server, name: str, to: int, **more: Any) -> dict[str, Any]:
    answer = server.post(f"/v1/workflows/{name}/migrations/plan", {"from_version": 1, "to_version": to, **more})
    assert answer.status == 200, answer.content
    return dict(answer.json)


def migrate(server: Server, name: str, to: int, **more: Any) -> str:
    answer = server.post(f"/v1/workflows/{name}/migrations", {"from_version": 1, "to_version": to, **more})
    assert answer.status == 201, answer.content
    return str(answer.json["operation_id"])


def signal(server: Server, execution: str) -> None:
    assert server.post(f"/v1/executions/{execution}/signals/go").status in (200, 202)


def test_a_plan_says_of_each_whether_it_could_and_what_the_version_would_have_made_of_it(server: Server) -> None:
    begun(server, "migplanned", 3, version("migplanned", "z"), version("migplanned", "z", "bill"), version("migplanned", "z", wait="hold"))
    server.post("/v1/executions/migplanned-2/terminate")
    found = plan(server, "migplanned", 2, rehearse=True)
    assert (found["total"], found["ready"], found["mapping"], found["blocked"]) == (2, 2, 0, 0)
    assert found["rehearsed"]["unchanged"] == 2
    renamed = plan(server, "migplanned", 3)
    assert (renamed["mapping"], renamed["executions"][0]["obstacles"][0]["about"]) == (2, "wait")
    assert plan(server, "migplanned", 3, names={"wait": "hold"})["ready"] == 2
    assert plan(server, "migplanned", 3, filter="execution_id == 'migplanned-1'")["total"] == 1
    assert {server.get(f"/v1/executions/migplanned-{number}").json["version"] for number in range(3)} == {1}


def test_they_go_on_by_the_version_and_what_is_shown_of_them_is_of_it(server: Server) -> None:
    begun(server, "migmoved", 2, version("migmoved", "z"), version("migmoved", "z", "bill"))
    done = ended(server, migrate(server, "migmoved", 2))
    assert (done["action"], done["ok"], done["failed"]) == ("migrate", 2, 0)
    assert server.get("/v1/executions/migmoved-0").json["version"] == 2
    assert [node["id"] for node in server.get("/v1/executions/migmoved-0/definition").json["definition"]["nodes"]][-1] == "bill"
    signal(server, "migmoved-0")
    shown = server.get("/v1/executions/migmoved-0/nodes").json["nodes"]
    assert {(node["path"], node["status"]) for node in shown} >= {("a", "completed"), ("wait", "completed"), ("bill", "completed")}
    changed = [one for one in server.get("/v1/executions/migmoved-0/history").json["events"] if one["type"] == "DefinitionChanged"]
    assert [(one["data"]["version"], one["data"]["before"]) for one in changed] == [(2, 1)]
    assert server.get("/v1/executions/migmoved-0/trace").status == 200
    assert server.get("/v1/executions/migmoved-0/why").status == 200
    assert "0 differences" in refold("verify", "migmoved-0", "--data", str(server.data)).stdout
    recorded = refold("test", "--record", "migmoved-0", "--data", str(server.data))
    assert recorded.returncode != 0
    assert "its definition was changed at event 6, which no test of one definition can say; record another" in recorded.stderr


def test_one_that_cannot_stays_alone_and_it_is_all_taken_back_but_where_something_new_has_run(server: Server) -> None:
    beside = version("migback", "z")
    beside["nodes"].append({"id": "later", "type": "noop"})
    beside["edges"].append({"from": "z", "to": "later"})
    begun(server, "migback", 4, version("migback", "z"), beside)
    signal(server, "migback-3")
    operation = migrate(server, "migback", 2)
    assert ended(server, operation)["ok"] == 3
    signal(server, "migback-1")
    undone = server.post(f"/v1/operations/{operation}/undo")
    assert undone.status == 201
    ended(server, undone.json["operation_id"])
    said = {one["execution_id"]: one["result"] for one in results(server, undone.json["operation_id"])}
    assert said == {"migback-0": "ok", "migback-1": "skipped", "migback-2": "ok"}
    assert [server.get(f"/v1/executions/migback-{number}").json["version"] for number in range(4)] == [1, 2, 1, 1]


def test_two_people_at_once_change_each_execution_once(server: Server) -> None:
    begun(server, "migboth", 60, version("migboth", "z"), version("migboth", "z", "bill"))
    one, other = migrate(server, "migboth", 2), migrate(server, "migboth", 2)
    assert ended(server, one)["failed"] == ended(server, other)["failed"] == 0
    count = Counter(name for name in acted(server.data, ChangeDefinition).elements() if name.startswith("migboth-"))
    assert set(count.values()) == {1}
    assert len(count) == 60


def test_killed_in_the_middle_it_goes_on_and_each_is_changed_once(serve: Callable[..., Server]) -> None:
    first = serve()
    begun(first, "migmany", 600, version("migmany", "z"), version("migmany", "z", "bill"))
    operation = migrate(first, "migmany", 2, rate=2000)
    until(first, operation, lambda found: found["done"] >= 200)
    first.kill()
    second = serve()
    assert ended(second, operation)["ok"] == 600
    signal(second, "migmany-7")
    assert second.get("/v1/executions/migmany-7/nodes").json["nodes"][-1]["path"] == "bill"
    second.kill()
    assert Counter(acted(second.data, ChangeDefinition).values()) == {1: 600}
    assert "0 differences" in refold("verify", "--all", "--data", str(second.data)).stdout


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"from_version": 1, "to_version": 9}, 404, "the nearest one is 2"),
        ({"from_version": 1, "to_version": 1}, 422, "is what they go by already"),
        ({"from_version": 0, "to_version": 1}, 422, "versions count from 1"),
        ({"from_version": 1}, 422, "to_version"),
        ({"from_version": 1, "to_version": 2, "filter": "stat == 1"}, 422, "stat"),
        ({"from_version": 1, "to_version": 2, "names": {"": "b"}}, 422, "/names"),
        ({"from_version": 1, "to_version": 2, "names": None, "more": 1}, 422, "more"),
    ],
)
def test_what_cannot_be_asked_is_told(server: Server, body: dict[str, Any], status: int, said: str) -> None:
    server.publish(version("migtold", "z"), version("migtold", "z", "bill"))
    for path in ("migrations/plan", "migrations"):
        answer = server.post(f"/v1/workflows/migtold/{path}", body)
        assert answer.status == status, answer.content
        assert said in answer.content.decode()
    assert server.post("/v1/workflows/nothing/migrations/plan", {"from_version": 1, "to_version": 2}).status == 404
    assert "asked for" in server.post("/v1/operations", {"action": "migrate", "filter": "true"}).content.decode()


def test_the_command_plans_and_does_it(server: Server, tmp_path: Path) -> None:
    begun(server, "migtyped", 2, version("migtyped", "z"), version("migtyped", "z", wait="hold"))
    words = ("migrate", "migtyped", "--from", "1", "--to", "2", "--server", server.url)
    planned = refold(*words)
    assert planned.returncode == 1
    assert "migtyped, version 1 to 2: 2 open executions; nothing was done\n  2 need a mapping" in planned.stdout
    assert refold(*words, "--map", "wait=hold", "--rehearse").returncode == 0
    done = refold(*words, "--map", "wait=hold", "--apply", "--follow")
    assert (done.returncode, "2 of 2: 2 ok" in done.stdout) == (0, True)
    assert "expected OLD=NEW" in refold(*words, "--map", "wait").stderr
