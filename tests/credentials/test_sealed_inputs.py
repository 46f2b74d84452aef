"""Secret inputs: what a schema marks is stored sealed, shown as dots, and opened by the engine's own workers alone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from contracts.sealed_value import MARK
from tests.api.conftest import BEHIND_S, Server, serve  # noqa: F401  # a fixture
from tests.credentials.test_planted import found_in, left_in
from tests.workers.conftest import Web, web  # noqa: F401  # a fixture

TOKEN = "pl4nted-00-plain-zq"
OTHER = "pl4nted-01-per%cent-zq"
SECRET = {"type": "string", "minLength": 6, "writeOnly": True}
Serve = Callable[..., Server]


@pytest.fixture
def asked(serve: Serve) -> Server:  # noqa: F811
    return serve("--allow-private-addresses")


def calling(url: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "call",
        "input": {"type": "object", "required": ["token"], "properties": {"token": SECRET, "user": {"type": "string"}}},
        "nodes": [
            {"id": "call", "type": "http_request", "config": {"url": url, "headers": {"authorization": "Bearer {{ input.token }}"}}},
            {"id": "pass", "type": "noop", "input": "{{ input }}"},
        ],
        "edges": [{"from": "call", "to": "pass"}],
        "output": {"told": "{{ nodes.call.output.body }}", "given": "{{ input.token }}", "said": "with {{ input.token }}!"},
        **more,
    }


def ended(server: Server, name: str) -> str:
    """Its status once it is over."""
    deadline = time.monotonic() + BEHIND_S
    while (status := server.get(f"/v1/executions/{name}").json["status"]) == "running" and time.monotonic() < deadline:
        pass  # each answer took its time
    return str(status)


def echo(web: Web) -> None:  # noqa: F811
    web.answers["/call"] = (200, {"content-type": "application/json"}, json.dumps({"echo": TOKEN}).encode())


def test_a_secret_input_reaches_the_service_and_nothing_else_tells_it(asked: Server, web: Web) -> None:  # noqa: F811
    echo(web)
    asked.publish(calling(f"{web.url}/call", settings={"search": {"user": "input.user"}}))
    done = asked.start("call", {"token": TOKEN, "user": "ann"}, wait=30)
    assert done["status"] == "completed", done
    assert web.asked[0]["headers"]["authorization"] == f"Bearer {TOKEN}"
    assert done["output"] == {"told": {"echo": "•••"}, "given": "•••", "said": "with •••!"}
    name = done["execution_id"]
    paths = ["", "/history", "/state", "/nodes", "/spans"]
    told = b"".join(asked.get(f"/v1/executions/{name}{path}").content for path in paths) + asked.get("/v1/executions").content
    assert "•••".encode() in told
    assert MARK.encode() not in told
    assert not found_in(told, "the API")
    (call,) = asked.get("/v1/credentials/refold.sealed-values/uses").json["uses"]
    assert (call["execution_id"], call["path"], call["purpose"]) == (name, "call", "opened values marked secret")
    asked.stop()
    assert not [found for where, content in left_in(asked.data) for found in found_in(content, where)]
    assert not found_in(asked.stderr().encode(), "the log")


def test_what_an_activity_gives_back_can_be_handed_on(asked: Server, web: Web) -> None:  # noqa: F811
    echo(web)
    made = {"id": "make", "type": "code", "config": {"source": "{'basic': 'Basic ann:' + input['token']}", "input": "{{ input }}"}}
    headers = {"authorization": "{{ nodes.make.output.basic }}"}
    call = {"id": "call", "type": "http_request", "config": {"url": f"{web.url}/call", "headers": headers}}
    asked.publish(calling("", name="coded", nodes=[made, call], edges=[{"from": "make", "to": "call"}], output=None))
    done = asked.start("coded", {"token": TOKEN}, wait=30)
    assert done["status"] == "completed", done
    assert web.asked[0]["headers"]["authorization"] == f"Basic ann:{TOKEN}"
    assert b"Basic ann:\xe2\x80\xa2" in asked.get(f"/v1/executions/{done['execution_id']}/history").content
    asked.stop()
    assert not [found for where, content in left_in(asked.data) for found in found_in(content, where)]


def test_the_same_start_twice_is_one_and_another_secret_is_another(asked: Server, serve: Serve, web: Web) -> None:  # noqa: F811
    echo(web)
    asked.publish(calling(f"{web.url}/call"))
    one = {"execution_id": "mine", "input": {"token": TOKEN}}
    first, again = (asked.post("/v1/workflows/call/executions", one) for _ in range(2))
    assert (first.status, again.status) == (201, 200)
    asked.stop()
    asked = serve("--allow-private-addresses")
    assert asked.post("/v1/workflows/call/executions", one).status == 200
    other = asked.post("/v1/workflows/call/executions", {**one, "input": {"token": OTHER}})
    assert (other.status, other.json["reason"]) == (409, "already_exists")


def test_a_secret_that_does_not_fit_is_refused_without_being_quoted(asked: Server) -> None:
    asked.publish(calling("http://127.0.0.1:1/"))
    for odd in ("x4y1z", 18446744073709551617, {"pin": "x4y1z"}, ["x4y1z"], True):
        refused = asked.post("/v1/workflows/call/executions", {"input": {"token": odd}})
        assert refused.status == 422, refused.json
        assert b"x4y1z" not in refused.content
        assert b"1844674" not in refused.content


def test_a_secret_is_not_opened_for_another_execution(asked: Server, serve: Serve, web: Web) -> None:  # noqa: F811
    """Who has read one in the journal and gives it to an execution of their own is sent dots."""
    echo(web)
    asked.publish(calling(f"{web.url}/call"))
    asked.start("call", {"token": TOKEN}, wait=30)
    asked.stop()
    journal = b"".join(content for where, content in left_in(asked.data) if where.startswith("journal"))
    at = journal.index(MARK.encode())
    stolen = journal[at : journal.index(b"~", at + 1) + 1].decode()
    asked = serve("--allow-private-addresses")
    there = len(web.asked)
    failed = asked.start("call", {"token": stolen}, wait=30)
    assert failed["status"] == "incident"  # dots are no header
    assert len(web.asked) == there


def test_children_open_what_their_parent_hands_on(asked: Server, web: Web) -> None:  # noqa: F811
    echo(web)
    asked.publish(calling(f"{web.url}/call"))
    schema = {"type": "object", "properties": {"key": {"type": "string", "x-refold-secret": True}}}
    child = {"id": "child", "type": "sub_workflow", "config": {"workflow": "call", "input": {"token": "{{ input.key }}"}}}
    asked.publish({"name": "parent", "input": schema, "nodes": [child]})
    assert asked.start("parent", {"key": TOKEN}, wait=30)["status"] == "completed"
    assert web.asked[0]["headers"]["authorization"] == f"Bearer {TOKEN}"


def test_a_form_of_a_manual_trigger_and_what_it_saw_hold_no_secret(asked: Server, web: Web) -> None:  # noqa: F811
    echo(web)
    form = {"type": "object", "properties": {"token": SECRET, "note": {"type": "string"}}}
    by_hand = {"id": "by_hand", "type": "manual", "input_form": form, "input": {"token": "{{ trigger.body.token }}"}}
    asked.publish(calling(f"{web.url}/call", triggers=[by_hand], input=True))
    started = asked.post("/v1/triggers/call.by_hand/fire", {"body": {"token": TOKEN, "note": f"it is {TOKEN}"}})
    assert started.status == 201, started.json
    assert ended(asked, started.json["execution_id"]) == "completed"
    assert web.asked[0]["headers"]["authorization"] == f"Bearer {TOKEN}"
    refused = asked.post("/v1/triggers/call.by_hand/fire", {"body": {"token": "sh0rt"}})
    assert refused.status == 422
    assert b"sh0rt" not in refused.content
    asked.stop()
    assert not [found for where, content in left_in(asked.data) for found in found_in(content, where)]


def test_an_answer_to_a_task_is_sealed_where_its_form_says(asked: Server, web: Web) -> None:  # noqa: F811
    echo(web)
    form = {"type": "object", "required": ["token"], "properties": {"token": SECRET}}
    ask = {"id": "ask", "type": "human_task", "config": {"kind": "data_input", "question": "The token?", "form": form}}
    headers = {"authorization": "Bearer {{ nodes.ask.output.data.token }}"}
    call = {"id": "call", "type": "http_request", "config": {"url": f"{web.url}/call", "headers": headers}}
    asked.publish({"name": "asks", "nodes": [ask, call], "edges": [{"from": "ask.approved", "to": "call"}]})
    for way in ("answer", "resume"):
        name = asked.start("asks")["execution_id"]
        task = next(one["task"] for one in asked.get(f"/v1/executions/{name}/state").json["waiting_for"] if one["for"] == "task")
        port = asked.get(f"/v1/tasks/{task}").json["ports"][0]["port"]
        if way == "answer":
            refused = asked.post(f"/v1/tasks/{task}/answer", {"port": port, "data": {"token": "sh0rt"}})
            done = asked.post(f"/v1/tasks/{task}/answer", {"port": port, "data": {"token": TOKEN}})
        else:
            refused = asked.post(f"/v1/executions/{name}/resume", {"resume_data": {"token": "sh0rt"}})
            done = asked.post(f"/v1/executions/{name}/resume", {"resume_data": {"token": TOKEN}})
        assert refused.status == 422, refused.json
        assert b"sh0rt" not in refused.content
        assert done.status == 200, done.json
        assert ended(asked, name) == "completed"
        assert web.asked[-1]["headers"]["authorization"] == f"Bearer {TOKEN}"
        assert TOKEN.encode() not in asked.get(f"/v1/tasks/{task}").content
    asked.stop()
    assert not [found for where, content in left_in(asked.data) for found in found_in(content, where)]
