"""Triggers over HTTP: of definitions and made by hand, listed, paused, resumed and fired; the same cause is one execution."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.conftest import Server

FORM: dict[str, Any] = {"type": "object", "required": ["day"], "properties": {"day": {"type": "string"}}}
SAYS: dict[str, Any] = {
    "name": "says",
    "output": {
        "given": "{{ input }}", "id": "{{ trigger.id }}",
        "type": "{{ trigger.type }}", "by": "{{ trigger.by }}", "key": "{{ trigger.key }}",
    },
    "triggers": [{"id": "by_hand", "type": "manual", "input_form": FORM, "input": {"on": "{{ trigger.body.day }}"}}],
    "nodes": [{"id": "n", "type": "transform", "config": {"operation": "value", "value": 1}}],
}  # fmt: skip
PLAIN: dict[str, Any] = {"name": "plain", "nodes": [{"id": "n", "type": "transform", "config": {"operation": "value", "value": 1}}]}


@pytest.fixture
def published(server: Server) -> Server:
    for definition in (SAYS, PLAIN):
        assert server.ask("POST", "/v1/workflows", definition).status in (200, 201)
    return server


def fire(server: Server, name: str, body: Any = None, key: str | None = None, **headers: str) -> Any:
    return server.ask("POST", f"/v1/triggers/{name}/fire", {"body": body, "key": key}, headers)


def test_a_trigger_of_a_definition_is_listed_and_looked_at(published: Server) -> None:
    (one,) = published.get("/v1/triggers?workflow=says").json["triggers"]
    assert (one["name"], one["id"], one["type"], one["made_by"], one["status"]) == (
        "says.by_hand",
        "by_hand",
        "manual",
        "definition",
        "active",
    )
    assert one["config"]["input_form"] == FORM
    assert published.get("/v1/triggers/says.by_hand").json == one
    assert published.get("/v1/triggers/says.other").json["reason"] == "unknown_trigger"


def test_what_is_fired_sees_its_trigger_and_the_same_key_twice_is_one_execution(published: Server) -> None:
    first = fire(published, "says.by_hand", {"day": "monday"}, "k1")
    again = fire(published, "says.by_hand", {"day": "monday"}, "k1")
    assert (first.status, again.status) == (201, 200)
    assert first.json["execution_id"] == again.json["execution_id"]
    found = published.get(f"/v1/executions/{first.json['execution_id']}").json
    assert found["output"] == {"given": {"on": "monday"}, "id": "by_hand", "type": "manual", "by": "anonymous", "key": "k1"}
    rows = published.get("/v1/executions?filter=trigger.kind == 'manual' %26%26 trigger.id == 'by_hand'".replace(" ", "%20")).json[
        "executions"
    ]
    assert [row["execution_id"] for row in rows] == [first.json["execution_id"]]
    assert fire(published, "says.by_hand", {"day": "monday"}).json["execution_id"] != first.json["execution_id"]


def test_many_who_fire_for_the_same_cause_at_once_start_one_execution(published: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = {one.json["execution_id"] for one in pool.map(lambda _: fire(published, "says.by_hand", {"day": "x"}, "once"), range(40))}
    assert len(ids) == 1


def test_a_key_of_a_start_and_one_of_a_trigger_never_meet(published: Server) -> None:
    by_key = published.ask("POST", "/v1/workflows/says/executions", {}, {"Idempotency-Key": "says.by_hand/hand/k"})
    assert by_key.json["execution_id"] != fire(published, "says.by_hand", {"day": "x"}, "k").json["execution_id"]


@pytest.mark.parametrize("body", [None, {}, {"day": 7}, [], {"day": None}])
def test_what_the_form_does_not_allow_starts_nothing(published: Server, body: Any) -> None:
    answer = fire(published, "says.by_hand", body, f"bad {body}")
    assert (answer.status, answer.json["problems"][0]["path"].startswith("/body")) == (422, True)
    assert fire(published, "says.by_hand", {"day": "x"}, f"bad {body}").status == 201, "nothing was started for this cause"


def test_a_pause_has_its_reason_and_who_and_ends_with_resume(published: Server) -> None:
    paused = published.ask("POST", "/v1/triggers/says.by_hand/pause", {"reason": "closed"}).json
    again = published.ask("POST", "/v1/triggers/says.by_hand/pause", {"reason": "closed"}).json
    assert (paused["status"], paused["paused"]["reason"], paused["paused"]["by"]) == ("paused", "closed", "anonymous")
    assert again["paused"] == paused["paused"]
    assert fire(published, "says.by_hand", {"day": "x"}).status == 201, "by hand it is fired also then"
    for _ in range(2):
        assert published.ask("POST", "/v1/triggers/says.by_hand/resume").json["status"] == "active"
    assert published.ask("POST", "/v1/triggers/says.none/pause", {}).status == 404


def test_one_made_by_hand_is_made_changed_and_deleted(published: Server) -> None:
    asked = {"workflow": "plain", "trigger": {"type": "manual", "input": {"x": "{{ trigger.body }}"}}}
    made = published.ask("PUT", "/v1/triggers/hourly-Sales", asked)
    assert (made.status, made.json["made_by"], made.json["workflow"]) == (200, "hand", "plain")
    assert published.ask("PUT", "/v1/triggers/hourly-Sales", asked).json == made.json
    published.ask("POST", "/v1/triggers/hourly-Sales/pause", {})
    assert fire(published, "hourly-Sales", 7).status == 201
    assert [one["name"] for one in published.get("/v1/triggers?workflow=plain").json["triggers"]] == ["hourly-Sales"]
    assert published.ask("DELETE", "/v1/triggers/hourly-Sales").status == 200
    assert published.get("/v1/triggers/hourly-Sales").status == 404
    assert published.ask("PUT", "/v1/triggers/hourly-Sales", asked).json["status"] == "active", "made anew it is not paused"
    published.ask("DELETE", "/v1/triggers/hourly-Sales")


@pytest.mark.parametrize(
    ("name", "asked", "path", "said"),
    [
        ("t", {"workflow": "plain", "trigger": {"type": "manul"}}, "/trigger/type", "manul"),
        ("t", {"workflow": "plain", "trigger": {}}, "/trigger", "type"),
        ("t", {"workflow": "plain", "trigger": {"type": "manual", "id": "x"}}, "/trigger/id", "name"),
        ("t", {"workflow": "plain", "trigger": {"type": "manual", "input": ["{{ input.x }}"]}}, "/trigger/input/0", "not known here"),
        ("t", {"workflow": "plain", "trigger": {"type": "manual", "input_form": {"type": 7}}}, "/trigger/input_form/type", "Schema"),
        ("t", {"workflow": "plain"}, "/trigger", "required"),
        ("t", {"workflow": 7, "trigger": {"type": "manual"}}, "/workflow", "string"),
    ],
)
def test_what_is_no_trigger_is_refused_by_what_is_wrong_with_it(
    published: Server, name: str, asked: Any, path: str, said: str
) -> None:  # fmt: skip
    answer = published.ask("PUT", f"/v1/triggers/{name}", asked)
    assert answer.status == 422, answer.content
    problem = answer.json["problems"][0]
    assert (problem["path"], said in problem["message"]) == (path, True), problem


def test_a_trigger_is_not_made_for_a_workflow_that_there_is_not(published: Server) -> None:
    answer = published.ask("PUT", "/v1/triggers/lost", {"workflow": "nowhere", "trigger": {"type": "manual"}})
    assert (answer.status, answer.json["reason"], "nowhere" in answer.json["detail"]) == (404, "unknown_workflow", True)
    assert published.get("/v1/triggers/lost").status == 404


def test_what_is_of_the_definition_is_not_made_or_deleted_by_hand(published: Server) -> None:
    asked = {"workflow": "plain", "trigger": {"type": "manual"}}
    assert published.ask("PUT", "/v1/triggers/says.by_hand", asked).status == 422
    assert published.ask("DELETE", "/v1/triggers/says.by_hand").json["reason"] == "not_by_hand"
    assert (
        published.ask("PUT", "/v1/triggers/t", {"workflow": "refold.bulk", "trigger": {"type": "manual"}}).json["reason"]
        == "system_workflow"
    )


def test_a_version_without_it_and_an_archived_workflow_have_no_trigger(published: Server) -> None:
    without = {name: value for name, value in SAYS.items() if name != "triggers"}
    published.ask("POST", "/v1/workflows", without)
    assert published.get("/v1/triggers/says.by_hand").status == 404
    published.ask("POST", "/v1/workflows/says/activate", {"version": 1})
    assert published.get("/v1/triggers/says.by_hand").status == 200
    published.ask("POST", "/v1/workflows/says/archive")
    assert published.get("/v1/triggers?workflow=says").json["triggers"] == []
    assert fire(published, "says.by_hand", {"day": "x"}).status == 404


def test_a_list_goes_on_page_by_page(published: Server) -> None:
    for number in range(5):
        published.ask("PUT", f"/v1/triggers/t{number}", {"workflow": "plain", "trigger": {"type": "manual"}})
    names: list[str] = []
    after: str | None = ""
    while after is not None:
        page = published.get(f"/v1/triggers?limit=2&workflow=plain&after={after}").json
        names += [one["name"] for one in page["triggers"]]
        after = page["next"]
    assert names == [f"t{number}" for number in range(5)]


# Schedules.

NIGHTLY: dict[str, Any] = {
    **PLAIN, "name": "nightly", "triggers": [{"id": "at_two", "type": "schedule", "cron": "0 2 * * *", "time_zone": "Europe/Berlin"}],
}  # fmt: skip


def test_the_next_ten_times_of_a_schedule_are_told_before_it_is_published_and_after(published: Server) -> None:
    (told,) = published.ask("POST", "/v1/workflows/validate", NIGHTLY).json["schedules"]
    published.ask("POST", "/v1/workflows", NIGHTLY)
    assert published.get("/v1/triggers/nightly.at_two").json["next"] == told["next"]
    assert (told["trigger"], len(told["next"]), told["next"] == sorted(set(told["next"]))) == ("at_two", 10, True)
    published.ask("POST", "/v1/triggers/nightly.at_two/pause", {})
    assert published.get("/v1/triggers/nightly.at_two").json["next"] == []
    published.ask("POST", "/v1/triggers/nightly.at_two/resume")


def test_a_schedule_that_is_made_starts_executions_by_itself(published: Server) -> None:
    published.ask("PUT", "/v1/triggers/each-second", {"workflow": "plain", "trigger": {"type": "schedule", "every": "1s"}})
    deadline = time.monotonic() + 60
    while (last := published.get("/v1/triggers/each-second").json["last"]) is None and time.monotonic() < deadline:
        pass  # each answer takes its time
    assert last is not None
    assert published.get("/v1/triggers/each-second").json["drift_ms"] >= 0
    published.ask("DELETE", "/v1/triggers/each-second")
    started = published.get(f"/v1/executions/{last['execution_id']}").json
    assert (started["workflow"], started["status"]) == ("plain", "completed")
    assert b"refold_triggers_fired_total" in published.ask("GET", "/metrics").content


def test_what_was_written_about_a_trigger_is_known_to_whoever_is_asked_with_its_stand(published: Server) -> None:
    put = published.ask(
        "PUT", "/v1/triggers/stands", {"workflow": "plain", "trigger": {"type": "schedule", "cron": "0 2 * * *", "jitter": "5m"}}
    )
    paused = published.ask("POST", "/v1/triggers/stands/pause", {"reason": "the bank is closed"})
    resumed = published.ask("POST", "/v1/triggers/stands/resume")
    assert put.json["stand"] < paused.json["stand"] < resumed.json["stand"]
    assert (0 <= put.json["jitter_ms"] < 300_000, put.json["drift_ms"]) == (True, None)
    shown = published.get(f"/v1/triggers/stands?min_stand={resumed.json['stand']}")
    assert (shown.status, shown.json["status"]) == (200, "active")
    gone = published.ask("DELETE", "/v1/triggers/stands").json
    listed = published.get(f"/v1/triggers?limit=500&min_stand={gone['stand']}").json
    assert (listed["stand"] >= gone["stand"], "stands" in {one["name"] for one in listed["triggers"]}) == (True, False)
    ahead = published.get(f"/v1/triggers?min_stand={gone['stand'] + 10**6}")
    assert (ahead.status, ahead.json["reason"]) == (422, "unknown_position")


def test_a_range_that_has_passed_is_made_up_for_once(published: Server) -> None:
    published.ask("POST", "/v1/workflows", NIGHTLY)
    asked = {"since": "2026-03-27T00:00:00Z", "until": "2026-03-31T00:00:00Z", "limit": 2}
    seen = published.ask("POST", "/v1/triggers/nightly.at_two/backfill", {**asked, "dry_run": True}).json
    answered = published.ask("POST", "/v1/triggers/nightly.at_two/backfill", asked)
    first = answered.json
    assert answered.headers["refold-position"] == str(first["position"])
    listed = published.get(f"/v1/executions?workflow=nightly&min_position={first['position']}").json["executions"]
    assert {one["execution_id"] for one in first["started"]} <= {one["execution_id"] for one in listed}
    assert (seen["next"], [one["execution_id"] for one in seen["started"]]) == (first["next"], [None, None])
    assert [one["due"] for one in seen["started"]] == [one["due"] for one in first["started"]]
    assert [(one["due"], one["created"], one["problem"]) for one in first["started"]] == [
        ("2026-03-27T01:00:00.000Z", True, None), ("2026-03-28T01:00:00.000Z", True, None),
    ]  # fmt: skip
    rest = published.ask("POST", "/v1/triggers/nightly.at_two/backfill", {**asked, "since": first["next"], "limit": 9}).json
    assert [one["due"] for one in rest["started"]] == ["2026-03-29T01:00:00.000Z", "2026-03-30T00:00:00.000Z"]
    again = published.ask("POST", "/v1/triggers/nightly.at_two/backfill", asked).json
    assert [one["created"] for one in again["started"]] == [False, False]
    assert [one["execution_id"] for one in again["started"]] == [one["execution_id"] for one in first["started"]]


@pytest.mark.parametrize(
    ("name", "asked", "status"),
    [
        ("nightly.at_two", {"since": "2026-03-27T00:00:00Z", "until": "2099-01-01T00:00:00Z"}, 422),
        ("nightly.at_two", {"since": "monday", "until": "2026-01-01T00:00:00Z"}, 422),
        ("nightly.at_two", {"since": "2026-03-27T00:00:00Z"}, 422),
        ("nightly.at_two", {"since": "2026-03-27T00:00:00Z", "until": "2026-03-27T00:00:00Z", "limit": 1_001}, 422),
        ("says.by_hand", {"since": "2026-03-27T00:00:00Z", "until": "2026-03-28T00:00:00Z"}, 409),
    ],
)
def test_a_range_that_is_none_is_refused(published: Server, name: str, asked: Any, status: int) -> None:
    published.ask("POST", "/v1/workflows", NIGHTLY)
    assert published.ask("POST", f"/v1/triggers/{name}/backfill", asked).status == status
