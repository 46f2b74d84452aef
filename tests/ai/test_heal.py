"""Healing with a model: what it says is checked as publishing does, said back where it does not hold, and counted against a budget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ai.fake import Fake, Reply
from tests.api.conftest import Server
from tests.api.test_heal import answer, ended, heal, state, task_of

MODEL = "ollama:llama3.2"
TEXT = """\
name: divides # for the shop
settings: {on_failure: fail, search: {n: string(input.n)}}
nodes:
  - {id: half, type: transform, config: {operation: value, value: "{{ 12 / input.n }}"}} # of twelve
  - {id: out, type: end, config: {outcome: done}}
edges: [{from: half, to: out}]
"""


@pytest.fixture
def server(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("OLLAMA_BASE_URL", fake.base("ollama"))
    running = Server(tmp_path)
    assert running.ask("POST", "/v1/workflows", TEXT.encode(), {"Content-Type": "application/yaml"}).status == 201
    for name, number in (("ok", 3), ("no", 0)):
        running.post("/v1/workflows/divides/executions?wait=30", {"execution_id": name, "input": {"n": number}})
    yield running
    running.process.terminate()
    running.process.wait()


def said(find: str, replace: str, kind: str = "retry", **more: Any) -> Reply:
    edits = [{"find": find, "replace": replace}]
    return Reply(texts=(json.dumps({"kind": kind, "reason": "n may be 0", "risk": "medium", "edits": edits, **more}),))


def test_a_model_is_told_what_failed_and_its_change_is_what_it_changes(server: Server, fake: Fake) -> None:
    good = said("12 / input.n }}", "input.n == 0 ? 0 : 12 / input.n }}")
    fake.replies = [said("nothing like that", "x"), said("12 / input.n }}", "12 / input.m("), good]
    begun = heal(server, "no", model=MODEL, auto=["retry"])
    details = server.get(f"/v1/tasks/{task_of(server, begun['heal_id'])}").json["details"]
    assert (details["kind"], details["suggested_by"], details["risk"]) == ("config", "model", "medium")  # it had said `retry`
    assert [line for line in details["difference"].splitlines() if line[:1] in "+-"][2:] == [
        '-  - {id: half, type: transform, config: {operation: value, value: "{{ 12 / input.n }}"}} # of twelve',
        '+  - {id: half, type: transform, config: {operation: value, value: "{{ input.n == 0 ? 0 : 12 / input.n }}"}} # of twelve',
    ]
    assert {name: details["recorded"][name] for name in ("compared", "fixed", "unchanged")} == {"compared": 2, "fixed": 1, "unchanged": 1}
    asked = [json.dumps(one.body, ensure_ascii=False) for one in fake.asked]
    assert len(asked) == 3
    assert all(word in asked[0] for word in ("divides # for the shop", "against_the_last_success", "ok", "expression"))
    assert "does not hold" not in asked[0]
    assert "stands in the definition once" in asked[1]
    assert "does not hold" in asked[2]
    answer(server, task_of(server, begun["heal_id"]), "approved")
    output = ended(server, begun["heal_id"])["output"]
    assert (output["by"], output["version"]) == ("model", 2)
    assert state(server, output["execution_id"])["outcome"] == "done"  # it failed as it began: another one has begun anew
    assert state(server, output["execution_id"])["input"] == {"n": 0}


def test_a_model_that_gives_nothing_usable_ends_it_without_a_suggestion(server: Server, fake: Fake) -> None:
    fake.replies = [said("name: divides", "name: other")]
    begun = heal(server, "no", model=MODEL)
    output = ended(server, begun["heal_id"])["output"]
    assert "would be other" in " ".join(output["problems"])
    assert len(fake.asked) == 3


def test_a_budget_stops_it_before_the_model_is_asked_and_rules_suggest(server: Server, fake: Fake) -> None:
    begun = heal(server, "no", model=MODEL, budget={"tokens": 100})
    found = ended(server, begun["heal_id"])
    assert (found["outcome"], fake.asked) == ("nothing", [])
    assert "no rule knows what helps against expression" in " ".join(found["output"]["problems"])
    nodes = {one["path"]: one for one in server.get(f"/v1/executions/{begun['heal_id']}/nodes").json["nodes"]}
    assert nodes["suggest"]["error"]["type"] == "ai.budget"
