"""The records of workers on Kafka: nothing gets lost in them, and what is none is refused by what is wrong with it."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from contracts.commands import Caching, CancelActivity, Limits, RunActivity
from contracts.ids import activity_key
from contracts.trace import traceparent
from contracts.worker_protocol import BadMessage, Result, ResultError, WrongProtocol
from contracts.worker_topics import (
    attempt_of,
    decode_cancellation,
    decode_result,
    decode_task,
    encode_cancellation,
    encode_result,
    encode_task,
    task_topic,
    topic_part,
)

JSON = st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda inner: st.lists(inner, max_size=3)).map(
    msgspec.json.encode
)
MS = st.none() | st.integers(1, 10**12)
ACTIVITIES = st.builds(
    RunActivity,
    execution=st.text("ab~:", min_size=1),
    path=st.text("ab/[]#@", min_size=1),
    attempt=st.integers(1, 10**6),
    kind=st.text(min_size=1, max_size=20),
    config=JSON,
    input=JSON,
    workflow=st.text(max_size=20),
    limits=st.builds(Limits, MS, MS, st.booleans()),
    caching=st.none() | st.builds(Caching, st.integers(1, 10**12), st.none() | JSON),
    queue=st.text(min_size=1, max_size=20),
    priority=st.integers(0, 9),
    correlation=st.text(max_size=20),
)


@given(ACTIVITIES)
def test_a_task_record_says_all_that_the_command_says(activity: RunActivity) -> None:
    assert decode_task(encode_task(activity, activity.config, activity.input)) == activity


def test_a_task_record_is_json_with_its_values_inline() -> None:
    activity = RunActivity(
        "e", "a/b", 2, "charge", b"@sha256:cfg", b"@sha256:inp", "w", Limits(1, 2, True), Caching(5, b'"k"'), "gpu", 7, "request-1"
    )
    assert json.loads(encode_task(activity, b'{"c":1}', b"[1]", 9)) == {
        "protocol": 1,
        "task": "e/a/b@2",
        "execution": "e",
        "workflow": "w",
        "path": "a/b",
        "attempt": 2,
        "kind": "charge",
        "queue": "gpu",
        "config": {"c": 1},
        "input": [1],
        "idempotency_key": "e/a/b",
        "timeout_ms": 1,
        "heartbeat_ms": 2,
        "priority": 7,
        "report_start": True,
        "cache": {"ttl_ms": 5, "key": "k"},
        "sequence": 9,
        "correlation_id": "request-1",
        "traceparent": traceparent("request-1", "e", "a/b", 2),
    }


@pytest.mark.parametrize(
    "result",
    [
        Result(task="e/n@1", output=Raw(b'{"x": [1,  2]}')),
        Result(task="e/n@1", output=Raw(b"null")),
        Result(task="e/n@1", error=ResultError(type="boom", message="it broke", details={"at": 1}, retryable=False)),
        Result(task="e/n@1", progress=0.5, detail=Raw(b'"half"')),
        Result(task="e/n@1", progress=None),
        Result(task="e/n@1", started=True),
    ],
)
def test_a_result_comes_back_with_the_name_of_its_worker(result: Result) -> None:
    content = encode_result("w-1", result)
    found = decode_result(content)
    assert found.worker == "w-1"
    assert {name: getattr(found, name) for name in Result.__struct_fields__} == msgspec.structs.asdict(result)
    assert content.startswith(b"{"), "a command of the engine is no JSON: the first byte tells them apart"


def test_a_sign_of_life_is_written_as_the_protocol_says() -> None:
    assert json.loads(encode_result("w", Result(task="e/n@1", progress=None))) == {
        "protocol": 1,
        "worker": "w",
        "task": "e/n@1",
        "progress": None,
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Input data was truncated"),
        (b'{"protocol":1,"task":"e/n@1","output":1}', "missing required field `worker`"),
        (b'{"protocol":1,"worker":"w","output":}', "missing required field `task`"),
        (b'{"protocol":1,"worker":"w","task":"e/n@1","progress":2}', r"`\$.progress`"),
        (b"[" * 100_000, "Expected `object`, got `array`"),
        (b'{"protocol":1,"worker":"w","task":"e/n@1","output":' + b"[" * 100_000, "(?i)recursion"),
    ],
)
def test_a_result_that_is_none_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(BadMessage, match=said):
        decode_result(content)


@pytest.mark.parametrize(
    "end", [b'"output":}', b'"output":"\xff"}', b'"error":{"type":1}}', b'"output":' + b"[" * 100_000 + b"]" * 100_000 + b"}"]
)
def test_an_end_that_cannot_be_read_is_the_failure_of_its_task(end: bytes) -> None:
    result = decode_result(b'{"protocol":1,"worker":"w","task":"e/n@1",' + end)
    assert (result.task, result.worker) == ("e/n@1", "w")
    assert isinstance(result.error, ResultError)
    assert (result.error.type, result.error.retryable) == ("result.invalid", False)


def test_another_version_of_the_protocol_is_named() -> None:
    with pytest.raises(WrongProtocol, match="speaks version 2 of the protocol, which is newer"):
        decode_result(b'{"protocol":2,"what":"ever"}')
    with pytest.raises(WrongProtocol):
        decode_task(b'{"protocol":2}')
    with pytest.raises(BadMessage, match="missing required field"):
        decode_task(b'{"protocol":1}')


@given(st.text("ab~:", min_size=1), st.text("ab/[]#@", min_size=1), st.integers(0, 10**6))
def test_a_task_names_execution_path_and_attempt(execution: str, path: str, attempt: int) -> None:
    assert attempt_of(activity_key(execution, path, attempt)) == (execution, path, attempt)


@pytest.mark.parametrize("task", ["", "e", "e/n", "e/n@", "e/@1", "/n@1", "e/n@x", "e/n@-1", "e/n@²"])
def test_what_is_no_task_is_refused(task: str) -> None:
    with pytest.raises(BadMessage, match="EXECUTION/PATH@ATTEMPT"):
        attempt_of(task)


def test_a_cancellation_comes_back() -> None:
    cancelled = CancelActivity("e", "", 0)
    assert encode_cancellation(cancelled, 7) == b'{"execution":"e","path":"","attempt":0,"sequence":7}'
    said = decode_cancellation(encode_cancellation(cancelled, 7))
    assert (CancelActivity(said.execution, said.path, said.attempt), said.sequence) == (cancelled, 7)
    with pytest.raises(BadMessage, match="missing required field `path`"):
        decode_cancellation(b'{"execution":"e"}')


@pytest.mark.parametrize(
    ("queue", "kind", "priority", "topic"),
    [
        ("default", "charge", 5, "activities.default.charge"),
        ("default", "charge", 4, "activities.default.charge"),
        ("default", "charge", 7, "activities.default.charge.high"),
        ("default", "charge", 3, "activities.default.charge.low"),
        ("my queue", "a.b", 9, "activities.my-queue-ab921efd.a-b-2e7336dc.high"),
    ],
)
def test_a_topic_for_each_queue_kind_and_level(queue: str, kind: str, priority: int, topic: str) -> None:
    assert task_topic(queue, kind, priority) == topic


@given(st.text(min_size=1, max_size=50), st.text(min_size=1, max_size=50))
def test_names_that_differ_have_topics_that_differ(one: str, other: str) -> None:
    part = topic_part(one)
    assert set(part) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    assert (part == topic_part(other)) == (one == other)
