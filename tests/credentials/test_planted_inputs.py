"""Planted secret inputs: twenty come in by every door that a schema guards; what runs leave is searched for them, and none is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from contracts.sealed_value import MARK
from tests.api.conftest import Server, serve  # noqa: F401  # a fixture
from tests.cli.conftest import CommandLine, refold  # noqa: F401  # a fixture
from tests.credentials.test_planted import PLANTED, echo, found_in, left_in
from tests.credentials.test_sealed_inputs import SECRET, ended
from tests.workers.conftest import Web, web  # noqa: F401  # a fixture

BY_START, BY_HAND, BY_ANSWER = PLANTED[:14], PLANTED[14:17], PLANTED[17:]
ENDS: dict[str, dict[str, Any]] = {"ok": {}, "text": {}, "fail": {}, "moved": {"follow_redirects": True}, "odd": {}}
FORM = {"type": "object", "properties": {"keys": {"type": "array", "items": SECRET}}}


def calls(url: str, at: int, key: str, *ends: str) -> list[dict[str, Any]]:
    """Nodes that send a key to a service which tells everything it was told."""
    config = {
        "headers": {"x-api-key": f"{{{{ {key} }}}}"},
        "method": "POST",
        "body": {"key": f"{{{{ {key} }}}}", "is": f"it is {{{{ {key} }}}}"},
    }
    return [
        {
            "id": f"{end}_{at}", "type": "http_request", "on_error": "continue", "retry": {"max_attempts": 2, "initial_delay": "1ms"},
            "config": {**config, "url": f"{url}/{end}/k{at}", **ENDS[end]},
        }
        for end in ends
    ]  # fmt: skip


def planted(url: str) -> list[dict[str, Any]]:
    by_start = [node for at in range(len(BY_START)) for node in calls(url, at, f"input.keys[{at}]", *ENDS)]
    says = {"id": "say", "type": "log", "config": {"message": "{{ input.keys[0] }}", "level": "warning"}}
    code = {"id": "odd", "type": "code", "on_error": "continue", "config": {"source": "1 / 0 if input else 0", "input": "{{ input.keys }}"}}
    fails = {"id": "fails", "type": "fail", "config": {"type": "x.y", "message": "no {{ input.keys[1] }}"}}
    sets = {"id": "sets", "type": "set_variable", "config": {"name": "kept", "value": "{{ input.keys }}"}}
    hand = {"id": "by_hand", "type": "manual", "input_form": FORM, "input": {"keys": "{{ trigger.body.keys }}"}}
    asks = {"id": "ask", "type": "human_task", "config": {"kind": "data_input", "question": "Keys? {{ input.note }}", "form": FORM}}
    by_hand = [node for at in range(len(BY_HAND)) for node in calls(url, 14 + at, f"input.keys[{at}]", "ok", "fail")]
    by_answer = [node for at in range(len(BY_ANSWER)) for node in calls(url, 17 + at, f"nodes.ask.output.data.keys[{at}]", "ok", "fail")]
    settings = {"search": {"keys": "size(input.keys)"}}
    return [
        {
            "name": "planted", "input": FORM, "settings": settings, "variables": {"kept": None}, "nodes": [*by_start, says, code, sets],
            "output": "{{ input }}",
        },
        {"name": "failing", "input": FORM, "settings": {**settings, "on_failure": "fail"}, "nodes": [fails]},
        {"name": "by_hand", "triggers": [hand], "nodes": by_hand},
        {"name": "asks", "nodes": [asks, *by_answer], "edges": [{"from": "ask.approved", "to": node["id"]} for node in by_answer]},
    ]  # fmt: skip


def by_all_doors(server: Server, told: list[tuple[str, bytes]]) -> list[str]:
    """The executions that came of it."""
    long = {"keys": [*BY_START, "x" * 60_000]}
    made = [
        server.start("planted", {"keys": BY_START}, wait=60),
        server.start("planted", long, wait=60),
        server.start("failing", {"keys": BY_START}),
    ]
    fired = server.post("/v1/triggers/by_hand.by_hand/fire", {"body": {"keys": BY_HAND, "note": f"they are {' '.join(BY_HAND)}"}})
    asked = server.start("asks", {"note": "now"})
    (task,) = [one["task"] for one in server.get(f"/v1/executions/{asked['execution_id']}/state").json["waiting_for"]]
    misfit = server.post(f"/v1/tasks/{task}/answer", {"port": "approved", "data": {"keys": [*BY_ANSWER, 1]}})
    answered = server.post(f"/v1/tasks/{task}/answer", {"port": "approved", "data": {"keys": BY_ANSWER}})
    refused = server.post("/v1/workflows/planted/executions", {"input": {"keys": [*BY_START, 7, {"a": PLANTED[0]}]}})
    assert (fired.status, misfit.status, answered.status, refused.status) == (201, 422, 200, 422), (fired.json, misfit.json, answered.json)
    told += [(f"answer {at}", one.content) for at, one in enumerate((fired, misfit, answered, refused))]
    told += [(f"start {at}", json.dumps(one).encode()) for at, one in enumerate(made)]
    names = [*(one["execution_id"] for one in made), fired.json["execution_id"], asked["execution_id"]]
    assert [ended(server, name) for name in names] == ["completed", "completed", "failed", "completed", "completed"]
    told.append(("the task", server.get(f"/v1/tasks/{task}").content))
    return names


def test_twenty_secret_inputs_are_found_in_nothing_that_runs_leave(
    serve: Callable[..., Server], web: Web, tmp_path: Path, refold: CommandLine  # noqa: F811
) -> None:  # fmt: skip
    echo(web, [(f"k{at}", "bearer", {"token": secret}) for at, secret in enumerate(PLANTED)])
    server = serve("--allow-private-addresses", "--set", "log_format=json")
    server.publish(*planted(web.url))
    told: list[tuple[str, bytes]] = []
    names = by_all_doors(server, told)
    parts = ("", "/nodes", "/history?limit=5000", "/state", "/trace", "/spans")
    lists = (
        "/v1/executions",
        "/v1/incidents",
        "/v1/node-runs",
        "/v1/tasks?open=false",
        "/v1/audit",
        "/v1/analytics",
        "/metrics",
        "/v1/triggers",
    )
    for path in (*(f"/v1/executions/{name}{part}" for name in names for part in parts), *lists, "/v1/credentials"):
        answer = server.get(path)
        assert answer.status == 200, (path, answer.content)
        told.append((path, answer.content))
    said = refold("backup", tmp_path / "backup", "--data", server.data)
    told.append(("refold backup", (said.out + said.err).encode()))
    assert server.stop() == 0
    for words in [
        ("verify", "--all"),
        *(("history", name, "--json") for name in names),
        ("show", names[0], "--json"),
        ("doctor",),
        ("list",),
    ]:
        said = refold(*words, "--data", server.data, code=None)
        told.append((" ".join(words), (said.out + said.err).encode()))
    everything = [*left_in(server.data)]
    refold("archive", "make", "--data", server.data, "--set", f"archive={tmp_path / 'archive'}", "--set", "retention=1ms")
    told.append(("the log", server.stderr().encode()))
    everything += [(file.name, file.read_bytes()) for to in ("backup", "archive") for file in (tmp_path / to).rglob("*") if file.is_file()]
    sent = json.dumps([one["headers"] for one in web.asked])
    assert all(json.dumps(secret)[1:-1] in sent for secret in PLANTED), "not all have reached the service, so nothing is shown"
    assert [one for where, content in everything + told for one in found_in(content, where)] == []
    assert [where for where, content in told if MARK.encode() in content] == []
