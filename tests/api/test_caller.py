"""Who asks over HTTP: the correlation id comes with the request or is made, stands in the history, and is answered."""

from __future__ import annotations

import re

import pytest

from api.caller import caller_of
from contracts.caller import ANONYMOUS

from .conftest import Server

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"
MADE = re.compile(r"[0-9a-f]{32}")


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"traceparent": PARENT}, TRACE),
        ({"traceparent": PARENT, "x-request-id": "mine"}, TRACE),
        ({"traceparent": f"cc-{TRACE}-{SPAN}-01-more"}, TRACE),
        ({"x-request-id": "order/7#a:b"}, "order/7#a:b"),
        ({"x-request-id": "x" * 128}, "x" * 128),
        ({"traceparent": f"00-{'0' * 32}-{SPAN}-01", "x-request-id": "mine"}, "mine"),
        ({"traceparent": f"00-{TRACE}-{'0' * 16}-01", "x-request-id": "mine"}, "mine"),
        ({"traceparent": f"ff-{TRACE}-{SPAN}-01", "x-request-id": "mine"}, "mine"),
        ({"traceparent": f"00-{TRACE}-{SPAN}-01-more", "x-request-id": "mine"}, "mine"),
        ({"traceparent": PARENT.upper(), "x-request-id": "mine"}, "mine"),
        ({"traceparent": PARENT + "\n", "x-request-id": "mine"}, "mine"),
    ],
)
def test_the_correlation_id_is_the_trace_id_else_the_id_of_the_request(headers: dict[str, str], found: str) -> None:
    caller = caller_of([(name.encode(), value.encode()) for name, value in headers.items()])
    assert caller == (ANONYMOUS, found)
    assert caller.span == (SPAN if found == TRACE else "")


@pytest.mark.parametrize("value", [b"", b" ", b"a b", b"x" * 129, b"\xc3\xa9", b"a\x00b", b"a\n"])
def test_an_id_that_is_no_id_is_replaced_by_one_that_is_made(value: bytes) -> None:
    assert MADE.fullmatch(caller_of([(b"x-request-id", value)]).correlation)


def test_each_request_without_one_has_an_id_of_its_own() -> None:
    assert len({caller_of([]).correlation for _ in range(1_000)}) == 1_000


def test_an_answer_says_the_id_and_the_history_says_who_asked(server: Server) -> None:
    begun = server.post("/v1/workflows/waits/executions", {"execution_id": "asked"}, traceparent=PARENT)
    paused = server.post("/v1/executions/asked/pause", X_Request_Id="pause-1")
    signalled = server.post("/v1/executions/asked/signals/other", 1)
    assert [answer.headers["x-request-id"] for answer in (begun, paused)] == [TRACE, "pause-1"]
    made = signalled.headers["x-request-id"]
    assert MADE.fullmatch(made)
    events = server.get("/v1/executions/asked/history").json["events"]
    assert list(dict.fromkeys((event["actor"], event["correlation_id"]) for event in events)) == [
        ("anonymous", TRACE), ("anonymous", "pause-1"), ("anonymous", made),
    ]  # fmt: skip
    assert server.get("/v1/executions/asked/state").json["correlation_id"] == TRACE


def test_one_of_a_batch_says_who_asked_for_the_batch(server: Server) -> None:
    answer = server.post("/v1/workflows/hello/executions/batch", {"executions": [{"input": {"name": "Ada"}}]}, X_Request_Id="many")
    name = answer.json["executions"][0]["execution"]["execution_id"]
    events = server.get(f"/v1/executions/{name}/history").json["events"]
    assert {(event["actor"], event["correlation_id"]) for event in events} == {("anonymous", "many")}


@pytest.mark.parametrize("path", ["/v1/executions/nobody", "/v1/nowhere", "/health/live", "/v1/workflows?x=1"])
def test_a_refusal_says_the_id_as_well(server: Server, path: str) -> None:
    assert server.ask("GET", path, headers={"X-Request-Id": "mine"}).headers["x-request-id"] == "mine"
