"""What a worker makes of failures that are hard to tell: they are the failure of their own task, and of no other."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.request
from typing import Any

import pytest

import refold
from tests.protocol.host import Host
from tests.sdk.working import working


class Unspeakable(Exception):
    """An exception about which nothing can be learned."""

    def __str__(self) -> str:
        raise RuntimeError("no words")

    def __repr__(self) -> str:
        raise RuntimeError("no words")

    @property
    def error_type(self) -> str:
        raise RuntimeError("no type")

    @property
    def details(self) -> Any:
        raise RuntimeError("no details")

    @property
    def retryable(self) -> Any:
        raise RuntimeError("who knows")


class Odd(Exception):
    """An exception whose parts are of the wrong kinds."""

    error_type = 42
    retryable = "no"
    details = frozenset({1, "half \ud83d"})


ODD = [
    Unspeakable(),
    Odd("half \ud83d"),
    KeyboardInterrupt(),
    SystemExit(3),
    GeneratorExit(),
    refold.ActivityError("", "", details=10**400),
]


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("is_async", [False, True])
def test_an_error_of_any_kind_is_the_failure_of_its_task_and_ends_nothing_else(host: Host, error: BaseException, is_async: bool) -> None:
    def break_down(given: Any) -> None:
        raise error

    async def break_down_async(given: Any) -> None:
        raise error

    activities = [
        refold.activity(name="break_down")(break_down_async if is_async else break_down),
        refold.activity(name="echo")(lambda given: given),
    ]
    with working(host, *activities, concurrency=1):
        failures = [host.end_of(host.run("break_down")).failure for _ in range(3)]  # more than there are threads
        assert host.output_of(host.run("echo", 7)) == 7
    assert all(failure is not None and failure.type and failure.message for failure in failures)
    assert {failure.type for failure in failures if failure} <= {type(error).__name__, "42", "ActivityError"}


@pytest.mark.parametrize("is_async", [False, True])
def test_an_activity_that_stops_as_if_it_were_cancelled_has_failed_and_is_not_tried_again(host: Host, is_async: bool) -> None:
    def give_up(given: Any) -> None:
        raise refold.Cancelled

    async def give_up_async(given: Any) -> None:
        raise refold.Cancelled

    with working(host, refold.activity(name="give_up")(give_up_async if is_async else give_up)):
        end = host.end_of(host.run("give_up"))
    assert end.failure is not None
    assert (end.failure.type, end.failure.message) == ("cancelled", "the activity stopped by itself as if it were cancelled")


def test_a_wake_that_raises_ends_no_worker(host: Host) -> None:
    begun, stopped = threading.Event(), threading.Event()

    @refold.activity
    def hang(context: refold.ActivityContext) -> None:
        context.on_cancel(lambda: 1 / 0)
        context.on_cancel(stopped.set)
        begun.set()
        stopped.wait(20)

    with working(host, hang, refold.activity(name="echo")(lambda given: given)):
        execution = host.run("hang")
        assert begun.wait(10)
        host.cancel(execution)
        assert stopped.wait(10)
        assert host.output_of(host.run("echo", 7)) == 7


@pytest.mark.parametrize("odd", [10**400, "half \ud83d", {"deep": "\udc00"}, float("nan"), float("inf"), {1: 2}, {(1, 2): 3}, 2**64])
def test_an_output_that_is_odd_arrives_or_is_the_failure_of_its_task(host: Host, odd: Any) -> None:
    gate = host.gates["results"] = asyncio.Event()
    with working(host, refold.activity(name="give")(lambda given: odd if given == "odd" else given)):
        executions = [host.run("give", given) for given in ("first", "odd", "last")]
        host.call(gate.set)
        assert [host.output_of(executions[place]) for place in (0, 2)] == ["first", "last"]
        end = host.end_of(executions[1])
    assert end.status == "completed" or (end.failure is not None and end.failure.type == "output.invalid")


# A worker in another language says what it likes.

UNREADABLE = {
    "half a character": r'{"task":TASK,"output":"\ud83d"}',
    "no JSON": '{"task":TASK,"output":nope}',
    "a type that is no text": '{"task":TASK,"error":{"type":42}}',
    "an error that is no object": '{"error":"no","task":TASK}',
    "nested deep": '{"task":TASK,"output":' + "[" * 3_000 + "]" * 3_000 + "}",
    "half a character in its details": r'{"task":TASK,"error":{"type":"x","details":{"task":"E/n@1","a":"\udc00"}}}',
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_result_that_cannot_be_read_is_the_failure_of_its_task_and_its_mates_land(host: Host, case: str) -> None:
    unreadable = UNREADABLE[case]
    executions = [host.run("pay", number) for number in range(3)]
    poll = {"protocol": 1, "worker": "odd", "kinds": ["pay"], "wait_s": 10}
    first, odd, last = sorted(one["task"] for one in post(host, "poll", json.dumps(poll).encode())["tasks"])
    good = [json.dumps({"task": task, "output": {"text": 'a " ] } , b'}}) for task in (first, last)]
    results = ",".join([good[0], unreadable.replace("TASK", json.dumps(odd)), good[1]])
    receipt = post(host, "results", f'{{"protocol":1,"worker":"odd", "results" : [{results}]}}'.encode())
    assert (sorted(receipt["accepted"]), receipt["rejected"]) == ([first, odd, last], [])
    failures = {execution: host.end_of(execution).failure for execution in executions}
    (failure,) = [failure for failure in failures.values() if failure is not None]
    kind, said = ("output.invalid", "nested at most 200 deep") if case == "nested deep" else ("result.invalid", "cannot be read")
    assert (failure.type, said in failure.message) == (kind, True)


def test_a_result_that_names_no_task_is_rejected_and_its_mates_land(host: Host) -> None:
    execution = host.run("pay")
    poll = {"protocol": 1, "worker": "odd", "kinds": ["pay"], "wait_s": 10}
    (task,) = [one["task"] for one in post(host, "poll", json.dumps(poll).encode())["tasks"]]
    told = [17, {"output": 1}, {"task": "", "output": 1}, {"task": task, "progress": 7}, {"task": task, "output": 1}]
    body = json.dumps({"protocol": 1, "worker": "odd", "results": told})
    receipt = post(host, "results", body.encode())
    assert receipt["accepted"] == [task]
    assert [refusal["task"] for refusal in receipt["rejected"]] == ["", "", "", task]
    assert host.output_of(execution) == 1


def test_a_message_that_is_wrong_as_a_whole_is_still_refused(host: Host) -> None:
    for body in (
        b'{"protocol":1,"results":[]}',
        b'{"protocol":1,"worker":"w","results":7}',
        b'{"protocol":1,"worker":"w","results":[{]}',
        b"[",
    ):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            post(host, "results", body)


def post(host: Host, place: str, body: bytes) -> Any:
    request = urllib.request.Request(f"{host.url}/v1/worker/{place}", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())
