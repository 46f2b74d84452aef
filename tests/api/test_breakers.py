"""Circuit breakers over HTTP: made, looked at, opened and closed by hand; what goes by one that is open waits, and says so."""

from __future__ import annotations

import re
from typing import Any

import pytest

from refold.client.blocking import Client
from tests.api.conftest import Server
from tests.api.test_limits import until

ORDERS: dict[str, Any] = {
    "name": "breaker_orders",
    "nodes": [{"id": "order", "type": "http_request", "config": {"url": "https://nowhere.breaker.example/orders"}, "on_error": "continue"}],
}
SHOP = {"match": {"host": "nowhere.breaker.example"}, "failures": 3, "window": "1m", "cool_down": "10s"}


def test_a_breaker_is_made_looked_at_and_deleted(server: Server) -> None:
    made = server.ask("PUT", "/v1/breakers/api-shop", SHOP)
    assert (made.status, made.json["value"]) == (200, SHOP)
    stands: dict[str, Any] = {"state": "closed", "since": None, "until": None, "reason": "", "is_by_hand": False, "warnings": []}
    assert {name: made.json[name] for name in stands} == stands
    assert server.get("/v1/breakers/api-shop").json == made.json
    assert made.json in server.get("/v1/breakers").json["breakers"]
    assert server.ask("DELETE", "/v1/breakers/api-shop").status == 200
    assert server.get("/v1/breakers/api-shop").status == 404


def test_what_goes_by_one_that_a_person_has_opened_waits_until_a_person_closes_it(server: Server) -> None:
    assert server.ask("POST", "/v1/workflows", ORDERS).status in (200, 201)
    client = Client(server.url)
    client.put_breaker("api-house", {"host": "NOWHERE.breaker.example"})
    assert client.open_breaker("api-house", "they move house") == {"name": "api-house", "state": "open"}
    until(lambda: client.breaker("api-house")["state"] == "open")
    found = client.breaker("api-house")
    assert (found["is_by_hand"], found["reason"], found["until"]) == (True, "they move house", None)
    name = server.ask("POST", "/v1/workflows/breaker_orders/executions", {}).json["execution_id"]
    until(lambda: [one["for"] for one in client.state(name)["waiting_for"]] == ["breaker"])
    (wait,) = client.state(name)["waiting_for"]
    assert (wait["breaker"], wait["path"], wait["attempt"]) == ("api-house", "order", 1)
    until(lambda: bool(waiting(server)))
    assert [(one["execution_id"], one["waits_for"], one["name"]) for one in waiting(server)] == [(name, "breaker", "api-house")]
    assert metric(server, 'refold_breakers{state="open"}') == 1
    assert metric(server, 'refold_held_activities{breaker="api-house"}') == 1
    assert client.close_breaker("api-house") == {"name": "api-house", "state": "closed"}
    assert client.close_breaker("api-house") == {"name": "api-house", "state": "closed"}
    until(lambda: server.get(f"/v1/executions/{name}").json["status"] == "completed")
    until(lambda: steered(server) == ["close api-house", "open api-house: they move house"])
    client.delete_breaker("api-house")
    assert metric(server, 'refold_breakers{state="open"}') == 0


def steered(server: Server) -> list[str]:
    return [one["about"] for one in server.get("/v1/audit?command=SteerBreaker").json["audit"]]


def waiting(server: Server) -> list[Any]:
    found: list[Any] = server.get("/v1/waiting?filter=waits_for%20%3D%3D%20%27breaker%27").json["waiting"]
    return found


def metric(server: Server, name: str) -> float:
    (value,) = re.findall(rf"^{re.escape(name)} (.*)$", server.get("/metrics").content.decode(), re.MULTILINE)
    return float(value)


@pytest.mark.parametrize("kind", ["delay", "for_each", "human_task"])
def test_a_kind_that_is_no_activity_is_refused_as_nothing_would_go_by_the_breaker(server: Server, kind: str) -> None:
    answer = server.ask("PUT", "/v1/breakers/api-wrong", {"match": {"kind": kind, "host": "a b"}})
    assert (answer.status, [one["path"] for one in answer.json["problems"]]) == (422, ["/match/kind", "/match/host"])
    assert f"`{kind}`" in answer.json["problems"][0]["message"]


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"match": {}}, "/match"),
        ({"match": {"kind": "x"}, "window": "1 fortnight"}, "/window"),
        ({"match": {"kind": "x"}, "window": "1ms"}, "/window"),
        ({"match": {"kind": "x"}, "cool_down": "25h"}, "/cool_down"),
        ({"match": {"host": "https://shop.example"}}, "/match/host"),
        ({"match": {"kind": ""}}, "/match/kind"),
        ({"match": {"kind": "x"}, "failures": 0}, "/failures"),
        ({"match": {"kind": "x"}, "failures": 10**30}, "/failures"),
        ({"match": None}, "/match"),
        ({}, "/match"),
    ],
)
def test_one_that_is_about_nothing_or_out_of_bounds_is_refused_with_its_place(server: Server, asked: Any, path: str) -> None:
    answer = server.ask("PUT", "/v1/breakers/api-wrong", asked)
    assert answer.status == 422, answer.json
    assert path in [problem["path"] for problem in answer.json["problems"]]
    assert server.get("/v1/breakers/api-wrong").status == 404


@pytest.mark.parametrize(
    ("host", "fix"),
    [
        ("shop.example:8080", "'shop.example'"),
        ("https://Ada@shop.example/orders?a#b", "'shop.example'"),
        ("[::1]:8080", "'::1'"),
        ("[::1", "api.shop.example"),
        ("shop example", "api.shop.example"),
        ("1:2:3", ""),
        ("shop\u0000.example", "api.shop.example"),
        ("shop\u007f.example", "api.shop.example"),
    ],
)
def test_a_host_with_a_port_or_a_url_is_refused_with_the_host_that_is_meant(server: Server, host: str, fix: str) -> None:
    answer = server.ask("PUT", "/v1/breakers/api-wrong", {"match": {"host": host}})
    (problem,) = answer.json["problems"]
    assert (answer.status, problem["path"], problem["rule"]) == (422, "/match/host", "host")
    assert repr(host) in problem["message"]
    assert fix in problem["fix"]


def test_an_address_of_ipv6_is_a_host(server: Server) -> None:
    assert server.ask("PUT", "/v1/breakers/api-six", {"match": {"host": "::1"}}).json["value"]["match"]["host"] == "::1"
    assert server.ask("DELETE", "/v1/breakers/api-six").status == 200


def test_of_one_that_there_is_not_it_says_so(server: Server) -> None:
    for action in ("open", "close"):
        answer = server.ask("POST", f"/v1/breakers/api-none/{action}", {})
        assert (answer.status, answer.json["reason"]) == (404, "unknown_resource")
