"""Errors: every one a problem document with a status, a reason and what one may do."""

from __future__ import annotations

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .conftest import Server

START = "/v1/workflows/hello/executions"


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "reason"),
    [
        ("GET", "/nowhere", None, {}, 404, "not_found"),
        ("PUT", "/v1/executions", None, {}, 405, "method_not_allowed"),
        ("POST", START, b'{"input": {', {}, 400, "json"),
        ("POST", START, b'\xff{"input": {}}', {}, 400, "json"),
        ("POST", START, b"[" * 100_000, {}, 422, "request.invalid"),
        ("POST", "/v1/executions/x/signals/go", b"[" * 100_000, {}, 422, "input.invalid"),
        ("POST", START, b"<xml/>", {"Content-Type": "text/xml"}, 415, "content_type"),
        ("POST", "/v1/workflows", b"<xml/>", {"Content-Type": "text/xml"}, 415, "content_type"),
        ("POST", "/v1/workflows", b'{"name": ', {}, 400, "json"),
        ("POST", "/v1/workflows", b"name: [", {"Content-Type": "application/yaml"}, 422, "definition.invalid"),
        ("POST", START, {"inptu": {}}, {}, 422, "request.invalid"),
        ("POST", START, {"priority": 10, "input": {"name": "a"}}, {}, 422, "request.invalid"),
        ("POST", START, {"start_at": "2026-01-01T00:00:00", "input": {"name": "a"}}, {}, 422, "request.invalid"),
        ("POST", START, {"execution_id": "no spaces", "input": {"name": "a"}}, {}, 422, "bad_id"),
        ("POST", START, {"execution_id": "x"}, {"Idempotency-Key": "k"}, 422, "request.invalid"),
        ("POST", f"{START}?wait=61", {"input": {"name": "a"}}, {}, 422, "request.invalid"),
        ("POST", START, {"input": {"name": 7}}, {}, 422, "input.invalid"),
        ("POST", START, {"input": {"name": "a"}, "variables": {"no": 1}}, {}, 422, "input.invalid"),
        ("POST", "/v1/workflows/nope/executions", {}, {}, 404, "unknown_workflow"),
        ("POST", "/v1/executions/x/signals/%ff", None, {}, 400, "target"),
        ("POST", "/v1/executions/%ed%a0%80/pause", None, {}, 400, "target"),
        ("GET", "/v1/executions?workflow=%C3", None, {}, 400, "target"),
        ("GET", "/v1/executions/100%25", None, {}, 404, "unknown_execution"),
        ("GET", "/v1/executions?cursor=zzz", None, {}, 422, "request.invalid"),
        ("GET", "/v1/executions?cursor=dDUuMC43", None, {}, 422, "request.invalid"),
        ("GET", "/v1/executions?limit=0", None, {}, 422, "request.invalid"),
        ("GET", "/v1/executions?stauts=failed", None, {}, 422, "request.invalid"),
        ("GET", "/v1/workflows?n=1", None, {}, 422, "request.invalid"),
        ("POST", f"{START}?wiat=5", {"input": {"name": "a"}}, {}, 422, "request.invalid"),
        ("POST", "/v1/workflows?active=true", {}, {}, 422, "request.invalid"),
        ("POST", "/v1/executions/x/signals/go?wait=1", None, {}, 422, "request.invalid"),
        ("GET", "/v1/executions?created_after=yesterday", None, {}, 422, "request.invalid"),
        ("POST", "/v1/executions/x/incidents/1/resolve", {"action": "forget"}, {}, 422, "request.invalid"),
        ("POST", "/v1/workflows/hello/activate", {"version": 99}, {}, 404, "unknown_workflow"),
    ],
)  # fmt: skip
def test_a_bad_request_is_answered_by_a_problem(
    server: Server, method: str, path: str, body: Any, headers: dict[str, str], status: int, reason: str
) -> None:
    answer = server.ask(method, path, body, headers)
    assert (answer.status, answer.json["reason"]) == (status, reason), answer.content
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["type"] == f"urn:refold:{reason}"
    assert answer.json["detail"]


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("/v1/executions?stauts=failed&limit=1", "did you mean `status`?"),
        ("/v1/executions/x/history?form=3", "did you mean `from`?"),
        ("/v1/executions/x?minposition=3", "did you mean `min_position`?"),
        ("/v1/executions/x/nodes?zzz", "it has min_position, path, whole"),
        ("/metrics?zzz=1", "it has none"),
    ],
)
def test_an_unknown_parameter_is_named_with_the_one_that_was_meant(server: Server, path: str, fix: str) -> None:
    (problem,) = server.get(path).json["problems"]
    assert (problem["rule"], problem["fix"]) == ("unknown_parameter", fix)


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("OPTIONS", "/v1/workflows", "GET, HEAD, POST"), ("PUT", "/v1/workflows/validate", "GET, HEAD, POST"),
        ("GET", "/v1/executions/x/pause", "POST"), ("HEAD", START, "POST"), ("POST", "/health/live", "GET, HEAD"),
    ],
)  # fmt: skip
def test_a_method_that_a_path_does_not_know_is_told_those_that_it_knows(server: Server, method: str, path: str, known: str) -> None:
    answer = server.ask(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, known)


@pytest.mark.parametrize("path", [START, "/v1/executions/x/signals/go", f"{START}?wait=0.5"])
def test_an_idempotency_key_is_not_given_twice(server: Server, path: str) -> None:
    line = server.connect()
    line.putrequest("POST", path)
    for key in ("first", "second"):
        line.putheader("Idempotency-Key", key)
    line.endheaders()
    answer = line.getresponse()
    (problem,) = json.loads(answer.read())["problems"]
    assert (answer.status, problem["path"], problem["rule"]) == (422, "header/Idempotency-Key", "repeated_parameter")


def test_a_syntax_error_says_its_place(server: Server) -> None:
    answer = server.post(START, b'{\n  "input": {"name" "a"}}')
    assert (answer.json["line"], answer.json["column"]) == (2, 20)


def test_an_invalid_input_is_named_by_json_pointers(server: Server) -> None:
    answer = server.post(START, {"input": {"name": 7}})
    assert [(one["path"], one["rule"]) for one in answer.json["problems"]] == [("/name", "type")]


def test_a_body_that_says_it_is_over_the_limit_is_refused_before_it_is_sent(server: Server) -> None:
    line = server.connect()
    line.putrequest("POST", START)
    line.putheader("Content-Type", "application/json")
    line.putheader("Content-Length", str(16 * 1024 * 1024 + 1))
    line.endheaders()
    assert line.getresponse().status == 413


def test_a_body_that_grows_over_the_limit_is_refused_while_it_comes(server: Server) -> None:
    host, port = server.host.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(
            b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" % START.encode()
        )
        chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        try:
            for _ in range(17):
                line.sendall(chunk)
        except OSError:
            pass  # it had seen enough
        assert line.recv(12) == b"HTTP/1.1 413"


def test_a_body_at_the_limit_is_read(server: Server) -> None:
    text = b'"' + b"x" * (16 * 1024 * 1024 - 2) + b'"'
    assert server.post("/v1/executions/nope/signals/go", text).status == 404


def test_too_many_requests_at_a_time_are_refused_with_a_time_to_come_again(server: Server) -> None:
    limit, extra = 2_000, 20
    lines: list[http.client.HTTPConnection] = []
    body = b'{"input": {"order": 1}}'
    head = {"Content-Type": "application/json"}
    for _ in range(limit + extra):
        line = server.connect()
        line.request("POST", "/v1/workflows/waits/executions?wait=60", body, head)
        lines.append(line)
    refused = 0
    line = server.connect()
    while not refused:
        line.request("GET", "/v1/workflows")
        answer = line.getresponse()
        answer.read()
        if answer.status == 429:
            assert answer.getheader("Retry-After") == "1"
            refused += 1
    assert server.get("/health/live").status == 200
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: one.close(), lines))
    while server.get("/v1/workflows").status == 429:
        pass


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/v1/executions?limit=many", "found 'many'"),
        ("/v1/executions?limit=501", "found '501'"),
        ("/v1/executions?status=asleep", "found 'asleep'"),
        ("/v1/executions/x/state?at=" + "9" * 300, "found '999"),
    ],
)
def test_a_parameter_that_does_not_fit_says_what_was_found(server: Server, path: str, found: str) -> None:
    answer = server.get(path)
    assert answer.status == 422
    assert found in answer.json["detail"]
    assert found in answer.json["problems"][0]["message"]
    assert len(answer.json["detail"]) < 400


@pytest.mark.parametrize("path", ["poll", "results"])
@pytest.mark.parametrize(
    ("body", "headers", "status", "reason"),
    [
        (b"{", {}, 400, "message.invalid"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "content_type"),
        (b'{"protocol": 7, "worker": "w"}', {}, 426, "protocol"),
    ],
)
def test_a_message_of_a_worker_is_refused_like_anything_else(
    server: Server, path: str, body: bytes, headers: dict[str, str], status: int, reason: str
) -> None:
    answer = server.ask("POST", f"/v1/worker/{path}", body, headers)
    assert (answer.status, answer.json["reason"], answer.json["type"]) == (status, reason, f"urn:refold:{reason}")
    assert answer.json["detail"]
