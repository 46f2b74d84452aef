"""Credentials over HTTP: kept by a real server, used by its activities against a real service, and never told to anybody."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from refold.client.blocking import Client
from tests.api.conftest import Server
from tests.workers.conftest import Web, web  # noqa: F401  # a fixture

SECRET = "s3cr3t-t0ken"
Serve = Callable[..., Server]


def paying(url: str) -> dict[str, Any]:
    return {"name": "order", "nodes": [{"id": "pay", "type": "http_request", "config": {"url": url, "credential": "crm"}}]}


@pytest.fixture
def asked(serve: Serve) -> Server:
    return serve("--allow-private-addresses")


def test_an_activity_shows_a_credential_that_nothing_else_tells(asked: Server, web: Web) -> None:  # noqa: F811
    web.answers["/pay"] = (200, {"content-type": "application/json"}, json.dumps({"echo": SECRET}).encode())
    made = asked.post("/v1/credentials", {"name": "crm", "kind": "bearer", "values": {"token": SECRET}, "summary": "the CRM"})
    assert (made.status, made.json["version"], made.json["versions"][0]["written_by"]) == (201, 1, "anonymous")
    asked.publish(paying(f"{web.url}/pay"))
    ended = asked.start("order", wait=30)
    assert ended["status"] == "completed", ended
    assert web.asked[0]["headers"]["authorization"] == f"Bearer {SECRET}"
    told = [
        asked.get(path).content for path in ("/v1/credentials", "/v1/credentials/crm", f"/v1/executions/{ended['execution_id']}/history")
    ]
    assert SECRET.encode() not in b"".join(told)
    (use,) = asked.get("/v1/credentials/crm/uses").json["uses"]
    assert (use["execution_id"], use["workflow"], use["path"], use["attempt"]) == (ended["execution_id"], "order", "pay", 1)
    asked.stop()
    left = b"".join(file.read_bytes() for file in asked.data.rglob("*") if file.is_file())
    assert SECRET.encode() not in left
    assert SECRET not in asked.stderr()


def test_both_clients_keep_rotate_and_delete(asked: Server) -> None:
    with Client(asked.url) as client:
        client.create_credential("hook", "signing", {"secret": "one-secret"}, workflows=["order"])
        rotated = client.rotate_credential("hook", {"secret": "two-secret"}, overlap="24h")
        assert (rotated["version"], rotated["workflows"], rotated["versions"][0]["valid_until"] > rotated["versions"][1]["written_at"]) == (
            2,
            ["order"],
            True,
        )
        assert [one["name"] for one in client.credentials()] == ["hook"]
        assert client.credential("hook")["needed_by"] == []
        assert client.delete_credential("hook") == client.delete_credential("hook") == {"name": "hook", "needed_by": []}
        assert client.credentials() == []


def test_one_that_is_named_is_deleted_by_force_alone_and_its_execution_waits_for_a_person(asked: Server, web: Web) -> None:  # noqa: F811
    asked.post("/v1/credentials", {"name": "crm", "kind": "bearer", "values": {"token": SECRET}})
    asked.publish(paying(web.url))
    refused = asked.ask("DELETE", "/v1/credentials/crm")
    assert (refused.status, refused.json["reason"]) == (409, "credential_needed")
    gone = asked.ask("DELETE", "/v1/credentials/crm?force=true").json
    assert gone["needed_by"] == [{"kind": "workflow", "name": "order", "version": 1, "path": "nodes.pay.config.credential"}]
    stuck = asked.start("order", wait=30)
    (incident,) = asked.get("/v1/incidents").json["incidents"]
    assert (stuck["status"], incident["error"]["type"]) == ("incident", "no_credential")
    asked.post("/v1/credentials", {"name": "crm", "kind": "bearer", "values": {"token": SECRET}})
    resolved = asked.post(f"/v1/executions/{stuck['execution_id']}/incidents/{incident['incident']}/resolve", {"action": "retry"})
    assert resolved.status == 200, resolved.content


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"name": "a b", "kind": "bearer", "values": {"token": SECRET}}, 422, "/name"),
        ({"name": "crm", "kind": "baerer", "values": {"token": SECRET}}, 422, "there is no kind of credentials 'baerer'"),
        ({"name": "crm", "kind": "basic", "values": {"token": SECRET}}, 422, "username is missing"),
        ({"name": "crm", "kind": "bearer", "values": {"token": [SECRET]}}, 422, "/values/token"),
        ({"name": "crm", "kind": "bearer", "values": SECRET}, 422, "/values"),
        ({"name": "crm", "kind": "bearer", "values": {"token": f"{SECRET}\n{SECRET}"}}, 422, "token is to be one line"),
        ({"name": "crm", "kind": "bearer", "values": {"token": f"{SECRET}\0"}}, 422, "token is no text"),
        ({"name": "crm", "kind": "values", "values": {"big": SECRET * 6_000}}, 422, "the values have more than 65,536 bytes"),
        ({"name": "crm", "kind": "bearer", "values": {"token": SECRET}, "overlap": SECRET}, 422, "/overlap"),
        (b'{"name": "crm", "values": {"token": "s3cr3t-t0ken"', 400, "JSON"),
        (b'{"name": "crm", "kind": "bearer", "values": {"token": "\\ud800 s3cr3t-t0ken"}}', 422, "half of one"),
    ],
)
def test_what_cannot_be_kept_is_refused_without_its_values(server: Server, body: Any, status: int, said: str) -> None:
    answer = server.ask("POST", "/v1/credentials", body)
    assert (answer.status, said in answer.content.decode(), SECRET in answer.content.decode()) == (status, True, False), answer.content
    assert SECRET not in server.stderr()


def test_a_template_names_no_credential(server: Server) -> None:
    """Else whoever may start could choose, and nobody could say what still needs one."""
    body = paying("https://x.example")
    body["nodes"][0]["config"]["credential"] = "{{ input.which }}"
    answer = server.post("/v1/workflows/validate", body)
    (problem,) = answer.json["problems"]
    assert (problem["path"], "the name of a credential as it is, no template" in problem["message"]) == ("nodes[0].config.credential", True)


def test_a_trigger_that_was_made_by_hand_needs_what_it_proves_requests_by(asked: Server) -> None:
    asked.post("/v1/credentials", {"name": "orders_hook", "kind": "signing", "values": {"secret": SECRET}})
    asked.publish({"name": "plain", "nodes": [{"id": "n", "type": "noop"}]})
    signature = {"kind": "standard_webhooks", "secret": "orders_hook"}
    trigger = {"type": "webhook", "path": "orders", "signature": signature, "key": "trigger.headers['webhook-id']"}
    made = asked.ask("PUT", "/v1/triggers/mine", {"workflow": "plain", "trigger": trigger})
    assert made.status == 200, made.content
    (need,) = asked.get("/v1/credentials/orders_hook").json["needed_by"]
    assert (need["kind"], need["name"]) == ("resource", "triggers/mine")
    assert asked.ask("DELETE", "/v1/credentials/orders_hook").json["reason"] == "credential_needed"


@pytest.mark.parametrize("odd", ["X:Y", "", "x y", "x\u00e9", "x,y", "\tx"])
def test_a_header_that_cannot_be_one_is_refused_when_it_is_made(server: Server, odd: str) -> None:
    refused = server.post("/v1/credentials", {"name": "odd", "kind": "header", "values": {"name": odd, "value": SECRET}})
    assert refused.status == 422
    assert SECRET.encode() not in refused.content
