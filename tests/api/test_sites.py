"""Which sites may ask: names of this server, and pages of its own."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from api.sites import KNOWN_MAX, Sites

from .conftest import WAITS, Server

LOCAL, ANYWHERE = Sites("127.0.0.1"), Sites("0.0.0.0")
NAMED = Sites("0.0.0.0", ("refold.example", "*.inside.example", "[2001:db8::7]"))
ALL = Sites("127.0.0.1", ("*",))


@pytest.mark.parametrize(
    ("sites", "host", "is_ours"),
    [
        (LOCAL, "localhost", True), (LOCAL, "localhost:8080", True), (LOCAL, "127.0.0.1:8080", True), (LOCAL, "127.7.7.7", True),
        (LOCAL, "[::1]:8080", True), (LOCAL, "LOCALHOST.", True), (LOCAL, "app.localhost:3000", True),
        (LOCAL, "10.0.0.7:8080", False), (LOCAL, "evil.example", False), (LOCAL, "localhost.evil.example", False),
        (LOCAL, "evil-localhost", False), (LOCAL, "127.0.0.1.evil.example", False), (LOCAL, "0x7f000001", False),
        (LOCAL, "", False), (LOCAL, "evil.example:", False), (LOCAL, "a@localhost", False), (LOCAL, "localhost/evil", False),
        (LOCAL, "localhost:99999999", False), (LOCAL, "localhost evil.example", False), (LOCAL, "[::1", False), (LOCAL, "b\xfccher", False),
        (ANYWHERE, "10.0.0.7:8080", True), (ANYWHERE, "[2001:db8::1]", True), (ANYWHERE, "evil.example", False),
        (Sites("10.0.0.7"), "10.0.0.7", True), (Sites("10.0.0.7"), "10.0.0.8", False), (Sites("::"), "10.0.0.8", True),
        (Sites("box.lan"), "box.lan:8080", True), (Sites("::1"), "[::1]", True),
        (NAMED, "refold.example:443", True), (NAMED, "x.refold.example", False), (NAMED, "a.b.inside.example", True),
        (NAMED, "inside.example", False), (NAMED, "evilinside.example", False), (NAMED, "[2001:DB8::7]:80", True),
        (ALL, "evil.example", True), (ALL, "", True),
    ],
)  # fmt: skip
def test_a_host_is_a_loopback_name_the_bound_address_or_one_that_was_given(sites: Sites, host: str, is_ours: bool) -> None:
    for _ in range(2):  # what is remembered is the same
        assert sites.is_ours(host.encode("latin-1")) is is_ours


@pytest.mark.parametrize(
    ("sites", "host", "origin", "is_taken"),
    [
        (LOCAL, "localhost:8080", "http://localhost:8080", True), (LOCAL, "localhost", "http://localhost", True),
        (LOCAL, "localhost", "http://localhost:80", True), (LOCAL, "localhost:443", "https://localhost", True),
        (LOCAL, "localhost:8080", "http://localhost:3000", False), (LOCAL, "localhost:8080", "http://127.0.0.1:8080", False),
        (LOCAL, "localhost:8080", "null", False), (LOCAL, "localhost:8080", "", False), (LOCAL, "localhost:8080", "localhost:8080", False),
        (LOCAL, "localhost:8080", "file://localhost:8080", False), (LOCAL, "localhost:8080", "https://evil.example", False),
        (LOCAL, "localhost:8080", "http://localhost:8080@evil.example", False), (ANYWHERE, "10.0.0.7:8080", "http://10.0.0.9:8080", False),
        (NAMED, "refold.example", "https://refold.example", True), (NAMED, "127.0.0.1:8080", "https://refold.example", True),
        (NAMED, "refold.example", "https://ui.inside.example:8443", True), (NAMED, "refold.example", "https://evil.example", False),
        (ALL, "anything", "https://evil.example", True), (LOCAL, "localhost", "http://[half", False),
        (LOCAL, "localhost", "http://[a]b", False),
    ],
)  # fmt: skip
def test_an_origin_is_the_site_that_is_asked_or_one_that_was_given(sites: Sites, host: str, origin: str, is_taken: bool) -> None:
    refused = sites.refusal([(b"host", host.encode()), (b"origin", origin.encode())])
    assert (None if refused is None else refused.status_code) == (None if is_taken else 403)


@pytest.mark.parametrize("hosts", [[], [b"localhost", b"localhost"]])
def test_a_request_has_one_host(hosts: list[bytes]) -> None:
    refused = LOCAL.refusal([(b"host", host) for host in hosts])
    assert refused is not None
    assert (refused.status_code, json.loads(bytes(refused.body))["reason"]) == (400, "host")


def test_no_more_than_so_many_hosts_are_remembered() -> None:
    sites = Sites("0.0.0.0")
    for number in range(2 * KNOWN_MAX):
        assert sites.is_ours(b"localhost:%d" % number)
    assert len(sites.known) == KNOWN_MAX


BROWSER = [
    ("GET", "/v1/workflows", None), ("GET", "/v1/executions", None), ("GET", "/metrics", None), ("GET", "/openapi.json", None),
    ("GET", "/v1/cluster", None), ("GET", "/v1/workers", None), ("GET", "/nowhere", None), ("OPTIONS", "/v1/workflows", None),
    ("POST", "/v1/executions/x/terminate", None), ("POST", "/v1/executions/x/resume", None), ("POST", "/v1/workflows/waits/archive", None),
    ("POST", "/v1/workflows/waits/executions", None), ("POST", "/v1/executions/x/signals/go", None),
    ("POST", "/v1/workflows", b"name: x"), ("POST", "/v1/worker/poll", b"{}"), ("POST", "/v1/worker/results", b"{}"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), BROWSER)
@pytest.mark.parametrize(
    ("headers", "status", "reason", "way_out"),
    [
        ({"Origin": "https://evil.example"}, 403, "foreign_origin", "REFOLD_HOSTS=evil.example"),
        ({"Host": "evil.example:8080"}, 421, "foreign_host", "REFOLD_HOSTS=evil.example"),
    ],
)
def test_a_page_of_another_site_is_refused_wherever_it_asks(
    server: Server, method: str, path: str, body: bytes | None, headers: dict[str, str], status: int, reason: str, way_out: str
) -> None:
    answer = server.ask(method, path, body, headers)
    assert (answer.status, answer.json["reason"]) == (status, reason)
    assert way_out in answer.json["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert "access-control-allow-origin" not in answer.headers


def test_health_is_told_to_whoever_looks_after_the_server(server: Server) -> None:
    assert server.ask("GET", "/health/ready", None, {"Host": "balancer.example"}).status == 200


def test_a_server_is_asked_by_the_names_that_it_was_given(serve: Callable[..., Server]) -> None:
    server = serve(server={"hosts": "refold.example,*.inside.example"})
    server.publish(WAITS)
    for host in ("refold.example", "engines.inside.example:8080", "localhost"):
        assert server.post("/v1/workflows/waits/executions", {}, Host=host).status == 201
    assert server.post("/v1/workflows/waits/executions", {}, Host="127.0.0.1:1", Origin="https://refold.example").status == 201
    assert server.post("/v1/workflows/waits/executions", {}, Host="other.example").status == 421
