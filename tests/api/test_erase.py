"""Erasing over HTTP: what a server keeps of an execution anywhere in its folder, and what it says of it afterwards."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.api.conftest import Server
from tests.api.test_bulk import ask, ended, results

MARKER = "MARKER-Ada Lovelace"
LETTER: dict[str, Any] = {
    "name": "letter",
    "settings": {"erasable": True, "search": {"who": "input.who"}, "on_failure": "fail"},
    "nodes": [
        {"id": "copy", "type": "noop", "cache": {"ttl": "1h"}},
        {"id": "no", "type": "fail", "config": {"type": "refused", "message": "no to {{ input.who }}"}},
    ],
    "edges": [{"from": "copy", "to": "no"}],
}
BIG = {"who": MARKER, "text": MARKER * 5_000}
READY_S = 20


def holding(folder: Path, marker: str) -> list[str]:
    """The files of a folder in which a text stands, as it is or as JSON writes it."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and marker.encode() in path.read_bytes())


def listed(server: Server, execution: str) -> Any:
    """The row of an execution, as far as there is one."""
    rows = server.get("/v1/executions?workflow=letter").json["executions"]
    return next((row for row in rows if row["execution_id"] == execution), {"error": None})


def settled(server: Server, execution: str, error: str) -> Any:
    """Its row, once it says that."""
    end = time.monotonic() + READY_S
    while (row := listed(server, execution))["error"] is None or row["error"]["type"] != error:
        assert time.monotonic() < end, row
    return row


def gone_from(folder: Path, marker: str) -> None:
    """Wait until no file has it any more: somebody may just be reading the rows, which keeps what was there before beside them."""
    end = time.monotonic() + READY_S
    while found := holding(folder, marker):
        assert time.monotonic() < end, found


def test_after_an_erasure_nothing_that_was_said_stands_anywhere_in_the_folder(serve: Callable[..., Server], tmp_path: Path) -> None:
    server = serve()
    server.publish(LETTER)
    for name in ("small", "big"):
        server.start("letter", BIG if name == "big" else {"who": MARKER}, wait=10, execution_id=name)
        settled(server, name, "refused")
    assert server.get("/v1/executions/big/history").json["events"][0]["data"]["input"]["bytes"] > 64 * 1024
    for name in ("small", "big"):
        answer = server.post(f"/v1/executions/{name}/erase", {"reason": "she asked"})
        assert (answer.status, answer.json["status"]) == (200, "failed")
        settled(server, name, "erased")
    gone_from(server.data, MARKER)
    server.stop()
    assert holding(server.data, MARKER) == []


def test_what_is_erased_is_said_by_whom_when_and_why_also_after_a_kill(serve: Callable[..., Server]) -> None:
    server = serve()
    server.publish(LETTER)
    server.start("letter", {"who": MARKER}, wait=10, execution_id="x")
    position = server.post("/v1/executions/x/erase", {"reason": "she asked"}).json["position"]
    server.kill()
    for path in server.data.glob("projection.db*"):
        path.unlink()
    server = serve()
    row = server.get(f"/v1/executions/x?min_position={position}").json
    assert row["error"]["details"].keys() == {"at", "by", "reason"}
    assert (row["error"]["type"], row["error"]["details"]["by"], row["error"]["details"]["reason"]) == ("erased", "anonymous", "she asked")
    assert (row["status"], row["output"]) == ("failed", None)
    answer = server.get(f"/v1/executions/x/history?min_position={position}")
    assert answer.status == 200, answer.content
    (event,) = answer.json["events"]
    assert (event["type"], event["actor"], event["data"]["reason"]) == ("ExecutionErased", "anonymous", "she asked")
    assert settled(server, "x", "erased")["search"] is None
    for what in ("trace", "spans"):
        told = server.get(f"/v1/executions/x/{what}")
        assert (told.status, told.json["reason"]) == (409, "erased")
    assert MARKER not in json.dumps([server.get(f"/v1/executions/x/{what}").json for what in ("state", "nodes", "history")])
    before = server.get("/v1/executions/x/state?at=2")
    assert (before.status, before.json["reason"]) == (409, "erased")
    assert "how it was after its event 2 is not known any more" in before.json["detail"]
    gone_from(server.data, MARKER)


def test_of_what_is_sealed_and_has_lost_its_key_each_answer_says_so(serve: Callable[..., Server]) -> None:
    server = serve()
    server.publish(LETTER)
    position = server.start("letter", {"who": MARKER}, wait=10, execution_id="x")["position"]
    server.stop()
    for path in (*server.data.glob("projection.db*"), server.data / "keys", *server.data.glob("snapshots/*")):
        path.unlink()
    server = serve()
    server.get(f"/v1/executions?min_position={position}")
    for what in ("", "/history", "/state", "/state?at=2", "/nodes", "/trace", "/spans", "/events"):
        answer = server.get(f"/v1/executions/x{what}")
        assert (answer.status, answer.json["reason"]) == (409, "erased"), (what, answer.json)
        assert "it is sealed, and key 0 is not there" in answer.json["detail"]


def test_what_cannot_be_erased_is_refused_with_the_way_out(serve: Callable[..., Server]) -> None:
    server = serve()
    server.publish({**LETTER, "settings": {"on_failure": "fail"}})
    server.start("letter", {"who": MARKER}, wait=10, execution_id="x")
    answer = server.post("/v1/executions/x/erase", {"reason": "she asked"})
    assert (answer.status, answer.json["type"]) == (409, "urn:refold:not_sealed")
    assert "settings.erasable" in answer.json["detail"]
    assert server.post("/v1/executions/nobody/erase", {}).status == 404


def test_many_are_erased_by_an_operation_and_who_was_not_sealed_is_passed_over(serve: Callable[..., Server]) -> None:
    server = serve()
    server.publish(LETTER, {**LETTER, "name": "open", "settings": {"on_failure": "fail"}})
    for number in range(3):
        server.start("letter", {"who": MARKER}, wait=10, execution_id=f"many-{number}")
    server.start("open", {"who": MARKER}, wait=10, execution_id="many-open")
    operation = ask(server, "erase", "execution_id.startsWith('many-')", reason="they asked")
    assert ended(server, operation)["status"] == "completed"
    assert {one["execution_id"]: one["result"] for one in results(server, operation)} == {
        **{f"many-{number}": "ok" for number in range(3)}, "many-open": "skipped"
    }  # fmt: skip
    for number in range(3):
        assert settled(server, f"many-{number}", "erased")["error"]["message"].endswith(" by anonymous: they asked")
    rows = server.get("/v1/audit?command=EraseExecution").json
    assert len(rows["audit"]) == 3, rows
